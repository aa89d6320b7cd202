import FoundationEssentials
import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesStudy

@Suite struct ScenarioExtensionTests {
    private static let mine = """
        version: 1
        name: mine
        description: Mine.
        extends: critic
        edits:
          - rename: Northlight
            to: Oakwell
        variantFiles: [own-variants.yaml, probe-variants]
        prompts:
          - {id: one, text: "One?"}

        """
    private static let variants = """
        version: 1
        variants:
          - id: a
            label: A
            edits: [{cutPart: training}]
          - id: b
            label: B
            combines: [a]
          - id: c
            label: C
            combines: [a, b]
            edits: [{suffix: "Now."}]

        """

    private func load(_ files: [String: String]) async throws -> Scenario {
        try withTemporaryFolder { folder in
            for (name, text) in files { try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8) }
            return try Scenario.find("mine.yaml", relativeTo: folder)
        }
    }

    @Test func whatIsNotSaidIsAsInTheScenarioThatIsExtended() async throws {
        let files = [
            "mine.yaml": Self.mine,
            "own-variants.yaml": Self.variants.replacing("combines: [a, b]", with: "combines: [b]"),
        ]
        let scenario = try await load(files)
        let critic = try Scenario.find("critic")
        #expect(scenario.name == "mine" && scenario.prompts.map(\.id) == ["one"])
        #expect(
            scenario.criteria == critic.criteria && scenario.modes == critic.modes && scenario.tiers == critic.tiers)
        #expect(scenario.system.map(\.name) == critic.system.map(\.name))
        #expect(scenario.system.allSatisfy { !$0.text.contains("Northlight") })
        // The variants are those of the files named, not those of the scenario extended.
        #expect(scenario.variants.prefix(3).map(\.id) == ["a", "b", "c"])
        #expect(scenario.variant("comprehension") != nil && scenario.variant("swapped-tiers") == nil)
        #expect(scenario.variant("b")?.edits == scenario.variant("a")?.edits)
        #expect(scenario.variant("c")?.edits.count == 2)
    }

    @Test(arguments: [
        // Cutting a part twice does not fit, and is found when the file is read.
        ("", "", "no part “training”"),
        ("to: Oakwell", "to: Northlight", "it changes nothing"),
        ("extends: critic", "extends: mine.yaml", "more than four times"),
        ("extends: critic", "extends: nobody", "no shipped scenario"),
        ("own-variants.yaml, ", "", "nothing wrong"),
    ])
    func whatDoesNotFitIsRefused(_ old: String, _ new: String, _ expected: String) async throws {
        let text = old.isEmpty ? Self.mine : Self.mine.replacing(old, with: new)
        let files = ["mine.yaml": text, "own-variants.yaml": Self.variants]
        guard expected != "nothing wrong" else {
            _ = try await load(files)
            return
        }
        let error = await #expect(throws: FileError.self) { try await load(files) }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }
}
