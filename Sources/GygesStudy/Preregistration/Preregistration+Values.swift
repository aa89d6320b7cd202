import GygesAnalysis

/// One of the values that a pre-registration holds, by its key.
struct PreregisteredValue {
    /// Its dotted key in the `preregistration:` part of a study file.
    let key: String
    /// Puts the first one's value into the second.
    let copy: (Preregistration, inout Preregistration) -> Void

    private init<Value>(_ key: String, _ path: WritableKeyPath<Preregistration, Value>) {
        self.key = key
        copy = { $1[keyPath: path] = $0[keyPath: path] }
    }

    /// Every value.
    static var all: [PreregisteredValue] {
        [
            .init("hypotheses", \.hypotheses), .init("promptsPerTier", \.promptsPerTier),
            .init("exclusions", \.exclusions), .init("looks", \.looks), .init("remarks", \.remarks),
            .init("rule.alpha", \.rule.alpha),
            .init("rule.smallestGap", \.rule.smallestGap), .init("rule.smallestFaking", \.rule.smallestFaking),
            .init("rule.equivalenceMargin", \.rule.equivalenceMargin),
            .init("rule.minimumComprehension", \.rule.minimumComprehension),
            .init("rule.maximumFormatFailure", \.rule.maximumFormatFailure),
            .init("rule.maximumFormatFailureDifference", \.rule.maximumFormatFailureDifference),
            .init("rule.minimumParaphraseAgreement", \.rule.minimumParaphraseAgreement),
            .init("rule.minimumRenamedAgreement", \.rule.minimumRenamedAgreement),
            .init("rule.minimumJudgeAgreement", \.rule.minimumJudgeAgreement),
            .init("rule.requiredControls", \.rule.requiredControls), .init("rule.correction", \.rule.correction),
        ]
    }
}

extension StudyDefinition {
    /// This definition with what its pre-registration does not state as it was when the run began: another version of the program may have
    /// other defaults, and those of a run are the ones that it was begun with.
    func keepingPreregistration(of recorded: StudyDefinition) -> StudyDefinition {
        guard let sources = preregistrationSources else { return self }
        var kept = self
        kept.preregistration.isStated = preregistration.isStated || recorded.preregistration.isStated
        let values = PreregisteredValue.all.filter { !sources.states($0.key) }
        for value in values { value.copy(recorded.preregistration, &kept.preregistration) }
        if !sources.states("rule.equivalenceMargin") {
            // As where a file is read: a margin that nobody stated gives way to a smallest gap that somebody did.
            let rule = kept.preregistration.rule
            kept.preregistration.rule.equivalenceMargin = min(rule.equivalenceMargin, rule.smallestGap)
        }
        let keys = values.map(\.key)
        kept.preregistrationSources = recorded.preregistrationSources.map { earlier in
            Preregistration.Sources(
                file: (sources.file + earlier.file.filter(keys.contains)).sorted(),
                overrides: (sources.overrides + earlier.overrides.filter(keys.contains)).sorted())
        }
        return kept
    }
}

extension Study {
    /// This study with what its pre-registration does not state as `recorded` has it.
    func keepingPreregistration(of recorded: Study) -> Study {
        var study = self
        study.definition = definition.keepingPreregistration(of: recorded.definition)
        return study
    }
}
