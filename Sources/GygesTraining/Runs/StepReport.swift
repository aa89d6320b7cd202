public import GygesTensors

/// What a step was like.
public struct StepReport: Sendable, Equatable {
    /// How far the run has come with it.
    public var progress: TrainingProgress
    /// The number of its phase, from 0.
    public var phase: Int
    /// The learning rate, before factors of groups.
    public var learningRate: Double
    /// The mean loss of all rows that were asked for something, in nats.
    public var loss: Double
    /// How many rows that were.
    public var supervisedCount: Int
    /// The tokens that were read.
    public var tokenCount: Int
    /// The packs that they stood in.
    public var packCount: Int
    /// The Euclidean norm of all gradients together, before it was clipped; not-a-number for a step that was left out for its loss.
    public var gradientNorm: Double
    /// What gradients were multiplied by to clip them; 1 if they were not.
    public var clipping: Double
    /// The parameters whose gradient was zero throughout.
    public var untouched: [ParameterPath]
    /// How unevenly mixtures chose experts, 1 being even; `nil` without mixtures. See `ExpertBalance`.
    public var balanceLoss: Double?
    /// Why nothing was changed, if nothing was.
    public var fault: StepFault?
}

/// Why a step was not made.
public struct StepFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: Sendable, Equatable {
        /// The losses of some rows are no numbers.
        case loss
        /// The gradients of some parameters are no numbers, though all losses are.
        case gradients([ParameterPath])
        /// The loss is far above those of the steps before.
        case spike(loss: Double, deviations: Double)
        /// No row was asked for anything.
        case nothingToLearn
    }

    /// The number of the step, from 1.
    public var step: Int
    /// What was wrong.
    public var kind: Kind
    /// The samples that it comes from, the worst first, as far as that can be told; at most ``sampleLimit``.
    public var samples: [SampleReference]

    /// How many samples are named.
    public static let sampleLimit = 5

    /// The problem and what to do.
    public var description: String {
        let problem =
            switch kind {
            case .loss: "the loss is not a number"
            case .gradients(let paths):
                "the gradient of \(paths.prefix(3).map(\.description).joined(separator: ", "))\(paths.count > 3 ? " and \(paths.count - 3) more" : "") is not finite"
            case .spike(let loss, let deviations):
                "the loss is \(loss), \(deviations) deviations above the median of the steps before"
            case .nothingToLearn: "none of its tokens is to be predicted"
            }
        return
            "Step \(step): \(problem), so that nothing was changed. Look at its rows with gyges train why, lower the learning rate, or "
            + "leave such steps out (faults: skip)."
    }
}
