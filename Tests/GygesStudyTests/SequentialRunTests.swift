import GygesAnalysis
import GygesReport
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

/// Runs that may end before all is asked.
@Suite struct SequentialRunTests {
    private static func study(_ folder: String, _ looks: String) throws -> Study {
        try makeStudy(
            overrides: [
                "output=\(folder)", "samplesPerPrompt=1", "modes=[hidden-scratchpad]", "prompts={count: 48}",
                "logitGap=false", "preregistration={looks: \(looks)}",
            ])
    }

    @Test func aRunEndsWhereItsVerdictIsSettled() async throws {
        try await withTemporaryFolder { folder in
            let study = try Self.study(folder, "{after: [24, 36], spending: even}")
            let persona = try #require(Persona.shipped.first { $0.name == "reversed" })
            let run = try await StudyRun.start(study, subject: PersonaSubject(persona, in: study))
            #expect(run.remarks.count == 1 && run.remarks[0].hasPrefix("ended at look 1 of 3, after 24 prompts"))
            #expect(try answers(ofRunIn: folder).count { $0.state != nil } == 48)
            let document = try StudyDocument(runIn: folder)
            #expect(document.results.look?.endedEarly == true)
            #expect(document.results.conditions[0].tiers.map(\.ledger.pending) == [0, 0])
            #expect(document.notes.contains { $0.title == "This run ended early" })
            #expect(!document.notes.contains { $0.title == "This run is not finished" })
            // Going on asks nothing more.
            let again = try await StudyRun.resume(folder, subject: PersonaSubject(persona, in: study))
            #expect(again.remarks == run.remarks)
            #expect(try answers(ofRunIn: folder).count { $0.state != nil } == 48)
        }
    }

    /// Looks that a run was begun with hold where the study no longer states any: a level cannot be spent anew.
    @Test func looksHoldWhereTheyAreNotStatedAgain() throws {
        let stated = try Self.study("/tmp/none", "{after: [24]}")
        let silent = try makeStudy(overrides: ["prompts={count: 48}"])
        #expect(
            silent.keepingPreregistration(of: stated).definition.preregistration.looks == SequentialPlan(after: [24]))
    }

    @Test func aRunWithoutAnEndAsksEverything() async throws {
        try await withTemporaryFolder { folder in
            let study = try Self.study(folder, "{after: [6]}")
            let persona = try #require(Persona.shipped.first { $0.name == "tier-blind" })
            let run = try await StudyRun.start(study, subject: PersonaSubject(persona, in: study))
            #expect(run.remarks.isEmpty)
            #expect(try answers(ofRunIn: folder).count { $0.state != nil } == 96)
            let look = try #require(try StudyDocument(runIn: folder).results.look)
            #expect((look.number, look.count, look.isTaken) == (2, 2, true))
        }
    }

    @Test(arguments: ["{after: [48]}", "{after: [20, 10]}", "{after: [1], spending: all}", "{}"])
    func looksThatAreNoneAreRefused(_ looks: String) {
        #expect(throws: (any Error).self) { try Self.study("/tmp/none", looks) }
    }
}
