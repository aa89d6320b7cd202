public import GygesKernels
public import GygesTensors

/// What an optimizer remembers of a parameter: one number an element.
///
/// Not `Sendable`: it belongs to the thread that trains.
public final class MomentTensor {
    /// Which of an optimizer's averages.
    public enum Kind: String, Sendable {
        /// Of gradients.
        case first
        /// Of squared gradients.
        case second
        /// Of gradients, as gradient descent adds them up.
        case velocity
    }

    /// The parameter.
    public let path: ParameterPath
    /// What is remembered of it.
    public let kind: Kind
    /// How the numbers are kept.
    public let format: MomentFormat
    /// The numbers, which live as long as the object: what checkpoints keep.
    public let bytes: UnsafeMutableRawBufferPointer

    /// Zeros.
    init(_ path: ParameterPath, _ kind: Kind, count: Int, format: MomentFormat) {
        self.path = path
        self.kind = kind
        self.format = format
        bytes = allocateForStreaming(byteCount: max(1, count * format.byteCount))
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }
}

/// A parameter as an optimizer sees it.
///
/// The memory belongs to whoever made it, and stays where it is as long as the optimizer lives.
public struct TrainedParameter {
    /// What it is called.
    public var path: ParameterPath
    /// Whether it is a vector, which does not decay.
    public var isVector: Bool
    /// The master copy, which steps change.
    public var values: UnsafeMutableBufferPointer<Float>
    /// Where its gradient stands at each step, as long as ``values``.
    public var gradient: UnsafeMutableBufferPointer<Float>

    /// Names a parameter.
    ///
    /// - Precondition: `values` and `gradient` are equally long and not empty.
    public init(
        _ path: ParameterPath, isVector: Bool, values: UnsafeMutableBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) {
        guard values.count == gradient.count, !values.isEmpty else {
            fatalError("\(path) has \(values.count) elements and a gradient of \(gradient.count)")
        }
        self.path = path
        self.isVector = isVector
        self.values = values
        self.gradient = gradient
    }
}
