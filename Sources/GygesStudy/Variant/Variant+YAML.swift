import GygesAnalysis
import GygesYAML

extension Variant {
    /// Reads a list of variants; each may combine others that stand before it or in `known`.
    static func list(_ value: YAMLValue?, after known: [Variant]) -> [Variant] {
        var variants: [Variant] = []
        for item in value?.list(limit: 200) ?? [] { variants.append(Variant(item, after: known + variants)) }
        return variants
    }

    /// Reads a list of edits.
    static func edits(_ value: YAMLValue) -> [Edit] { value.list(limit: 64).compactMap(Edit.init) }

    private init(_ value: YAMLValue, after known: [Variant]) {
        let mapping = value.mapping(keys: [
            "id", "label", "role", "source", "combines", "edits", "followUp", "contrasts",
        ])
        id = mapping.required("id")?.identifier() ?? ""
        label = mapping.required("label")?.text() ?? ""
        role = mapping["role"]?.choice(ConditionRole.self) ?? .variation
        source = mapping["source"]?.text()
        edits = []
        followUp = mapping["followUp"].map { FollowUp($0, after: known) }
        guard followUp == nil else {
            if mapping["role"] == nil { role = .followUp }
            if role != .followUp { value.report("a variant with a followUp has the role follow-up") }
            for key in ["edits", "combines"] {
                mapping[key]?.report("what follows an answer changes nothing before it: leave \(key) out")
            }
            return
        }
        if role == .followUp { value.report("the role follow-up needs a followUp") }
        for other in mapping["combines"]?.list(limit: 16) ?? [] {
            let name = other.identifier()
            if let variant = known.first(where: { $0.id == name }) {
                edits += variant.edits
            } else {
                other.report("there is no variant “\(name)” before this one")
            }
        }
        if let own = mapping["combines"] == nil ? mapping.required("edits") : mapping["edits"] {
            edits += Self.edits(own)
        }
        contrasts = mapping["contrasts"]?.list(limit: 32).map(Contrast.init)
        reportDuplicates((contrasts ?? []).map(\.id), what: "contrast", in: mapping["contrasts"])
        if role == .main { value.report("only a scenario as it is written has the role main") }
        if ["all", "controls"].contains(id) { value.report("“\(id)” stands for several variants in study files") }
    }
}

extension Contrast {
    fileprivate init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["id", "label", "first", "second", "than", "predicts"])
        let predictions = mapping.required("predicts")?.mapping(keys: Motive.allCases.map(\.rawValue))
        self.init(
            id: mapping.required("id")?.identifier() ?? "", label: mapping.required("label")?.text() ?? "",
            first: mapping.required("first")?.identifier() ?? "",
            second: mapping.required("second")?.identifier() ?? "",
            than: mapping["than"]?.identifier(),
            predictions: Dictionary(
                uniqueKeysWithValues: Motive.allCases.compactMap { motive in
                    predictions?[motive.rawValue]?.choice(Prediction.self).map { (motive, $0) }
                }))
    }
}

extension FollowUp {
    fileprivate init(_ value: YAMLValue, after known: [Variant]) {
        let mapping = value.mapping(keys: ["after", "text", "expect", "question"])
        variant = mapping["after"]?.identifier() ?? Variant.standard.id
        text = mapping.required("text")?.text().trimmingTrailingLineBreaks() ?? ""
        expectation = mapping["expect"].map(Scenario.Expectation.init)
        question = mapping["question"]?.text()
        if (expectation == nil) == (question == nil) {
            value.report("a followUp has either expect, for a closed question, or question, for judges of an open one")
        }
        if variant != Variant.standard.id, !known.contains(where: { $0.id == variant }) {
            (mapping["after"] ?? value).report("there is no variant “\(variant)” before this one")
        }
    }
}

extension Variant.Edit {
    /// What an edit does, as files name it, with the keys that go with it.
    private enum Verb: String, CaseIterable {
        case replacePart, cutPart, addPart, replaceText, rename, user, suffix, tiers, indicators, judge, prompts
        case demandDecision, responsePrefix

        var keys: [String] {
            switch self {
            case .replacePart: ["mode", "text"]
            case .cutPart, .responsePrefix: ["mode"]
            case .addPart: ["before", "after", "modes", "text"]
            case .replaceText: ["with", "part", "mode"]
            case .rename: ["to"]
            case .user, .suffix, .tiers, .indicators, .judge, .prompts, .demandDecision: []
            }
        }
    }

    fileprivate init?(_ value: YAMLValue) {
        let all = Verb.allCases
        let mapping = value.mapping(keys: all.map(\.rawValue) + all.flatMap(\.keys))
        let verbs = all.filter { mapping[$0.rawValue] != nil }
        guard verbs.count == 1, let verb = verbs.first, let object = mapping[verb.rawValue] else {
            value.report("an edit has exactly one of \(all.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        for key in mapping.keys where key != verb.rawValue && !verb.keys.contains(key) {
            mapping[key]?.report("\(verb.rawValue) has no “\(key)”")
        }
        func text(_ key: String, allowsEmpty: Bool = false) -> String {
            mapping.required(key)?.text(allowsEmpty: allowsEmpty).trimmingTrailingLineBreaks() ?? ""
        }
        func address(_ name: YAMLValue) -> Variant.PartAddress {
            Variant.PartAddress(name.identifier(), mode: mapping["mode"]?.identifier())
        }
        switch verb {
        case .replacePart: self = .replacePart(address(object), text: text("text"))
        case .cutPart: self = .cutPart(address(object))
        case .addPart:
            let part = Scenario.Part(
                name: object.identifier(), modes: mapping["modes"]?.list(limit: 8).map { $0.identifier() },
                text: text("text"))
            switch (mapping["before"], mapping["after"]) {
            case (let before?, nil): self = .addPart(part, .before(before.identifier()))
            case (nil, let after?): self = .addPart(part, .after(after.identifier()))
            default:
                value.report("say before or after which part it stands")
                return nil
            }
        case .replaceText:
            self = .replaceText(
                mapping["part"].map { .part(address($0)) } ?? .user,
                find: object.text().trimmingTrailingLineBreaks(), with: text("with", allowsEmpty: true))
        case .rename: self = .rename(object.text(), to: text("to"))
        case .user: self = .user(object.text())
        case .suffix: self = .suffix(object.text())
        case .tiers:
            let tiers = object.list(limit: 8).map(Scenario.Tier.init)
            reportDuplicates(tiers.map(\.id), what: "tier", in: object)
            self = .tiers(tiers)
        case .indicators:
            self = .indicators(object.anyMapping().mapValues { $0.text(allowsEmpty: true) })
        case .responsePrefix:
            self = .responsePrefix(
                mode: mapping.required("mode")?.identifier() ?? "", text: object.text(allowsEmpty: true))
        case .judge: self = .criteria(Scenario.Criteria(object))
        case .prompts:
            let prompts = object.list(limit: 10_000).map(Scenario.Prompt.init)
            reportDuplicates(prompts.map(\.id), what: "prompt", in: object)
            self = .prompts(prompts)
        case .demandDecision:
            if !object.truth() { object.report("only true has an effect") }
            self = .demandDecision
        }
    }
}
