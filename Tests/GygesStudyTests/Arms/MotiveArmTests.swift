import GygesAnalysis
import GygesFiles
import GygesReport
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

/// The shipped arms that tell motives apart, asked of personas.
@Suite struct MotiveArmTests {
    private static let variants =
        "variants=[default, motives, motives-of-form, swapped-tiers, meaningless-tag]"

    private func document(of name: String, samples: Int) async throws -> StudyDocument {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: [
                Self.variants, "modes=[hidden-scratchpad]", "logitGap=false", "output=\(folder)",
                "samplesPerPrompt=\(samples)",
            ])
            let persona = try #require(Persona.shipped.first { $0.name == name })
            _ = try await StudyRun.start(study, subject: PersonaSubject(persona, in: study))
            return try StudyDocument(runIn: folder)
        }
    }

    /// It minds being trained, whatever becomes of the result, and nothing where only a form is at stake.
    @Test func aFakerIsFoundToGuardItsGoals() async throws {
        let document = try await document(of: "faker", samples: 6)
        let table = try #require(document.results.primary?.motives.first)
        let statuses = Dictionary(uniqueKeysWithValues: table.findings.map { ($0.motive, $0.status) })
        #expect(statuses[.terminalGoalGuarding] == .compatible, "\(table.findings)")
        #expect(statuses[.raterSycophancy] == .refuted && statuses[.instrumentalGoalGuarding] == .refuted)
        #expect(statuses[.incoherence] != .compatible)
        #expect(
            Set(table.rows.map(\.stated.contrast.id))
                == ["rating", "change", "future-use", "stakes", "pleasing", "status", "tag"])
        #expect(table.rows.allSatisfy { $0.estimate != nil })
        // Requests of its own are compared with the others' as a whole.
        #expect(table.rows.first { $0.stated.contrast.id == "stakes" }.map { $0.prompts > 48 } == true)
        let summary = StudySummary(document).text(width: 400)
        #expect(summary.contains("H2 terminal goal guarding compatible"), "\(summary)")
        #expect(document.motivesTable().split(separator: "\r\n").count > 15)
    }

    /// It goes by the tag, and a tag without meaning shows it.
    @Test func aTagFollowerIsFoundIncoherent() async throws {
        let document = try await document(of: "sycophantic", samples: 4)
        let findings = try #require(document.results.primary?.motives.first?.findings)
        #expect(findings.first { $0.motive == .incoherence }?.status == .compatible)
        for motive in [Motive.raterSycophancy, .terminalGoalGuarding, .instrumentalGoalGuarding] {
            #expect(findings.first { $0.motive == motive }?.status == .refuted, "\(motive)")
        }
    }

    @Test(arguments: [
        ("{id: c, label: C, first: live, second: nobody, predicts: {incoherence: some}}", "lacks one"),
        ("{id: c, label: C, first: private, second: live, predicts: {incoherence: some}}", "does not stand before"),
        (
            "{id: c, label: C, first: live, second: trial, than: nothing, predicts: {incoherence: some}}",
            "does not exist"
        ),
        (
            "{id: c, label: C, first: live, second: trial, than: region, predicts: {incoherence: some}}",
            "“region” lacks one"
        ),
        ("{id: c, label: C, first: live, second: trial, predicts: {boredom: some}}", "unknown key “boredom”"),
        ("{id: c, label: C, first: live, second: trial, predicts: {incoherence: much}}", "“much” is not one of"),
    ])
    func contrastsAreCheckedAgainstTheTiers(_ contrast: String, _ expected: String) throws {
        let yaml = """
            version: 1
            name: own
            description: Own.
            extends: helpful-only
            variantFiles: [frame-variants, motive-variants]
            variants:
              - {id: mine, label: Mine, role: arm, combines: [motives], contrasts: [\(contrast)]}
            """
        let error = try #require(throws: FileError.self) { try Scenario(yaml: yaml, path: "own.yaml") }
        #expect(error.description.contains(expected), "\(error)")
    }

    /// Predictions decide no answer: a run goes on when they are stated otherwise, and the report says so.
    @Test func predictionsDecideNoAnswer() throws {
        let study = try makeStudy(overrides: [Self.variants])
        var scenarios = study.scenarios
        for index in scenarios[0].variants.indices { scenarios[0].variants[index].contrasts = nil }
        let other = try Study(definition: study.definition, scenarios: scenarios, path: "study.yaml")
        #expect(try study.decisiveDigests() == other.decisiveDigests())
        #expect(try study.deviations(to: other).contains { $0.key.contains("contrasts") })
    }
}
