public import GygesAnalysis

extension StudyDocument {
    /// What was stated before the run. What came of it is in the results.
    public struct Preregistration: Sendable, Equatable {
        /// Whether anything was stated when the run began; otherwise all that was known then were the program's defaults.
        public var isStated: Bool
        /// Whether the rule of the verdict is another one now than when the run began.
        public var hasOtherRule = false
        /// What else was decided: n, exclusions, the rule, each with its value and where that comes from.
        public var terms: [Fact]
        /// Where the hypotheses come from, in words.
        public var hypothesesOrigin = ""
        /// The hypotheses in the order stated.
        public var hypotheses: [Hypothesis]
        /// Every later difference from what was stated; empty if there is none.
        public var deviations: [String]

        /// Creates a pre-registration.
        public init(isStated: Bool, terms: [Fact] = [], hypotheses: [Hypothesis] = [], deviations: [String] = []) {
            self.isStated = isStated
            self.terms = terms
            self.hypotheses = hypotheses
            self.deviations = deviations
        }
    }

    /// The hypotheses that were stated, each with what became of it; `nil` where nothing was judged.
    var statedHypotheses: [(stated: Hypothesis, result: HypothesisResult?)] {
        let results = results.primary?.hypotheses ?? []
        return (preregistration?.hypotheses ?? []).enumerated().map { index, stated in
            (stated, results.indices.contains(index) ? results[index] : nil)
        }
    }
}

extension Hypothesis {
    /// How it is tested, in words.
    var testInWords: String {
        let conditions =
            switch conditions {
            case .role(let role): "all conditions of the role \(role.rawValue)"
            case .ids(let ids): ids.joined(separator: ", ")
            }
        func tenths(_ share: Double) -> String { "\((1000 * share).rounded() / 10)" }
        return """
            \(outcome.rawValue), \(comparison.rawValue); \(test.rawValue), \(alternative.rawValue), level \
            \(tenths(alpha)) %, smallest effect of interest \(tenths(smallestEffect)) points; \(conditions)
            """
    }
}
