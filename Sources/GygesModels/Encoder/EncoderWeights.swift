public import GygesTensors

/// The parameters of an ``Encoder`` and its head, each under its path.
public struct EncoderWeights<Matrix, Vector> {
    /// The parameters of a layer norm.
    public struct Norm {
        /// The gain `[hidden]`.
        public var weight: Parameter<Vector>
        /// `[hidden]`
        public var bias: Parameter<Vector>?
    }

    /// The parameters of one layer.
    public struct Layer {
        /// Of attention, before or behind it; the first layer of a model that norms before has none.
        public var attentionNorm: Norm?
        /// `[hidden, hidden]`
        public var query: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var key: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var value: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var output: Projection<Matrix, Vector>
        /// Of the feed-forward part, before or behind it.
        public var feedForwardNorm: Norm
        /// The feed-forward part.
        public var feedForward: FeedForward
    }

    /// The feed-forward part of a layer.
    public enum FeedForward {
        /// `down(activation(gate(x)) · up(x))`
        case gated(GatedUnit<Matrix, Vector>)
        /// `down(activation(up(x)))`
        case plain(up: Projection<Matrix, Vector>, activation: ElementFunction, down: Projection<Matrix, Vector>)
    }

    /// The parameters of a head.
    public struct Head {
        /// `[hidden, hidden]`, if there is one.
        public var dense: Projection<Matrix, Vector>?
        /// After its activation, if there is one.
        public var norm: Norm?
        /// `[labels, hidden]`, or `[vocabulary, hidden]`; its weight is the embedding's parameter when the two are tied.
        public var scores: Projection<Matrix, Vector>
    }

    /// `[vocabulary, hidden]`
    public var embedding: Parameter<Matrix>
    /// What is added for the first of two texts and for the second, if anything, `[2, hidden]`.
    public var segments: Parameter<Matrix>?
    /// What is added for each position, if anything, `[positions, hidden]`.
    public var positions: Parameter<Matrix>?
    /// After the embedding.
    public var embeddingNorm: Norm
    /// The layers in order.
    public var layers: [Layer]
    /// After the last layer, where layers norm before their parts.
    public var finalNorm: Norm?
    /// The head, if the checkpoint has one and it was asked for.
    public var head: Head?
}

extension EncoderWeights: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Norm: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Layer: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Head: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.FeedForward: Sendable where Matrix: Sendable, Vector: Sendable {}
