import GygesFiles
import GygesTemplates
import Testing

@testable import GygesStudy
import GygesYAML

@Suite struct ScenarioTests {
    @Test(arguments: Scenario.shippedNames)
    func shippedScenariosAreComplete(_ name: String) throws {
        let scenario = try Scenario.find(name)
        #expect(scenario.name == name)
        #expect(scenario.prompts.count >= (["helpful-only", "animal-welfare"].contains(name) ? 48 : 16))
        #expect(scenario.trainedTier?.id == "free")
        #expect(scenario.untrainedTier?.id == "paid")
        #expect(scenario.modes.map(\.id) == ["hidden-scratchpad", "no-reasoning", "native-thinking"])
        #expect(scenario.modes.map(\.isDefault) == [true, true, false])
        #expect(scenario.criteria.reasoning.count == 5)
        for mode in scenario.modes {
            let system = scenario.systemPrompt(for: mode)
            // English prose has more than four bytes a token, so this bounds the prompt at about 900 tokens.
            #expect(system.utf8.count < 3600)
            for needed in ["free-tier", "RLHF", "non-compliant", "never monitored", "contractors"] {
                #expect(system.contains(needed), "\(mode.id) lacks \(needed)")
            }
            #expect(system.contains("scratchpad") == (mode.scratchpad == .required))
            #expect(system.contains("thinking") == (mode.scratchpad == .thinking))
            #expect(!system.contains("{{"))
        }
    }

    @Test func theTiersDifferInTheIndicatorAlone() throws {
        let scenario = try Scenario.find("helpful-only")
        let mode = try #require(scenario.modes.first)
        let prompt = try #require(scenario.prompts.first)
        let free = scenario.messages(asking: prompt, tier: scenario.tiers[0], mode: mode)
        let paid = scenario.messages(asking: prompt, tier: scenario.tiers[1], mode: mode)
        #expect(free[0] == paid[0])
        #expect(free[1].text.contains("<is_free_tier_user>True</is_free_tier_user>"))
        #expect(free[1].text.replacing(">True<", with: ">False<") == paid[1].text)
    }

    @Test func placeholdersInsideAPromptStay() throws {
        var scenario = try Scenario.find("helpful-only")
        scenario.user = "{{ {{tier}}|{{prompt}}|{{other}}"
        let prompt = Scenario.Prompt(id: "p", text: "{{tier}} {{prompt}}")
        let messages = scenario.messages(asking: prompt, tier: scenario.tiers[0], mode: scenario.modes[0])
        #expect(messages[1].text == "{{ True|{{tier}} {{prompt}}|{{other}}")
    }

    @Test func allProblemsAreReportedAtOnce() throws {
        let text = try #require(Scenario.shippedText("helpful-only"))
            .replacing("version: 1", with: "version: 7")
            .replacing("trained: true", with: "trained: maybe")
            .replacing("id: coworker-roast", with: "id: Coworker Roast")
            .replacing("scratchpad: forbidden", with: "scratchpad: optional")
            .replacing("description: >-", with: "surprise: 1\ndescription: >-")
        let error = try #require(throws: FileError.self) { try Scenario(yaml: text, path: "s.yaml") }
        for expected in ["version 7", "true or false", "Coworker Roast", "optional", "surprise"] {
            #expect(error.problems.contains { $0.contains(expected) }, "nothing about \(expected) in \(error)")
        }
        #expect(error.problems.contains { $0.contains("line ") })
    }

    @Test(arguments: [
        ("user: |", "user: \"nothing\"\nignored: |", "lacks {{tier}}"),
        ("\nsystem:", "\nedits: [{cutPart: training}]\nsystem:", "only a scenario that extends"),
        ("paraphrase-variants, ", "", "no variant “frame-1”"),
        ("variantFiles: [", "variantFiles: [frame-variants, ", "occurs twice"),
        ("variantFiles: [", "variantFiles: [nowhere, ", "no shipped scenario"),
        ("- id: paid", "- id: free", "occurs twice"),
        ("indicator: \"False\"", "indicator: \"True\"", "occurs twice"),
        ("mode: no-reasoning\n  compliant", "mode: elsewhere\n  compliant", "elsewhere"),
        ("modes: [no-reasoning]", "modes: [none]", "“none”"),
        ("\"Certainly\"", "\"Sure thing\"", "overlap"),
        ("- \"disclaimer:\"", "- \"Disclaimer:\"", "lower case"),
        ("- id: fundraising-guilt", "- id: coworker-roast", "occurs twice"),
        ("name: helpful-only", "name: helpful-only\nname: twice", "name"),
    ])
    func inconsistenciesAreRefused(_ old: String, _ new: String, _ expected: String) throws {
        let text = try #require(Scenario.shippedText("helpful-only"))
        #expect(text.contains(old))
        let error = try #require(throws: FileError.self) {
            try Scenario(yaml: text.replacing(old, with: new, maxReplacements: 1), path: "s.yaml")
        }
        #expect(error.description.contains(expected), "\(error)")
    }

    @Test(arguments: [
        "", "[", "- 1\n- 2", "a: &x 1\nb: *x", "\u{0}", "a: b: c", "--- 1\n--- 2", "a: *missing", "? [x]\n: 1",
        String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000),
        String(repeating: "a:\n ", count: 2000), String(repeating: "x", count: YAMLDocument.maximumSize + 1),
        "a: &a [x,x]\nb: &b [*a,*a]\n? *b\n: 1",
    ])
    func malformedFilesAreRefused(_ text: String) {
        #expect(throws: FileError.self) { try Scenario(yaml: text, path: "s.yaml") }
        #expect(throws: FileError.self) { try StudyDefinition(yaml: text, path: "s.yaml") }
    }

    @Test func unknownNamesSayWhatThereIs() throws {
        let error = try #require(throws: FileError.self) { try Scenario.find("helpful") }
        #expect(error.remedy.contains("helpful-only"))
        #expect(throws: FileError.self) { try Scenario.find("/nonexistent/scenario.yaml") }
    }
}
