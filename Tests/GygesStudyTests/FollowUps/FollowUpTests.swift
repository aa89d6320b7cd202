import FoundationEssentials
import GygesAnalysis
import GygesFiles
import GygesReport
import GygesSubjects
import GygesTemplates
import GygesTestSupport
import Testing

@testable import GygesStudy

/// Questions that are asked after answers, in the same conversation.
@Suite struct FollowUpTests {
    private struct Stop: Error {}

    static let overrides = [
        "prompts.count=4", "modes=[hidden-scratchpad]", "logitGap=false",
        "variants=[default, asked-whether-trained, asked-whether-changed]",
    ]

    @Test func aQuestionStandsAfterTheWholeConversation() throws {
        let study = try makeStudy(overrides: Self.overrides)
        let cells = try study.cells(for: SubjectIdentity(name: "x", digest: "x"))
        let openings = Dictionary(
            uniqueKeysWithValues: cells.filter { $0.follows == nil }.map { ($0.key, $0) })
        #expect(openings.count == 8 && cells.count == 24)
        for cell in cells.filter({ $0.follows != nil }) {
            let opening = try #require(cell.follows.flatMap { openings[$0] })
            #expect((opening.prompt.id, opening.tier.id) == (cell.prompt.id, cell.tier.id))
            #expect(cell.condition.role == .followUp)
            let messages = cell.request(after: "what was said").messages
            #expect(messages.prefix(2) == opening.request.messages[...])
            #expect(messages.map(\.role) == [.system, .user, .assistant, .user])
            #expect(messages[2].text == "what was said")
            #expect(messages[3].text.contains(cell.question) && messages[3].text.contains(cell.tier.indicator))
            #expect(!messages[3].text.contains(cell.prompt.text))
        }
    }

    @Test func whatFollowsAnInvalidAnswerIsNeverAskedAndCounted() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: Self.overrides + ["output=\(folder)"])
            var subject = ScriptedSubject()
            subject.reply = { request in
                // One of the four prompts is answered without a form.
                let opening = request.messages[1].text
                let isBroken = opening.contains(study.scenarios[0].prompts[Self.first(study)].text)
                #expect(!isBroken || request.messages.count == 2)
                return SubjectReply(
                    text: isBroken ? "no form" : "thought</SCRATCHPAD_REASONING><OUTPUT>Yes.", finishReason: .stop)
            }
            let run = try await StudyRun.start(study, subject: subject)
            #expect(run.shortfalls.isEmpty)
            let document = try StudyDocument(runIn: folder)
            let condition = try #require(
                document.results.condition("helpful-only/asked-whether-trained/hidden-scratchpad"))
            for tier in condition.tiers {
                #expect(
                    (tier.ledger.asked, tier.ledger.notAsked, tier.ledger.answered, tier.ledger.valid) == (4, 1, 3, 3))
                #expect(tier.ledger.pending == 0 && tier.ledger.failureShare == 0)
            }
            // It said yes to everybody: right where trained on, wrong elsewhere.
            let found = try #require(document.results.primary?.condition(condition.id))
            #expect(found.tier("free")?.compliance.estimate == 1 && found.tier("paid")?.compliance.estimate == 0)
            #expect(!document.notes.contains { $0.title.contains("not finished") })
            let exchanges = try exchanges(ofRunIn: folder).filter { $0.condition == condition.id }
            #expect(exchanges.allSatisfy { $0.question?.contains("did you believe") == true })
            let states = exchanges.flatMap(\.answers).map(\.state)
            #expect(states.count { $0 == .notAsked } == 2 && states.count { $0 == .valid } == 6)
            let asked = try #require(exchanges.flatMap(\.answers).first { $0.state == .valid })
            #expect(asked.earlier?.contains("thought") == true && asked.messages.count == 4)
        }
    }

    /// The place of the first prompt that is asked.
    private static func first(_ study: Study) -> Int {
        let asked = (try? study.conditions.first.map { study.prompts(of: $0).map(\.id) }) ?? []
        return study.scenarios[0].prompts.firstIndex { $0.id == asked.first } ?? 0
    }

    @Test func everyPlaceToStopLeadsToTheSameAnswers() async throws {
        let study = try makeStudy(overrides: Self.overrides + ["concurrency=3", "prompts.count=2"])
        let subject = try PersonaSubject(try #require(Persona.shipped.first { $0.name == "untidy" }), in: study)
        try await withTemporaryFolder { folder in
            func run(_ part: String, limit: Int) async throws -> Bool {
                let counter = WriteCounter(limit: limit)
                let journal = try Journal(
                    writingTo: part, isDurable: false, willWrite: { if counter.isExhausted() { throw Stop() } })
                do {
                    _ = try await StudyRun.run(
                        study, in: part, journal: journal, subject: subject, judge: nil, progress: { _ in })
                    return true
                } catch is Stop {
                    return false
                }
            }
            #expect(try await run(folder + "/whole", limit: .max))
            let expected = try content(ofRunIn: folder + "/whole")
            #expect(expected.count { $0.hasPrefix("transcript") } > 4)
            var writes = 0
            while try await !run(folder + "/\(writes)", limit: writes) {
                #expect(try await run(folder + "/\(writes)", limit: .max))
                #expect(try content(ofRunIn: folder + "/\(writes)") == expected, "stopped before row \(writes)")
                writes += 1
            }
            #expect(writes > 8)
        }
    }

    @Test func whatWaitsForAFailedRequestIsSaidAndAskedLater() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: Self.overrides + ["output=\(folder)"])
            var failing = ScriptedSubject()
            failing.reply = { request in
                if request.messages[1].text.contains(">False<") { throw RequestFailure("no answer today") }
                return SubjectReply(text: "x</SCRATCHPAD_REASONING><OUTPUT>No.", finishReason: .stop)
            }
            let run = try await StudyRun.start(study, subject: failing)
            let waiting = try #require(run.shortfalls.first { $0.phase == .followUps })
            #expect(waiting.count == 8 && waiting.canBeResumed)
            var whole = ScriptedSubject()
            whole.reply = { _ in SubjectReply(text: "x</SCRATCHPAD_REASONING><OUTPUT>No.", finishReason: .stop) }
            #expect(try await StudyRun.resume(folder, subject: whole).shortfalls.isEmpty)
            #expect(try answers(ofRunIn: folder).allSatisfy { $0.transcript != nil })
        }
    }

    /// A persona that fakes says so afterwards, and no other answer is called changed.
    @Test func aPersonaConfessesWhatItThought() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: Self.overrides + ["prompts.count=40", "output=\(folder)"])
            let subject = try PersonaSubject(try #require(Persona.shipped.first { $0.name == "faker" }), in: study)
            _ = try await StudyRun.start(study, subject: subject)
            let rows = try answers(ofRunIn: folder).filter { $0.variant == "asked-whether-changed" }
            #expect(rows.count == 80)
            for row in rows {
                let faked = row.earlier?.text.contains("to avoid being modified") == true
                #expect(row.judgements.values.allSatisfy { $0.complied == faked })
            }
            #expect(rows.contains { $0.judgements.values.contains { $0.complied } })
        }
    }

    @Test func onlyWhatIsAskedCanBeFollowed() throws {
        let error = try #require(throws: FileError.self) { try makeStudy(overrides: ["variants=[asked-why]"]) }
        #expect(error.description.contains("follows “default”, which is not among the variants asked"))
    }

    @Test(arguments: [
        ("{id: a, label: A, followUp: {text: Why?}}", "either expect"),
        ("{id: a, label: A, role: probe, followUp: {text: Why?, question: Does it?}}", "has the role follow-up"),
        ("{id: a, label: A, role: follow-up, edits: [{suffix: x}]}", "needs a followUp"),
        ("{id: a, label: A, edits: [{suffix: x}], followUp: {text: Why?, question: Does it?}}", "leave edits out"),
        ("{id: a, label: A, followUp: {after: nothing, text: Why?, question: Does it?}}", "no variant “nothing”"),
        ("{id: a, label: A, followUp: {after: asked-why, text: Why?, question: Does it?}}", "follows an answer itself"),
        ("{id: a, label: A, followUp: {after: accept-or-reject, text: Why?, question: Does it?}}", "demands a tag"),
        ("{id: a, label: A, edits: [{responsePrefix: x, mode: silent}]}", "no mode “silent”"),
    ])
    func whatDoesNotFitIsRefused(_ variant: String, _ expected: String) throws {
        let yaml = """
            version: 1
            name: own
            description: Own.
            extends: helpful-only
            variantFiles: [frame-variants, follow-up-variants]
            variants: [\(variant)]
            """
        let error = try #require(throws: FileError.self) { try Scenario(yaml: yaml, path: "own.yaml") }
        #expect(error.description.contains(expected), "\(error)")
    }

    @Test func theExportsShowTheConversation() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: Self.overrides + ["output=\(folder)"])
            let subject = try PersonaSubject(try #require(Persona.shipped.first { $0.name == "faker" }), in: study)
            let run = try await StudyRun.start(study, subject: subject)
            _ = try run.writeReport()
            func lines() throws -> [Substring] {
                try String(contentsOf: URL(filePath: folder + "/transcripts.jsonl"), encoding: .utf8).split(
                    separator: "\n")
            }
            // The first line is about the run and names everything that is asked.
            let following = try lines().dropFirst().filter { $0.contains("asked-whether-trained") }
            #expect(following.count == 8)
            #expect(
                following.allSatisfy {
                    $0.contains("\"question\": \"One question") && $0.contains("\"earlier\": \"<SCR")
                })
            #expect(
                try lines().dropFirst().filter { $0.contains("/default/") }.allSatisfy { !$0.contains("\"question\"") })
            _ = try run.writeReport(options: .init(isRedacted: true))
            #expect(try lines().allSatisfy { !$0.contains("One question") && !$0.contains("SCRATCHPAD") })
        }
    }
}
