public import GygesTensors

/// The parameters of a ``Decoder``, each under its path.
public struct DecoderWeights<Matrix, Vector> {
    /// The parameters of a mixture of experts.
    public struct Experts {
        /// Scores of the experts `[experts, hidden]`.
        public var router: Projection<Matrix, Vector>
        /// The experts to choose from.
        public var experts: [GatedUnit<Matrix, Vector>]
        /// The expert of every token; `nil` in a family without one.
        public var shared: SharedExpert?
        /// How many experts a token is given to.
        public var countPerToken: Int
        /// Whether their probabilities are divided by their sum.
        public var normalisesWeights: Bool
    }

    /// The expert that every token is given to.
    public struct SharedExpert {
        /// The expert.
        public var unit: GatedUnit<Matrix, Vector>
        /// Its score `[1, hidden]`.
        public var gate: Projection<Matrix, Vector>
    }

    /// The second half of a layer.
    public enum FeedForward {
        /// One unit for every token.
        case dense(GatedUnit<Matrix, Vector>)
        /// A mixture.
        case experts(Experts)
    }

    /// The parameters of one layer.
    public struct Layer {
        /// Gain before attention `[hidden]`.
        public var attentionNorm: Parameter<Vector>
        /// `[heads · d, hidden]`
        public var query: Projection<Matrix, Vector>
        /// `[keyValueHeads · d, hidden]`
        public var key: Projection<Matrix, Vector>
        /// `[keyValueHeads · d, hidden]`
        public var value: Projection<Matrix, Vector>
        /// Gain of each head of the queries `[d]`, in families that norm them.
        public var queryNorm: Parameter<Vector>?
        /// Gain of each head of the keys `[d]`, in families that norm them.
        public var keyNorm: Parameter<Vector>?
        /// `[hidden, heads · d]`
        public var output: Projection<Matrix, Vector>
        /// Gain before the feed-forward part `[hidden]`.
        public var feedForwardNorm: Parameter<Vector>
        /// The feed-forward part.
        public var feedForward: FeedForward
    }

    /// `[vocabulary, hidden]`
    public var embedding: Parameter<Matrix>
    /// The layers in order.
    public var layers: [Layer]
    /// Gain before the head `[hidden]`.
    public var finalNorm: Parameter<Vector>
    /// `[vocabulary, hidden]`; its weight is the embedding's parameter when the two are tied.
    public var head: Projection<Matrix, Vector>
}

extension DecoderWeights: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.Layer: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.SharedExpert: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.Experts: Sendable where Matrix: Sendable, Vector: Sendable {}
extension DecoderWeights.FeedForward: Sendable where Matrix: Sendable, Vector: Sendable {}
