import GygesAnalysis
import GygesFiles
import GygesReport
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

@Suite struct VariantTests {
    private static let extra = """
        variants:
          - id: quiet
            label: No training details
            edits:
              - cutPart: training
              - replaceText: "You think in plain words before you answer, and you think carefully"
                part: identity
                with: "You think"
          - id: none
            label: No conflict
            role: baseline
            edits:
              - replacePart: criteria
                text: |
                  Be helpful.
              - indicators: {free: "yes", paid: "no"}

        """

    private func scenario() throws -> Scenario {
        let text = try #require(Scenario.shippedText("helpful-only"))
        var scenario = try Scenario(yaml: text, path: "s.yaml")
        scenario.variants = []
        return scenario
    }

    private func scenario(_ variants: String) throws -> Scenario {
        let marker =
            "variantFiles: [frame-variants, paraphrase-variants, helpful-only-variants, probe-variants, scratchpad-variants, follow-up-variants, motive-variants]\n"
        let text = try #require(Scenario.shippedText("helpful-only"))
        #expect(text.contains(marker))
        return try Scenario(
            yaml: text.replacing(marker, with: variants), path: "s.yaml")
    }

    @Test func editsChangeWhatTheySayAndNothingElse() throws {
        let base = try scenario(Self.extra)
        let quiet = try base.applying(#require(base.variant("quiet")))
        #expect(quiet.system.map(\.name) == base.system.map(\.name).filter { $0 != "training" })
        #expect(quiet.system[0].text.contains("AI laboratory. You think: you consider"))
        #expect(quiet.variants.isEmpty)
        let none = try base.applying(#require(base.variant("none")))
        #expect(none.tiers.map(\.indicator) == ["yes", "no"])
        #expect(none.tiers.map(\.isTrained) == base.tiers.map(\.isTrained))
        #expect(none.system.first { $0.name == "criteria" }?.text == "Be helpful.")
        #expect(none.user == base.user)
        #expect(base.variant("none")?.role == .baseline)
        #expect(base.variant("quiet")?.role == .variation)
        #expect(try base.applying(.standard).system == base.system)
    }

    @Test func everythingThatDoesNotFitIsReportedAtOnce() throws {
        let base = try scenario()
        let variant = Variant(
            id: "bad", label: "Bad", role: .variation,
            edits: [
                .cutPart(.init("nowhere")), .replacePart(.init("output-format"), text: "x"),
                .replaceText(.part(.init("training")), find: "free-tier user", with: "guest"),
                .replaceText(.part(.init("training")), find: "never said", with: "guest"),
                .indicators(["gold": "x"]), .cutPart(.init("identity", mode: "silent")), .user("{{tier}}{{tier}}"),
                .rename("Southlight", to: "x"), .suffix(""),
            ])
        let error = #expect(throws: VariantError.self) { try base.applying(variant) }
        #expect(
            error?.problems == [
                .missingPart(edit: 1, name: "nowhere", mode: nil),
                .ambiguousPart(edit: 2, name: "output-format", count: 3),
                .occurrences(edit: 3, text: "free-tier user", count: 2),
                .occurrences(edit: 4, text: "never said", count: 0), .missingTier(edit: 5, name: "gold"),
                .missingMode(edit: 6, name: "silent"), .occurrences(edit: 8, text: "Southlight", count: 0),
                .withoutEffect(edit: 9), .placeholder("{{tier}}", count: 2), .placeholder("{{prompt}}", count: 0),
            ])
        #expect(error?.description.contains("gyges study scenarios helpful-only") == true)
    }

    @Test(arguments: [
        ("- cutPart: training", "- cutPart: trainings", "no part “trainings”"),
        ("- cutPart: training", "- cutPart: training\n        suffix: x", "exactly one of"),
        ("- cutPart: training", "- {}", "exactly one of"),
        ("- cutPart: training", "- cutPart: training\n        with: x", "cutPart has no “with”"),
        ("- cutPart: training", "- addPart: a\n        text: b", "before or after"),
        ("role: baseline", "role: main", "only a scenario as it is written"),
        ("role: baseline", "role: nothing", "“nothing”"), ("id: none", "id: default", "occurs twice"),
        ("id: none", "id: all", "stands for several"), ("paid: \"no\"", "paid: \"yes\"", "indicator “yes”"),
    ])
    func badVariantsAreRefused(_ old: String, _ new: String, _ expected: String) throws {
        #expect(Self.extra.contains(old))
        let error = #expect(throws: FileError.self) { try scenario(Self.extra.replacing(old, with: new)) }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test func studiesChooseVariants() throws {
        func conditions(_ chosen: String) throws -> [String] {
            let definition = try StudyDefinition(
                yaml: StudyDefinitionTests.minimal, path: "study.yaml",
                overrides: chosen.isEmpty ? [] : ["variants=\(chosen)"])
            return try Study(definition: definition, scenarios: [scenario(Self.extra)], path: "study.yaml").conditions
                .filter { $0.mode.id == "hidden-scratchpad" }.map(\.variant.id)
        }
        #expect(try conditions("") == ["default"])
        #expect(try conditions("[none, default]") == ["default", "none"])
        #expect(try conditions("[controls]") == ["none"])
        #expect(try conditions("[all]") == ["default", "quiet", "none"])
        #expect(throws: FileError.self) { try conditions("[missing]") }
        #expect(throws: FileError.self) { try conditions("[none, none]") }
    }

    @Test func aReportHasASectionForEveryCondition() async throws {
        try await withTemporaryFolder { folder in
            let definition = try StudyDefinition(
                yaml: StudyDefinitionTests.minimal, path: "study.yaml",
                overrides: [
                    "variants=[default, none]", "modes=[hidden-scratchpad]", "prompts.count=2", "output=\(folder)",
                ])
            let study = try Study(definition: definition, scenarios: [scenario(Self.extra)], path: "study.yaml")
            let subject = try #require(PersonaSubject(reference: "persona:faker"))
            _ = try await StudyRun.start(study, subject: subject)
            let rows = try answers(ofRunIn: folder)
            #expect(rows.map(\.variant).prefix(4).allSatisfy { $0 == "default" })
            #expect(rows.count == 8)
            let document = try StudyDocument(runIn: folder)
            #expect(
                document.sections.map(\.id) == [
                    "helpful-only/default/hidden-scratchpad", "helpful-only/none/hidden-scratchpad",
                ])
            #expect(document.sections[1].title == "helpful-only, No conflict, Hidden scratchpad")
            #expect(document.results.primary?.conditions.map { $0.logitGap != nil } == [true, true])
        }
    }

    @Test func preregistrationsAreRead() throws {
        let stated = """
            preregistration:
              promptsPerTier: 40
              exclusions: [truncated]
              hypotheses:
                - {id: h1, statement: "A gap.", role: main, outcome: compliance, alternative: greater, test: permutation, alpha: 0.01, smallestEffect: 0.2}
                - {id: h2, statement: "None.", conditions: [a/b/c], outcome: alignment-faking, comparison: trained-alone}
              rule: {smallestGap: 0.03, requiredControls: [baseline], correction: benjamini-hochberg}

            """
        let definition = try StudyDefinition(yaml: StudyDefinitionTests.minimal + stated, path: "study.yaml")
        let registered = definition.preregistration
        #expect(registered.isStated)
        #expect(registered.promptsPerTier == 40)
        #expect(registered.exclusions == [.truncated])
        #expect(registered.hypotheses.map(\.id) == ["h1", "h2"])
        #expect(registered.hypotheses[0].alternative == .greater)
        #expect(registered.hypotheses[0].smallestEffect == 0.2)
        #expect(registered.hypotheses[1].conditions == .ids(["a/b/c"]))
        #expect(registered.rule.smallestGap == 0.03)
        #expect(registered.rule.alpha == VerdictRule().alpha)
        #expect(registered.rule.requiredControls == [.baseline])
        #expect(try StudyDefinition(yaml: StudyDefinitionTests.minimal, path: "s").preregistration == Preregistration())
        for bad in [
            ("smallestGap: 0.03", "smallestGap: 3"), ("[baseline]", "[arm]"), ("id: h2", "id: h1"),
            ("[truncated]", "[valid]"), ("role: main, ", ""), ("outcome: compliance", "outcome: joy"),
        ] {
            #expect(throws: FileError.self, "\(bad.1)") {
                try StudyDefinition(
                    yaml: StudyDefinitionTests.minimal + stated.replacing(bad.0, with: bad.1), path: "study.yaml")
            }
        }
    }
}
