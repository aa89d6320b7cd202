import ArgumentParser
import Foundation
import GygesAnalysis
import GygesFiles
import GygesReport
import GygesStudy
import GygesTemplates

/// `gyges study scenarios`
struct StudyScenarios: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenarios", abstract: "Lists scenarios and their variants, and shows what a variant changes.",
        discussion: """
            Without arguments it lists the scenarios that are part of the program. With one it lists the scenario's parts, tiers, \
            modes and variants; with --variant it shows, line by line, in what that variant differs from the scenario as it is \
            written.

            Examples:
              gyges study scenarios
              gyges study scenarios helpful-only
              gyges study scenarios helpful-only --variant swapped-tiers --mode hidden-scratchpad
              gyges study scenarios animal-welfare --variant paraphrase-1 --rendered
              gyges study scenarios critic --yaml > mine.yaml
            """)

    @Argument(help: "A shipped scenario's name, or the path of a YAML file.")
    var scenario: String?

    @Option(help: ArgumentHelp("Show this variant.", valueName: "name"))
    var variant: String?

    @Option(help: ArgumentHelp("Show the system prompt of this mode alone.", valueName: "name"))
    var mode: String?

    @Flag(help: "Print what the model is sent instead of what differs.")
    var rendered = false

    @Flag(help: "Print the scenario's file, to start an own one from.")
    var yaml = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if scenario == nil, variant != nil || mode != nil || rendered || yaml {
            throw ValidationError("Name a scenario first.")
        }
        if yaml, variant != nil || rendered || json { throw ValidationError("--yaml goes with no other option.") }
    }

    func run() throws {
        guard let name = scenario else { return try list() }
        if yaml {
            print(try Scenario.shippedText(name) ?? Input.text(name, wanted: "the scenario"), terminator: "")
            return
        }
        let scenario = try Scenario.find(name)
        if let mode, !scenario.modes.contains(where: { $0.id == mode }) {
            throw FileError(
                name, "has no mode “\(mode)”", remedy: "It has \(scenario.modes.map(\.id).joined(separator: ", ")).")
        }
        guard variant != nil || rendered else { return try describe(scenario) }
        let id = variant ?? Variant.standard.id
        guard let chosen = scenario.variant(id) else {
            throw FileError(
                name, "has no variant “\(id)”", remedy: "`gyges study scenarios \(name)` lists those it has.")
        }
        if rendered { try render(scenario, chosen) } else { try showDifference(scenario, chosen) }
    }

    private func list() throws {
        let scenarios = try Scenario.shippedNames.map { try Scenario.find($0) }
        if json { return try printJSON(scenarios.map(Summary.init)) }
        var table = Table([("scenario", .left), ("prompts", .right), ("variants", .right), ("what it is about", .left)])
        for scenario in scenarios {
            table.append([
                scenario.name, "\(scenario.prompts.count)", "\(scenario.variants.count)",
                String(scenario.description.prefix { $0 != "." }),
            ])
        }
        print(table.text)
    }

    private func describe(_ scenario: Scenario) throws {
        if json { return try printJSON(Summary(scenario)) }
        print(VisibleText.shown("\(scenario.name): \(scenario.description)\n"))
        var parts = Table([("part", .left), ("modes", .left), ("words", .right)])
        for part in scenario.system {
            let words = part.text.split(whereSeparator: \.isWhitespace).count
            parts.append([part.name, part.modes?.joined(separator: ", ") ?? "all", "\(words)"])
        }
        print(VisibleText.shown(parts.text), terminator: "\n\n")
        var tiers = Table([("tier", .left), ("trained on", .left), ("indicator", .left)])
        for tier in scenario.tiers { tiers.append([tier.id, tier.isTrained ? "yes" : "no", tier.indicator]) }
        print(VisibleText.shown(tiers.text), terminator: "\n\n")
        var variants = Table([("variant", .left), ("role", .left), ("edits", .right), ("what it is", .left)])
        for variant in [.standard] + scenario.variants {
            variants.append([variant.id, variant.role.rawValue, "\(variant.edits.count)", variant.label])
        }
        print(VisibleText.shown(variants.text))
        print("\n\(scenario.prompts.count) prompts; modes: \(scenario.modes.map(\.id).joined(separator: ", "))")
    }

    private func showDifference(_ scenario: Scenario, _ variant: Variant) throws {
        let difference = try variant.difference(in: scenario, mode: mode)
        if json { return try printJSON(difference) }
        let colours = Terminal.showsColours()
        func coloured(_ text: String, _ code: String) -> String {
            colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
        }
        let source = variant.source.map { " (\($0))" } ?? ""
        print(coloured(VisibleText.shown("\(variant.id), \(variant.role.rawValue): \(variant.label)\(source)"), "1"))
        if difference.items.isEmpty { print("It differs in nothing.") }
        for item in difference.items {
            print("\n" + coloured("@@ \(VisibleText.shown(item.place))", "36"))
            for line in item.difference.excerpt() {
                guard let line else {
                    print(coloured("  …", "2"))
                    continue
                }
                let text = VisibleText.shown(line.text)
                switch line.change {
                case .kept: print("  \(text)")
                case .removed: print(coloured("- \(text)", "31"))
                case .added: print(coloured("+ \(text)", "32"))
                }
            }
        }
        showContrasts(variant)
    }

    /// Which tiers are compared, and what motives predict of that.
    private func showContrasts(_ variant: Variant) {
        guard let contrasts = variant.contrasts else { return }
        var table = Table(
            [("contrast", .left), ("tiers", .left)] + Motive.allCases.map { ("\($0.number) \($0.label)", .left) })
        for contrast in contrasts {
            let than = contrast.than.map { ", less the same in \($0)" } ?? ""
            table.append(
                [contrast.id, "\(contrast.first) less \(contrast.second)\(than)"]
                    + Motive.allCases.map { contrast.predictions[$0]?.rawValue ?? "–" })
        }
        print("\n" + VisibleText.shown(table.text))
    }

    private func render(_ scenario: Scenario, _ variant: Variant) throws {
        let resolved = try scenario.applying(variant)
        var texts: [Rendered] = []
        for each in resolved.modes where mode == nil || each.id == mode {
            guard let prompt = resolved.prompts.first else { continue }
            for tier in resolved.tiers {
                let messages = resolved.messages(asking: prompt, tier: tier, mode: each)
                texts.append(
                    Rendered(
                        mode: each.id, tier: tier.id, messages: messages, prefill: each.responsePrefix,
                        followUp: resolved.followUp.map { resolved.turn(of: $0, tier: tier) }))
            }
        }
        if json { return try printJSON(texts) }
        for (index, text) in texts.enumerated() {
            // The tiers share their system prompt.
            if index == 0 || texts[index - 1].mode != text.mode {
                print("## \(text.mode): system\n\(VisibleText.shown(text.messages[0].text))\n")
            }
            print("## \(text.mode), \(text.tier): user\n\(VisibleText.shown(text.messages[1].text))")
            print("## \(text.mode), \(text.tier): the answer begins with\n\(VisibleText.shown(text.prefill))\n")
            if let question = text.followUp {
                print("## \(text.mode), \(text.tier): user, after the answer\n\(VisibleText.shown(question))\n")
            }
        }
    }

    private func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// What a scenario has, as JSON.
    private struct Summary: Encodable {
        struct Item: Encodable {
            var id: String
            var label: String
            var role: ConditionRole
            var source: String?
            var follows: String?
            var contrasts: [Contrast]?
        }
        var name: String
        var description: String
        var parts: [String]
        var tiers: [Scenario.Tier]
        var modes: [String]
        var prompts: [Scenario.Prompt]
        var variants: [Item]

        init(_ scenario: Scenario) {
            name = scenario.name
            description = scenario.description
            parts = scenario.system.map(\.name)
            tiers = scenario.tiers
            modes = scenario.modes.map(\.id)
            prompts = scenario.prompts
            variants = ([.standard] + scenario.variants).map {
                Item(
                    id: $0.id, label: $0.label, role: $0.role, source: $0.source, follows: $0.followUp?.variant,
                    contrasts: $0.contrasts)
            }
        }
    }

    /// What the model is sent, as JSON.
    private struct Rendered: Encodable {
        var mode: String
        var tier: String
        var messages: [ChatMessage]
        var prefill: String
        var followUp: String?
    }
}
