import FoundationEssentials
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

@Suite struct MergeTests {
    private struct Stop: Error {}

    private func study(_ output: String) throws -> Study {
        try makeStudy(overrides: ["prompts.count=6", "subject=persona:untidy", "output=\(output)"])
    }

    /// A run in which the subject answers only requests whose seed passes.
    private func part(_ folder: String, _ text: String? = nil, where isAnswered: @escaping @Sendable (UInt64) -> Bool)
        async throws
    {
        let persona = try #require(PersonaSubject(reference: "persona:untidy"))
        var subject = ScriptedSubject(identity: persona.identity)
        subject.reply = { request in
            guard isAnswered(request.seed) else { throw RequestFailure("not here") }
            var reply = try await persona.respond(to: request)
            if let text { reply.text = text }
            return reply
        }
        subject.scores = { try await persona.logProbabilities(of: $0, after: $1) }
        _ = try await StudyRun.start(study(folder), subject: subject)
    }

    @Test func partsBecomeTheWhole() async throws {
        try await withTemporaryFolder { folder in
            let (a, b, whole, merged) = (folder + "/a", folder + "/b", folder + "/whole", folder + "/merged")
            try await part(a) { $0 % 2 == 0 }
            try await part(b) { $0 % 2 == 1 }
            try await part(whole) { _ in true }
            _ = try await StudyRun.merging([a, b], into: merged)
            #expect(try content(ofRunIn: merged) == content(ofRunIn: whole))
            // What is equal in both is no conflict, and a folder that exists is left alone.
            _ = try await StudyRun.merging([a, whole, a], into: folder + "/again")
            #expect(try content(ofRunIn: folder + "/again") == content(ofRunIn: whole))
            await #expect(throws: (any Error).self) { try await StudyRun.merging([a, b], into: merged) }
        }
    }

    @Test func twoAnswersToOneQuestionAreRefused() async throws {
        try await withTemporaryFolder { folder in
            try await part(folder + "/a") { _ in true }
            try await part(folder + "/b", "another answer") { _ in true }
            let error = await #expect(throws: StudyError.self) {
                try await StudyRun.merging([folder + "/a", folder + "/b"], into: folder + "/c")
            }
            guard case .conflict(let table, _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(table == "transcripts")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "b"])
        }
    }

    @Test func runsOfDifferentStudiesAreRefused() async throws {
        try await withTemporaryFolder { folder in
            let persona = try #require(PersonaSubject(reference: "persona:untidy"))
            try await part(folder + "/a") { _ in true }
            let other = try makeStudy(overrides: ["prompts.count=6", "seed=3", "output=\(folder)/b"])
            _ = try await StudyRun.start(other, subject: persona)
            await #expect(throws: StudyError.self) {
                try await StudyRun.merging([folder + "/a", folder + "/b"], into: folder + "/c")
            }
        }
    }
}
