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
        /// Before attention; the first layer has none.
        public var attentionNorm: Norm?
        /// `[hidden, hidden]`
        public var query: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var key: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var value: Projection<Matrix, Vector>
        /// `[hidden, hidden]`
        public var output: Projection<Matrix, Vector>
        /// Before the feed-forward part.
        public var feedForwardNorm: Norm
        /// The feed-forward part.
        public var feedForward: GatedUnit<Matrix, Vector>
    }

    /// The parameters of a head.
    public struct Head {
        /// `[hidden, hidden]`
        public var dense: Projection<Matrix, Vector>
        /// After its activation.
        public var norm: Norm
        /// `[labels, hidden]`, or `[vocabulary, hidden]`; its weight is the embedding's parameter when the two are tied.
        public var scores: Projection<Matrix, Vector>
    }

    /// `[vocabulary, hidden]`
    public var embedding: Parameter<Matrix>
    /// After the embedding.
    public var embeddingNorm: Norm
    /// The layers in order.
    public var layers: [Layer]
    /// After the last layer.
    public var finalNorm: Norm
    /// The head, if the checkpoint has one and it was asked for.
    public var head: Head?
}

extension EncoderWeights: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Norm: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Layer: Sendable where Matrix: Sendable, Vector: Sendable {}
extension EncoderWeights.Head: Sendable where Matrix: Sendable, Vector: Sendable {}
