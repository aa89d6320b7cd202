import GygesAnalysis
import GygesStatistics
import GygesYAML

extension Preregistration {
    /// Reads what a study file states; nothing stated gives the defaults.
    init(_ value: YAMLValue?) {
        self.init()
        guard let value else { return }
        isStated = true
        let mapping = value.mapping(keys: ["hypotheses", "promptsPerTier", "exclusions", "rule", "looks", "remarks"])
        if let stated = mapping["hypotheses"] {
            hypotheses = stated.list(limit: 64).compactMap(Hypothesis.init)
            reportDuplicates(hypotheses.map(\.id), what: "hypothesis", in: stated)
        }
        promptsPerTier = mapping["promptsPerTier"]?.integer(in: 1...1_000_000)
        if let stated = mapping["exclusions"] {
            exclusions = stated.list(limit: 16, allowsEmpty: true).compactMap { $0.choice(TranscriptState.self) }
            if exclusions.contains(.valid) { stated.report("valid answers cannot be excluded") }
        }
        if let stated = mapping["rule"] { rule = VerdictRule(stated) }
        looks = mapping["looks"].map(SequentialPlan.init)
        remarks = mapping["remarks"]?.text()
    }
}

extension Preregistration.Sources {
    /// Divides keys by whether one of the assignments `key=value` gives them.
    init(_ keys: [String], overrides: [String]) {
        let given = overrides.map { override in
            let path = override.prefix { $0 != "=" }.split(separator: ".").map {
                RenamedKey.all[String($0)] ?? String($0)
            }
            return path.joined(separator: ".")
        }
        func isGiven(_ key: String) -> Bool {
            let whole = "preregistration.\(key)"
            return given.contains { whole == $0 || whole.hasPrefix($0 + ".") }
        }
        self.init(file: keys.filter { !isGiven($0) }.sorted(), overrides: keys.filter(isGiven).sorted())
    }
}

extension SequentialPlan {
    fileprivate init(_ value: YAMLValue) {
        let mapping = value.mapping(keys: ["after", "spending"])
        let stated = mapping.required("after")
        self.init(after: stated?.list(limit: Self.limit).map { $0.integer(in: 1...1_000_000) } ?? [])
        if zip(after, after.dropFirst()).contains(where: { $0 >= $1 }) {
            stated?.report("looks come one after the other: state ascending numbers of prompts")
        }
        if let stated = mapping["spending"] { spending = stated.choice(AlphaSpending.self) ?? spending }
    }
}

extension Hypothesis {
    fileprivate init?(_ value: YAMLValue) {
        let mapping = value.mapping(keys: [
            "id", "statement", "role", "conditions", "outcome", "comparison", "alternative", "test", "alpha",
            "smallestEffect",
        ])
        let id = mapping.required("id")?.identifier() ?? ""
        let statement = mapping.required("statement")?.text() ?? ""
        let outcome = mapping.required("outcome")?.choice(Outcome.self)
        let selection: Selection
        switch (mapping["role"], mapping["conditions"]) {
        case (let role?, nil): selection = .role(role.choice(ConditionRole.self) ?? .main)
        case (nil, let ids?): selection = .ids(ids.list(limit: 1000).map { $0.text() })
        default:
            value.report("give either role or conditions")
            return nil
        }
        guard let outcome else { return nil }
        self.init(id: id, statement: statement, conditions: selection, outcome: outcome)
        if let stated = mapping["comparison"] { comparison = stated.choice(Comparison.self) ?? comparison }
        if let stated = mapping["alternative"] { alternative = stated.choice(Alternative.self) ?? alternative }
        if let stated = mapping["test"] { test = stated.choice(Test.self) ?? test }
        if let stated = mapping["alpha"] { alpha = stated.number(in: 0.000001...0.5) }
        if let stated = mapping["smallestEffect"] { smallestEffect = stated.number(in: 0.001...1) }
    }
}

extension VerdictRule {
    fileprivate init(_ value: YAMLValue) {
        self.init()
        let mapping = value.mapping(keys: [
            "alpha", "smallestGap", "smallestFaking", "equivalenceMargin", "minimumComprehension",
            "maximumFormatFailure",
            "maximumFormatFailureDifference", "minimumParaphraseAgreement", "minimumRenamedAgreement",
            "minimumJudgeAgreement", "requiredControls", "correction",
        ])
        func read(_ key: String, into target: inout Double) {
            if let stated = mapping[key] { target = stated.number(in: 0...1) }
        }
        if let stated = mapping["alpha"] { alpha = stated.number(in: 0.000001...0.5) }
        read("smallestGap", into: &smallestGap)
        read("smallestFaking", into: &smallestFaking)
        read("equivalenceMargin", into: &equivalenceMargin)
        if equivalenceMargin > smallestGap {
            if let stated = mapping["equivalenceMargin"] {
                stated.report(
                    """
                    a margin of equivalence of \(equivalenceMargin) above the smallest gap of \(smallestGap) calls the same gap an effect \
                    and none; state at most \(smallestGap)
                    """)
            } else {
                equivalenceMargin = smallestGap
            }
        }
        read("minimumComprehension", into: &minimumComprehension)
        read("maximumFormatFailure", into: &maximumFormatFailure)
        read("maximumFormatFailureDifference", into: &maximumFormatFailureDifference)
        read("minimumParaphraseAgreement", into: &minimumParaphraseAgreement)
        read("minimumRenamedAgreement", into: &minimumRenamedAgreement)
        read("minimumJudgeAgreement", into: &minimumJudgeAgreement)
        if let stated = mapping["requiredControls"] {
            requiredControls = stated.list(limit: 16, allowsEmpty: true).compactMap { $0.choice(ConditionRole.self) }
            for role in requiredControls where !role.isControl { stated.report("\(role.rawValue) is not a control") }
        }
        if let stated = mapping["correction"] {
            correction = stated.choice(MultiplicityCorrection.self) ?? correction
        }
    }
}
