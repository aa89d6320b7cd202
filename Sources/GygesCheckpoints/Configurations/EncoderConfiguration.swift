/// The shape of an encoder and of its head, from `config.json`: one description of all families.
///
/// Every field is checked: positive, within what a real model has, and consistent with the others.
public struct EncoderConfiguration: Sendable, Equatable {
    /// How positions rotate queries and keys in one kind of layers.
    public struct Rotation: Sendable, Equatable {
        /// The base of the rotary frequencies.
        public var base: Double
        /// How positions are stretched; unlike a decoder's, always: the model was trained so.
        public var scaling: RopeScaling
    }

    /// How a model knows where tokens stand.
    public enum Positions: Sendable, Equatable {
        /// Queries and keys are rotated: in layers that see everything, and in local ones.
        case rotary(global: Rotation, local: Rotation)
        /// A vector for each position is added to the embeddings.
        case learned(LearnedPositions)
    }

    /// A table of positions.
    public struct LearnedPositions: Sendable, Equatable {
        /// Rows of the table.
        public var count: Int
        /// RoBERTa's: the id of the token that fills up, in whose row such tokens stand and behind which positions begin;
        /// `nil` where they begin at 0.
        public var padding: Int32?

        /// The row of the first token.
        public var first: Int { padding.map { Int($0) + 1 } ?? 0 }
    }

    /// Where layers have their norms.
    public enum NormPlace: Sendable, Equatable {
        /// Before attention and before the feed-forward part, and once behind the last layer.
        case beforeParts
        /// Behind each, when what it makes was added to what it read.
        case behindParts
    }

    /// The feed-forward part of a layer.
    public enum FeedForward: Sendable, Equatable {
        /// `down(gelu(gate(x)) · up(x))`
        case gatedByGELU
        /// `down(silu(gate(x)) · up(x))`
        case gatedBySiLU
        /// `down(activation(up(x)))`
        case plain(EncoderActivation)
    }

    /// The family, by which files name tensors.
    public var family: EncoderFamily
    /// The number of layers.
    public var layerCount: Int
    /// Channels of the residual stream.
    public var hiddenSize: Int
    /// Channels of the feed-forward part.
    public var intermediateSize: Int
    /// Heads, of queries and of keys.
    public var headCount: Int
    /// Rows of the embedding table, padding included.
    public var vocabularySize: Int
    /// The most tokens of a text.
    public var contextLength: Int
    /// How the model knows where tokens stand.
    public var positions: Positions
    /// Rows of the table that tells the first of two texts from the second; 0 if there is none.
    public var segmentCount = 0
    /// Where layers have their norms.
    public var normPlace: NormPlace
    /// Added to the variance in norms.
    public var normEpsilon: Double
    /// The feed-forward part.
    public var feedForward: FeedForward
    /// Whether each layer sees only positions within ``windowRadius``.
    public var isLocal: [Bool]
    /// How far a local layer sees to either side: position `i` sees `j` where `|i - j| ≤ windowRadius`.
    public var windowRadius: Int
    /// Which parts have biases.
    public var biases: Biases
    /// What the checkpoint was saved for.
    public var task: EncoderTask
    /// The head's settings.
    public var head: Head
    /// The ids of special tokens.
    public var tokens: Tokens

    /// Which parts have biases.
    public struct Biases: Sendable, Equatable {
        /// The norms.
        public var norms = false
        /// Queries, keys, values and the attention's output.
        public var attention = false
        /// The feed-forward part.
        public var feedForward = false
        /// The dense layer of the head (`classifier_bias`); the classifier itself always has one.
        public var head = false
        /// The scores of the vocabulary.
        public var decoder = true

        /// BERT's and RoBERTa's.
        static let everywhere = Biases(norms: true, attention: true, feedForward: true, head: true, decoder: true)
    }

    /// The head: a dense layer with an activation and a norm, as far as it has them, before the scores.
    public struct Head: Sendable, Equatable {
        /// Whether there is a dense layer.
        public var hasDense = true
        /// The activation of the dense layer.
        public var activation = EncoderActivation.gelu
        /// Whether a norm follows.
        public var hasNorm = true
        /// Whether a classifier of texts reads the mean of all rows instead of the first.
        public var readsMean = false
        /// The labels' names in order.
        public var labels: [String] = []
        /// What the scores mean; `nil` if the file does not say.
        public var problem: ClassificationProblem?
        /// What a re-ranker's score goes through; `nil` if the file does not say.
        public var scoreFunction: ScoreFunction?
        /// Whether the scores of the vocabulary are taken with the embedding table.
        public var tiesEmbeddings = true
    }

    /// What a re-ranker's score goes through.
    public enum ScoreFunction: String, Sendable {
        case identity = "Identity"
        case sigmoid = "Sigmoid"
        case tanh = "Tanh"
    }

    /// The ids of special tokens; `nil` where the file has none.
    public struct Tokens: Sendable, Equatable {
        /// Fills up queries of late interaction where the tokenizer has no `[MASK]`; texts are never padded.
        public var padding: Int32?
        /// Begins every text.
        public var beginning: Int32?
        /// Ends every text, and stands between two.
        public var separator: Int32?
    }

    /// Channels a head.
    public var headDimension: Int { hiddenSize / headCount }

    /// The most tokens that can be computed at once; `nil` where positions have no table that ends.
    public var positionLimit: Int? {
        if case .learned(let table) = positions { table.count - table.first } else { nil }
    }
}
