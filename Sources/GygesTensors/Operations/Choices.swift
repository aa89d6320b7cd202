/// How rows are normed.
public enum Normalization<Vector> {
    /// `x / √(mean(x²) + ε) · weight` (Zhang & Sennrich 2019).
    case rootMeanSquare(weight: Parameter<Vector>, epsilon: Float)
    /// `(x - mean(x)) / √(variance(x) + ε) · weight + bias` (Ba et al. 2016).
    case layer(weight: Parameter<Vector>, bias: Parameter<Vector>?, epsilon: Float)
}

extension Normalization: Sendable where Vector: Sendable {}

/// What each element of an activation may go through.
public enum ElementFunction: Sendable, Equatable {
    /// `z · Φ(z)` with the exact error function.
    case gelu
    /// `z · sigmoid(z)`
    case silu
    /// `tanh(z)`
    case tanh
    /// `max(z, 0)`
    case relu
    /// `1 / (1 + exp(-z))`
    case sigmoid
}

/// How rows become one.
public enum RowPooling: Sendable, Equatable {
    /// The mean, summed in the rows' order.
    case mean
    /// The sum in the rows' order, divided by the square root of their number.
    case meanOverRoot
    /// The mean of rows weighted by numbers that count up by one, from each run's own first.
    case weightedMean(from: [Int])
    /// The largest.
    case maximum
}

/// The head structure of a decoder's attention layer.
public struct AttentionShape: Sendable, Equatable {
    /// The number of query heads.
    public var headCount: Int
    /// The number of key-value heads; divides ``headCount``.
    public var keyValueHeadCount: Int
    /// Channels a head.
    public var headDimension: Int

    /// Creates the shape; scores are scaled by `1/√headDimension`.
    public init(headCount: Int, keyValueHeadCount: Int, headDimension: Int) {
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headDimension = headDimension
    }

    /// What scores are multiplied by before the softmax.
    public var scale: Float { 1 / Float(headDimension).squareRoot() }
}

/// How an encoder's layer attends: heads, how far each position sees, and how positions rotate queries and keys.
public struct EncoderAttention: Sendable {
    /// The number of heads, of queries and of keys.
    public var headCount: Int
    /// Position `i` sees `j` where `|i - j| ≤ windowRadius`; `nil` sees all of its sequence.
    public var windowRadius: Int?
    /// The angles by which queries and keys are rotated; its halves layout.
    public var table: RotaryTable

    /// Describes a layer; a head has `table.headDimension` channels, all of which are rotated.
    public init(headCount: Int, windowRadius: Int?, table: RotaryTable) {
        self.headCount = headCount
        self.windowRadius = windowRadius
        self.table = table
    }
}
