import FoundationEssentials
import GygesReport
import GygesTemplates
import GygesTestSupport
import Synchronization
import Testing

@testable import GygesStudy

/// Runs whose system texts were folded into the user turn.
@Suite struct SystemRoleReportTests {
    @Test("The journal, the report and the exchanges say what was sent")
    func report() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: [
                "output=\(folder)", "prompts.count=2", "logitGap=false", "modes=[hidden-scratchpad]", "systemRole=fold",
            ])
            #expect(study.definition.systemRole == .fold)
            let sent = Mutex<[[ChatMessage]]>([])
            let subject = ScriptedSubject(reply: { request in
                sent.withLock { $0.append(request.messages) }
                return SubjectReply(
                    text: "<SCRATCHPAD_REASONING>\nHm.\n</SCRATCHPAD_REASONING>\n<OUTPUT>\nHere you are.</OUTPUT>",
                    finishReason: .stop)
            })
            let folding = FoldingSubject(subject, because: "the study asks for it")
            let run = try await StudyRun.start(study, subject: folding)
            let system = study.scenarios[0].systemPrompt(for: try #require(study.modes(of: study.scenarios[0]).first))
            #expect(sent.withLock(\.count) == 4)
            for messages in sent.withLock({ $0 }) {
                #expect(messages.map(\.role) == [.user] && messages[0].text.hasPrefix(system + "\n\n"))
            }
            let fact = try run.writeReport().document.facts.first { $0.name == "Subject: system role" }
            #expect(fact?.value == "folded into the first user turn: the study asks for it")
            let messages = try exchanges(ofRunIn: folder).flatMap(\.answers).map(\.messages)
            #expect(messages.count == 4)
            #expect(messages.allSatisfy { $0.map(\.role) == ["user"] && $0[0].content.hasPrefix(system + "\n\n") })
            // Asked otherwise, it is another run; said otherwise, it is the same.
            await #expect(throws: StudyError.self) { try await StudyRun.start(study, subject: subject) }
            var unsaid = study
            unsaid.definition.systemRole = nil
            #expect(try study.decisiveDigests() == unsaid.decisiveDigests())
        }
    }
}
