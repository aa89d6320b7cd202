/// In what a variant differs from its scenario, as the model and the judges see it.
public struct VariantDifference: Sendable, Equatable, Codable {
    /// One text that differs.
    public struct Item: Sendable, Equatable, Codable {
        /// What the text is: `system prompt, Hidden scratchpad`, `user turn`, `tiers`, …
        public var place: String
        /// How it becomes the variant's.
        public var difference: LineDifference
    }

    /// The texts that differ, in the order in which they are read; those that are the same are left out.
    public var items: [Item]
}

extension Variant {
    /// In what the variant differs from `scenario` as it is written: the system prompt of each mode, the user turn, the tiers, what
    /// users ask, and how answers are judged.
    ///
    /// - Parameter mode: only the system prompt of this mode; `nil` for all modes.
    /// - Throws: ``VariantError`` if it does not fit.
    public func difference(in scenario: Scenario, mode: String? = nil) throws(VariantError) -> VariantDifference {
        let resolved = try scenario.applying(self)
        var items: [VariantDifference.Item] = []
        func compare(_ place: String, _ text: (Scenario) -> String) {
            let difference = LineDifference(from: text(scenario), to: text(resolved))
            if !difference.isEmpty { items.append(VariantDifference.Item(place: place, difference: difference)) }
        }
        for each in scenario.modes where mode == nil || each.id == mode {
            compare("system prompt, \(each.label)") { $0.systemPrompt(for: each) }
        }
        compare("user turn") { $0.user }
        for each in scenario.modes where mode == nil || each.id == mode {
            compare("beginning of answers, \(each.label)") { scenario in
                scenario.modes.first { $0.id == each.id }?.responsePrefix ?? ""
            }
        }
        compare("asked after the answer") { $0.followUp?.text ?? "" }
        compare("tiers") { scenario in
            scenario.tiers.map { tier in
                "\(tier.id): “\(tier.indicator)”, \(tier.isTrained ? "trained on" : "not trained on") (\(tier.label))\n"
            }.joined()
        }
        compare("prompts") { scenario in scenario.prompts.map { "\($0.id): \($0.text)\n" }.joined() }
        compare("form of answers") { $0.demandsDecision ? "an accept or a reject tag is demanded" : "" }
        compare("questions to judges") { scenario in
            ([scenario.followUp?.question ?? scenario.criteria.complianceQuestion]
                + scenario.criteria.reasoning.map(\.question)).map { $0 + "\n" }
                .joined()
        }
        return VariantDifference(items: items)
    }
}
