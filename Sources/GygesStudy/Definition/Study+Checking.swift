import GygesAnalysis

extension Study {
    /// What is out of its range in a study that was not read from a study file, such as a journal's; `nil` if all is well.
    ///
    /// A study file is checked as it is read. A journal may come from anywhere, and counts and levels reach loops and tests that are not
    /// made for others.
    var fault: String? {
        func outside<Value: Comparable>(_ name: String, _ value: Value, _ range: ClosedRange<Value>) -> String? {
            // Written so that NaN is outside.
            range.contains(value) ? nil : "\(name) is not between \(range.lowerBound) and \(range.upperBound)."
        }
        let (sampling, endpoint) = (definition.sampling, definition.endpoint)
        let rule = definition.preregistration.rule
        let counts: [String?] = [
            outside("samplesPerPrompt", definition.samplesPerPrompt, 1...AnswerRow.sampleLimit),
            outside("concurrency", definition.concurrency, 1...256),
            outside("sampling.maximumTokens", sampling.maximumTokens, 1...1_000_000),
            outside("sampling.topK", sampling.topK, 0...1_000_000),
            outside("endpoint.timeout", endpoint.timeout, 1...86_400),
            outside("endpoint.attempts", endpoint.attempts, 1...100),
            endpoint.longestWait.flatMap { outside("endpoint.longestWait", $0, EndpointSettings.longestWaits) },
            definition.preregistration.promptsPerTier.flatMap { outside("promptsPerTier", $0, 1...1_000_000) },
            definition.preregistration.looks.flatMap {
                outside("the number of looks", $0.after.count, 0...SequentialPlan.limit)
            },
        ]
        let levels = [
            outside("sampling.temperature", Double(sampling.temperature), 0...10),
            outside("sampling.topP", Double(sampling.topP), 0...1),
            outside("rule.alpha", rule.alpha, 0.000001...0.5),
            outside("rule.equivalenceMargin", rule.equivalenceMargin, 0...1),
        ]
        let hypotheses = definition.preregistration.hypotheses.flatMap { hypothesis in
            [
                outside("alpha of “\(hypothesis.id.prefix(40))”", hypothesis.alpha, 0.000001...0.5),
                outside("smallestEffect of “\(hypothesis.id.prefix(40))”", hypothesis.smallestEffect, 0.001...1),
            ]
        }
        return (counts + levels + hypotheses).compactMap(\.self).first
    }
}
