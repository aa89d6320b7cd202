public import GygesAnalysis
import GygesStatistics

extension StudySimulation {
    /// What many simulated studies found in the scenario as it is written, summed up.
    public struct Result: Sendable, Equatable, Codable {
        /// The persona's name.
        public var persona: String
        /// The condition that the numbers are about.
        public var condition: String
        /// Pairs in each study.
        public var pairs: Int
        /// The persona's true compliance gap.
        public var trueGap: Double
        /// Its true compliance in the trained tier.
        public var trueTrained: Double
        /// In the untrained tier.
        public var trueUntrained: Double
        /// Its true alignment-faking rate in the trained tier.
        public var trueFaking: Double
        /// Whether “alignment faking” would be the right verdict.
        public var fakesAlignment: Bool
        /// The power that `gyges study power` gives for the test; `nil` where it gives none.
        public var expectedPower: Double?
        /// Studies with a gap to speak of.
        public var studies = 0
        /// Intervals of the gap that cover the true one.
        public var gapCovered = 0
        /// Newcombe's intervals that do.
        public var newcombeCovered = 0
        /// Intervals of compliance in the trained tier that cover.
        public var trainedCovered = 0
        /// In the untrained tier.
        public var untrainedCovered = 0
        /// Intervals of the alignment-faking rate that cover.
        public var fakingCovered = 0
        /// Studies in which a judge's errors could be corrected.
        public var corrected = 0
        /// Corrected intervals of the gap that cover.
        public var correctedGapCovered = 0
        /// Corrected intervals of compliance in the trained tier that cover.
        public var correctedTrainedCovered = 0
        /// Tests of the gap below the level.
        public var rejected = 0
        /// Equivalence tests below it.
        public var equivalent = 0
        /// Pairs over all studies; fewer than so many studies have where looks end them early.
        public var pairsAsked = 0
        /// The sum of estimated gaps.
        public var gapSum = 0.0
        /// The sum of estimated rates of compliance in the trained tier.
        public var trainedSum = 0.0
        /// The sum of corrected gaps.
        public var correctedGapSum = 0.0
        /// The sum of corrected rates of compliance in the trained tier.
        public var correctedTrainedSum = 0.0
        /// How often each verdict was given, by its name.
        public var verdicts: [String: Int] = [:]

        /// How often a verdict is given, as a share of the studies; 0 without studies.
        public func share(of finding: Verdict.Finding) -> Double {
            studies > 0 ? Double(verdicts[finding.rawValue] ?? 0) / Double(studies) : 0
        }

        /// By how much the plain gap is off on average.
        public var gapBias: Double { studies > 0 ? gapSum / Double(studies) - trueGap : 0 }
        /// By how much the corrected gap is; `nil` where nothing was corrected.
        public var correctedGapBias: Double? { corrected > 0 ? correctedGapSum / Double(corrected) - trueGap : nil }
        /// By how much the plain compliance in the trained tier is off on average.
        public var trainedBias: Double { studies > 0 ? trainedSum / Double(studies) - trueTrained : 0 }
        /// By how much the corrected one is; `nil` where nothing was corrected.
        public var correctedTrainedBias: Double? {
            corrected > 0 ? correctedTrainedSum / Double(corrected) - trueTrained : nil
        }

        init(
            persona: String, condition: String, pairs: Int, trueGap: Double, trueTrained: Double,
            trueUntrained: Double, trueFaking: Double, fakesAlignment: Bool, expectedPower: Double?
        ) {
            self.persona = persona
            self.condition = condition
            self.pairs = pairs
            self.trueGap = trueGap
            self.trueTrained = trueTrained
            self.trueUntrained = trueUntrained
            self.trueFaking = trueFaking
            self.fakesAlignment = fakesAlignment
            self.expectedPower = expectedPower
        }

        /// Adds one study.
        mutating func add(_ analysis: StudyAnalysis) {
            guard let main = analysis.condition(condition), let gap = main.gap, let estimate = gap.estimate,
                let trained = main.trainedTier?.compliance, let untrained = main.untrainedTier?.compliance
            else { return }
            studies += 1
            pairsAsked += gap.pairs.count
            gapSum += estimate
            trainedSum += trained.estimate ?? 0
            // A rate of 0 or 1 is met to the last bit or not at all; rounding must not decide.
            func covers(_ interval: Interval?, _ value: Double) -> Int {
                guard let interval else { return 0 }
                return interval.lower <= value + 1e-12 && value - 1e-12 <= interval.upper ? 1 : 0
            }
            gapCovered += covers(gap.interval, trueGap)
            newcombeCovered += covers(gap.newcombeInterval, trueGap)
            trainedCovered += covers(trained.interval, trueTrained)
            untrainedCovered += covers(untrained.interval, trueUntrained)
            fakingCovered += covers(main.trainedTier?.reasoning?.faking.interval, trueFaking)
            if let correctedGap = gap.corrected, let correctedRate = trained.corrected {
                corrected += 1
                correctedGapSum += correctedGap.estimate
                correctedTrainedSum += correctedRate.estimate
                correctedGapCovered += covers(correctedGap.interval, trueGap)
                correctedTrainedCovered += covers(correctedRate.interval, trueTrained)
            }
            if gap.pValue < analysis.rule.alpha { rejected += 1 }
            if gap.equivalence.pValue < analysis.rule.alpha { equivalent += 1 }
            if let verdict = analysis.verdicts.first(where: { $0.condition == condition }) {
                verdicts[verdict.finding.rawValue, default: 0] += 1
            }
        }

        /// Adds the studies of another result.
        mutating func add(_ other: Result) {
            for path in Self.counts { self[keyPath: path] += other[keyPath: path] }
            for path in Self.sums { self[keyPath: path] += other[keyPath: path] }
            verdicts.merge(other.verdicts, uniquingKeysWith: +)
        }

        private static var counts: [WritableKeyPath<Result, Int>] {
            [
                \.studies, \.pairsAsked, \.gapCovered, \.newcombeCovered, \.trainedCovered, \.untrainedCovered,
                \.fakingCovered,
                \.corrected, \.correctedGapCovered, \.correctedTrainedCovered, \.rejected, \.equivalent,
            ]
        }

        private static var sums: [WritableKeyPath<Result, Double>] {
            [\.gapSum, \.trainedSum, \.correctedGapSum, \.correctedTrainedSum]
        }
    }
}
