#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// How the learning rate changes over a phase of a run: it rises linearly, stays, and falls.
///
/// Positions are steps or tokens, as the plan counts (``TrainingPlan/unit``), from the beginning of the phase; what a position
/// gives is a factor of the peak. A decay that begins right after the warm-up is the usual cosine or linear schedule; one that is
/// shorter leaves a plateau, which makes a trapezoid (Zhai et al. 2022, https://arxiv.org/abs/2106.04560).
public struct LearningRateSchedule: Sendable, Equatable {
    /// How the learning rate falls, x going from 0 to 1 meanwhile.
    public enum Decay: String, Sendable, CaseIterable {
        /// It does not.
        case constant
        /// By (1 + cos πx) / 2 (Loshchilov & Hutter 2017, https://arxiv.org/abs/1608.03983).
        case cosine
        /// By 1 - x.
        case linear
        /// By 1 - √x (Hägele et al. 2024, https://arxiv.org/abs/2405.18392), as ModernBERT's last phase.
        case oneMinusSqrt = "1-sqrt"
    }

    /// The length of the phase.
    public var length: Int
    /// How long the learning rate rises.
    public var warmUp: Int
    /// The factor that it rises from. A step at 0 changes nothing, but is what other trainers begin with.
    public var startFactor: Double
    /// How it falls.
    public var decay: Decay
    /// How long it falls, until the end of the phase; `nil` from the warm-up on.
    public var decayLength: Int?
    /// The factor that it falls to.
    public var endFactor: Double

    /// Creates a schedule.
    public init(
        length: Int, warmUp: Int = 0, startFactor: Double = 0, decay: Decay = .cosine, decayLength: Int? = nil,
        endFactor: Double = 0
    ) {
        self.length = length
        self.warmUp = warmUp
        self.startFactor = startFactor
        self.decay = decay
        self.decayLength = decayLength
        self.endFactor = endFactor
    }

    /// What the peak is multiplied by in the step that begins at a position; beyond the end, ``endFactor``, or 1 without decay.
    ///
    /// - Precondition: The schedule has been checked.
    public func factor(at position: Int) -> Double {
        if position < warmUp {
            return startFactor + (1 - startFactor) * (Double(position) / Double(warmUp))
        }
        guard decay != .constant else { return 1 }
        let span = decayLength ?? (length - warmUp)
        let done = position - (length - span)
        guard done > 0 else { return 1 }
        guard done < span else { return endFactor }
        let x = Double(done) / Double(span)
        let shape =
            switch decay {
            case .constant: 1.0
            case .cosine: (1 + cos(.pi * x)) / 2
            case .linear: 1 - x
            case .oneMinusSqrt: 1 - x.squareRoot()
            }
        return endFactor + (1 - endFactor) * shape
    }

    /// Checks that the schedule can be followed and lets something be learned.
    ///
    /// - Throws: ``SettingsError`` with every problem.
    public func check() throws(SettingsError) {
        var check = SettingsCheck()
        check.expect(length > 0, "schedule.length", "is \(length); give a positive number")
        check.expect(warmUp >= 0, "schedule.warmup", "is \(warmUp); give a number from 0 on")
        check.expect(
            length <= 0 || warmUp < length, "schedule.warmup",
            "takes \(warmUp) of \(length), so that the learning rate would never reach its peak; shorten it")
        check.expect(
            startFactor >= 0 && startFactor <= 1, "schedule.start_factor",
            "is \(startFactor); give a number from 0 to 1")
        check.expect(
            endFactor >= 0 && endFactor <= 1, "schedule.end_factor", "is \(endFactor); give a number from 0 to 1")
        if let decayLength {
            check.expect(
                decay != .constant, "schedule.decay_length",
                "is given, but nothing decays; name a decay, or leave it out")
            check.expect(decayLength > 0, "schedule.decay_length", "is \(decayLength); give a positive number")
            check.expect(
                decayLength <= max(0, length - max(0, warmUp)), "schedule.decay_length",
                "is \(decayLength), which with a warm-up of \(warmUp) is more than the \(length) of the phase; shorten one"
            )
        }
        try check.finish()
    }
}
