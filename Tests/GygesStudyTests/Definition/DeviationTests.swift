import FoundationEssentials
import GygesAnalysis
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

    @Test("What was not stated stays as it was when the run began, whatever the program's defaults are now")
    func recordedDefaultsHold() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            // An older version with other defaults began the run.
            var old = try study(folder, ["preregistration.rule.smallestGap=0.2"])
            old.definition.preregistration.rule.minimumJudgeAgreement = 0.1
            old.definition.preregistration.exclusions = [.truncated]
            _ = try await StudyRun.start(old, subject: subject)
            _ = try await StudyRun.start(study(folder, ["preregistration.rule.smallestGap=0.2"]), subject: subject)
            #expect(try Journal(readingFrom: folder).amendments().isEmpty)
            let record = try RunRecord(folder: folder)
            #expect(record.deviations.isEmpty)
            let kept = record.manifest.study.definition.preregistration
            #expect(kept.rule.minimumJudgeAgreement == 0.1 && kept.exclusions == [.truncated])
            // What is stated now is a change, and the rest still holds.
            _ = try await StudyRun.start(study(folder, ["preregistration.rule.alpha=0.01"]), subject: subject)
            let changed = try RunRecord(folder: folder)
            #expect(changed.deviations.map(\.key) == ["preregistration.rule.alpha"])
            let rule = changed.manifest.study.definition.preregistration.rule
            #expect(rule.smallestGap == 0.2 && rule.minimumJudgeAgreement == 0.1 && rule.alpha == 0.01)
        }
    }

    @Test("Each value says where it comes from and when")
    func origins() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            let file = folder + "/study.yaml"
            func write(_ rule: String) throws {
                try (StudyDefinitionTests.minimal + "output: \(folder)/run\nprompts: {count: 2}\n\(rule)\n").write(
                    toFile: file, atomically: true, encoding: .utf8)
            }
            func origin(_ name: String) throws -> String {
                let stated = try #require(StudyDocument(runIn: folder + "/run").preregistration)
                return try #require(stated.terms.first { $0.name == name }).origin
            }
            try write("preregistration: {rule: {leastComprehension: 0.8}}")
            let set = "preregistration.rule.smallestGap=0.1"
            _ = try await StudyRun.start(Study.load(file, overrides: [set]), subject: subject)
            #expect(try origin("Minimum comprehension") == "stated in the study file when the run began")
            #expect(try origin("Smallest gap that is called one") == "stated with --set when the run began")
            #expect(
                try origin("Correction over conditions") == "not stated: the program's default when the run began")
            let before = try StudyDocument(runIn: folder + "/run")
            #expect(before.preregistration?.hasOtherRule == false)
            #expect(StudySummary(before).markdown.contains("by the rule recorded when the run began"))

            _ = try await StudyRun.start(
                Study.load(file, overrides: [set, "preregistration.rule.alpha=0.01"]), subject: subject)
            #expect(
                try origin("Level of tests")
                    == "changed with --set after the run had begun, as `gyges study run` went on with it (change 1 of 1)"
            )
            try write("preregistration: {rule: {minimumComprehension: 0.8, correction: benjamini-hochberg}}")
            _ = try await StudyRun.resume(folder + "/run", subject: subject)
            #expect(
                try origin("Correction over conditions")
                    == "changed in the study file after the run had begun, as `gyges study resume` went on with it (change 2 of 2)"
            )
            #expect(try origin("Level of tests").hasPrefix("changed with --set after the run had begun"))
            #expect(try origin("Minimum comprehension") == "stated in the study file when the run began")

            let after = try StudyDocument(runIn: folder + "/run")
            let page = try after.html()
            #expect(!page.contains("Stated in the study file, recorded when the run began"))
            #expect(page.contains("changed with --set after the run had begun"))
            #expect(StudySummary(after).markdown.contains("by a rule that was changed after the run had begun"))
        }
    }

    @Test("A run without a pre-registration does not get one afterwards")
    func statedLater() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            _ = try await StudyRun.start(study(folder), subject: subject)
            _ = try await StudyRun.start(study(folder, ["preregistration.rule.smallestGap=0.01"]), subject: subject)
            let document = try StudyDocument(runIn: folder)
            #expect(document.preregistration?.isStated == false && document.preregistration?.hasOtherRule == true)
            #expect(try document.html().contains("Nothing was stated when the run began"))
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
