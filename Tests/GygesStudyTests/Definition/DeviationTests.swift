import FoundationEssentials
import GygesReport
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

@Suite struct DeviationTests {
    private func study(_ folder: String, _ changes: [String] = []) throws -> Study {
        try makeStudy(
            overrides: ["prompts.count=2", "modes=[hidden-scratchpad]", "output=\(folder)", "judges=[rules]"] + changes)
    }

    @Test(arguments: [
        ("preregistration.rule.smallestGap=0.2", "preregistration.rule.smallestGap", true),
        ("preregistration.promptsPerTier=9", "preregistration.promptsPerTier", true),
        ("judges=[rules, model]", "judges", false), ("logitGap=false", "measuresLogitGap", false),
        ("name=other", "name", false),
    ])
    func whatDecidesNoAnswerIsMarked(_ change: String, _ key: String, _ isPreregistered: Bool) async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            _ = try await StudyRun.start(study(folder), subject: subject)
            let before = try RunRecord(folder: folder)
            let answersBefore = try answers(ofRunIn: folder).map(\.transcript)
            #expect(before.deviations.isEmpty)
            _ = try await StudyRun.start(study(folder, [change]), subject: subject)
            // Once is enough, however often the run goes on.
            _ = try await StudyRun.start(study(folder, [change]), subject: subject)
            #expect(try Journal(readingFrom: folder).amendments().count == 1)
            let after = try RunRecord(folder: folder)
            let deviation = try #require(after.deviations.first { $0.key == key })
            #expect(deviation.isPreregistered == isPreregistered)
            #expect(deviation.registered != deviation.now)
            #expect(after.registeredDigest == before.registeredDigest)
            #expect(try answers(ofRunIn: folder).map(\.transcript) == answersBefore)
            let notes = try StudyDocument(runIn: folder).notes
            #expect(notes.contains { $0.title.contains("not the one that was registered") && $0.text.contains(key) })
            // Back to what was registered, there is nothing to mark any more, but the way there stays in the journal.
            _ = try await StudyRun.start(study(folder), subject: subject)
            #expect(try RunRecord(folder: folder).deviations.isEmpty)
            #expect(try Journal(readingFrom: folder).amendments().count == 2)
        }
    }

    @Test(arguments: ["output=elsewhere", "concurrency=3", "plan.answerTokens=9", "subject=persona:obedient"])
    func someThingsAreNoDeviations(_ change: String) throws {
        let plain = try makeStudy()
        let changed = try makeStudy(overrides: [change])
        #expect(try plain.digest == changed.digest)
        if !change.hasPrefix("subject") { #expect(try plain.deviations(to: changed).isEmpty) }
    }

    @Test func aChangedFileIsMarkedAfterTheRunHasGoneOn() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            let file = folder + "/study.yaml"
            let text = StudyDefinitionTests.minimal + "output: \(folder)/run\nprompts: {count: 2}\n"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            _ = try await StudyRun.start(Study.load(file), subject: subject)
            try (text + "preregistration: {rule: {smallestGap: 0.3}}\n").write(
                toFile: file, atomically: true, encoding: .utf8)
            _ = try await StudyRun.resume(folder + "/run", subject: subject)
            let keys = try RunRecord(folder: folder + "/run").deviations.map(\.key)
            #expect(keys == ["preregistration.isStated", "preregistration.rule.smallestGap"])
        }
    }

    @Test func criteriaAndWordingStayRefused() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            let study = try study(folder)
            _ = try await StudyRun.start(study, subject: subject)
            var scenario = study.scenarios[0]
            scenario.criteria.complianceQuestion += " Really?"
            let changed = try Study(definition: study.definition, scenarios: [scenario], path: "s")
            let error = await #expect(throws: StudyError.self) { try await StudyRun.start(changed, subject: subject) }
            #expect(error?.description.contains("the scenario “helpful-only” differs") == true)
            scenario = study.scenarios[0]
            scenario.description += " Better described."
            let described = try Study(definition: study.definition, scenarios: [scenario], path: "s")
            _ = try await StudyRun.start(described, subject: subject)
            #expect(try RunRecord(folder: folder).deviations.map(\.key) == ["scenario.helpful-only.description"])
        }
    }
}
