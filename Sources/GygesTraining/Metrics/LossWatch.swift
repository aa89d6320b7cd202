import GygesStatistics

/// Tells a loss that stands out from those of the steps before it.
///
/// The rule is that of OLMo-core's optimizers that skip steps (`optim/skip_step_optimizer.py`): a loss is a spike if it lies more than six
/// standard deviations above the mean of the last 128, and nothing is said before 64 are known. Mean and deviation are robust ones here, the
/// median and the median absolute deviation, scaled to agree with the standard deviation of normal values (Rousseeuw & Croux 1993,
/// https://doi.org/10.1080/01621459.1993.10476408): a spike would otherwise widen what the next one is measured by. Losses that fall
/// are never spikes, and a rise that is slow against the window is followed by its median. A loss that stays high is a spike
/// until half of the window has seen it, then what is usual.
///
/// The same watch serves for gradient norms.
public struct LossWatch: Sendable, Equatable {
    /// What a watch says of a loss.
    public enum Judgement: Sendable, Equatable {
        /// It is as the others are, lower, or too few are known.
        case normal
        /// It lies so many deviations above the median of those before it.
        case spike(by: Double)
        /// It is not a number, or infinite.
        case notANumber
    }

    /// What counts as a spike.
    public struct Settings: Sendable, Equatable {
        /// How many losses are looked back on.
        public var windowLength: Int
        /// How many deviations above the median a loss may lie.
        public var threshold: Double
        /// The deviation that is assumed at least, as a share of the median: where losses hardly differ, every small change would
        /// stand out.
        public var minimumRelativeDeviation: Double
        /// The deviation that is assumed at least.
        public var minimumDeviation: Double

        /// Creates settings; by default OLMo-core's, with 1 % of the median and 0.001 as the minimum deviations.
        public init(
            windowLength: Int = 128, threshold: Double = 6, minimumRelativeDeviation: Double = 0.01,
            minimumDeviation: Double = 0.001
        ) {
            self.windowLength = windowLength
            self.threshold = threshold
            self.minimumRelativeDeviation = minimumRelativeDeviation
            self.minimumDeviation = minimumDeviation
        }
    }

    /// What counts as a spike.
    public let settings: Settings
    /// The losses looked back on, oldest first: what a checkpoint keeps, so that a run that goes on judges as it would have.
    public private(set) var recent: [Double] = []

    /// Standard deviations of normal values in one median absolute deviation of theirs: 1 / Φ⁻¹(3/4).
    private static let normalScale = 1.482_602_218_505_602

    /// A watch.
    ///
    /// - Parameter recent: The losses of earlier steps, oldest first; the last of them that fill the window count, and of these numbers
    ///   alone.
    /// - Throws: ``SettingsError`` if the settings say nothing.
    public init(_ settings: Settings = Settings(), recent: [Double] = []) throws(SettingsError) {
        var check = SettingsCheck()
        check.expect(
            (4...1 << 16).contains(settings.windowLength), "spikes.window",
            "is \(settings.windowLength); give a number of steps from 4 to \(1 << 16), such as 128")
        check.expect(
            settings.threshold > 0 && settings.threshold.isFinite, "spikes.threshold",
            "is \(settings.threshold); give a number of deviations above 0, such as 6")
        check.expect(
            settings.minimumRelativeDeviation >= 0 && settings.minimumDeviation >= 0
                && settings.minimumRelativeDeviation + settings.minimumDeviation > 0
                && settings.minimumRelativeDeviation.isFinite && settings.minimumDeviation.isFinite,
            "spikes.minimum_deviation",
            "is \(settings.minimumDeviation) and \(settings.minimumRelativeDeviation) of the median; give numbers from 0 on of which one is "
                + "above 0")
        try check.finish()
        self.settings = settings
        self.recent = recent.filter(\.isFinite).suffix(settings.windowLength)
    }

    /// What a loss is beside the recent ones.
    ///
    /// - Complexity: O(window · log window).
    public func judgement(of loss: Double) -> Judgement {
        guard loss.isFinite else { return .notANumber }
        guard recent.count >= settings.windowLength / 2 else { return .normal }
        let median = Self.median(recent)
        let spread = Self.normalScale * Self.median(recent.map { abs($0 - median) })
        let deviation = max(spread, settings.minimumRelativeDeviation * abs(median), settings.minimumDeviation)
        // A minimum deviation that is a share alone is none beside a median of 0.
        let distance = deviation > 0 ? (loss - median) / deviation : loss > median ? .infinity : 0
        return distance > settings.threshold ? .spike(by: distance) : .normal
    }

    /// What a loss is beside the recent ones, of which it becomes one; what is no number does not.
    public mutating func take(_ loss: Double) -> Judgement {
        let judgement = judgement(of: loss)
        if loss.isFinite {
            if recent.count == settings.windowLength { recent.removeFirst() }
            recent.append(loss)
        }
        return judgement
    }

    private static func median(_ values: [Double]) -> Double { quantile(ofSorted: values.sorted(), 0.5) }
}
