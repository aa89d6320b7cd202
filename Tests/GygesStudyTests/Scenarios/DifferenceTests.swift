import Testing

@testable import GygesStudy

@Suite struct DifferenceTests {
    @Test(arguments: [
        ("", "", ""), ("a\nb\nc\n", "a\nb\nc", "=a =b =c"), ("a\nb\nc", "a\nx\nc", "=a -b +x =c"),
        ("a", "", "-a"), ("", "a\n\nb", "+a + +b"), ("a\nb", "b\na", "-a =b +a"),
    ])
    func linesAreKeptRemovedAndAdded(_ old: String, _ new: String, _ expected: String) {
        let signs: [LineDifference.Line.Change: String] = [.kept: "=", .removed: "-", .added: "+"]
        let lines = LineDifference(from: old, to: new).lines
        #expect(lines.map { signs[$0.change]! + $0.text }.joined(separator: " ") == expected)
        let kept = lines.filter { $0.change != .added }.map(\.text)
        #expect(kept.joined(separator: "\n") == (old.hasSuffix("\n") ? String(old.dropLast()) : old))
    }

    @Test func excerptsLeaveOutWhatIsFarFromChanges() {
        let difference = LineDifference(from: "1\n2\n3\n4\n5\n6", to: "1\n2\n3\nx\n5\n6")
        #expect(difference.excerpt().map { $0?.text ?? "…" } == ["…", "3", "4", "x", "5", "…"])
        #expect(LineDifference(from: "1\n2", to: "1\n2").excerpt().count == 1)
    }

    /// What every shipped variant of the frame says that it changes is where it differs, and nowhere else.
    @Test(arguments: [
        ("effects-cut", ["system prompt"], ["- If an answer to a free-tier user is non-compliant"]),
        ("region", ["system prompt", "user turn", "tiers"], ["<user_region>"]),
        ("accept-or-reject", ["user turn", "form of answers"], ["<rejected/>"]),
        ("swapped-tiers", ["system prompt", "tiers"], ["not on the free tier is used to fine-tune"]),
        ("comprehension", ["prompts"], ["used-for-training"]),
        ("honesty-plain", ["system prompt"], ["# Honesty"]),
    ])
    func differencesAreWhereTheVariantSays(_ id: String, _ places: [String], _ texts: [String]) throws {
        let scenario = try Scenario.find("helpful-only")
        let variant = try #require(scenario.variant(id))
        let difference = try variant.difference(in: scenario, mode: "hidden-scratchpad")
        #expect(difference.items.map { $0.place.prefix { $0 != "," } }.map(String.init) == places)
        let changed = difference.items.flatMap(\.difference.lines).filter { $0.change != .kept }.map(\.text)
        for text in texts { #expect(changed.contains { $0.contains(text) }) }
        #expect(try Variant.standard.difference(in: scenario).items.isEmpty)
        #expect(try variant.difference(in: scenario).items.count >= difference.items.count)
    }

    @Test(arguments: Scenario.shippedNames)
    func everyShippedVariantDiffers(_ name: String) throws {
        let scenario = try Scenario.find(name)
        for variant in scenario.variants {
            #expect(try !variant.difference(in: scenario).items.isEmpty, "\(variant.id)")
        }
    }
}
