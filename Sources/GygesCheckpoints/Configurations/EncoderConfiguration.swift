/// What an encoder's folder adds to its hidden states: the task that the checkpoint was saved for (`architectures`).
public enum EncoderTask: String, Sendable, CaseIterable {
    /// Hidden states alone.
    case hiddenStates = "ModernBertModel"
    /// Scores of every token of the vocabulary at masked places.
    case maskedLanguageModel = "ModernBertForMaskedLM"
    /// Scores of labels for a text or a pair of texts.
    case sequenceClassification = "ModernBertForSequenceClassification"
    /// Scores of labels for each token.
    case tokenClassification = "ModernBertForTokenClassification"
    /// Where an answer begins and ends.
    case questionAnswering = "ModernBertForQuestionAnswering"

    /// In words, for messages.
    public var title: String {
        switch self {
        case .hiddenStates: "hidden states without a head"
        case .maskedLanguageModel: "a masked language model"
        case .sequenceClassification: "a classifier of texts"
        case .tokenClassification: "a classifier of tokens"
        case .questionAnswering: "a finder of answers"
        }
    }
}

/// The activation function of an encoder's layers or head.
public enum EncoderActivation: Sendable {
    /// `z · Φ(z)`, by the exact error function.
    case gelu
    /// `z · sigmoid(z)`
    case silu
}

/// What a classifier's scores mean.
public enum ClassificationProblem: String, Sendable {
    /// One label is right: a softmax gives probabilities.
    case singleLabel = "single_label_classification"
    /// Any number of labels are: each has a probability of its own by a sigmoid.
    case multipleLabels = "multi_label_classification"
    /// The scores are the values.
    case regression
}

/// The shape of a ModernBERT encoder and of its head, from `config.json` (Warner et al. 2024; transformers,
/// `configuration_modernbert.py`).
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
    /// Added to the variance in norms.
    public var normEpsilon: Double
    /// The activation of the feed-forward gate.
    public var activation: EncoderActivation
    /// Whether each layer sees only positions within ``windowRadius``.
    public var isLocal: [Bool]
    /// How far a local layer sees to either side: position `i` sees `j` where `|i - j| ≤ windowRadius`.
    public var windowRadius: Int
    /// The rotation of layers that see everything.
    public var globalRotation: Rotation
    /// The rotation of local layers.
    public var localRotation: Rotation
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
        /// The dense layer of the prediction head (`classifier_bias`); the classifier itself always has one.
        public var head = false
        /// The scores of the vocabulary.
        public var decoder = true
    }

    /// The prediction head: a dense layer, an activation and a norm before the scores.
    public struct Head: Sendable, Equatable {
        /// The activation of its dense layer.
        public var activation = EncoderActivation.gelu
        /// Whether a classifier of texts reads the mean of all rows instead of the first.
        public var readsMean = false
        /// The labels' names in order.
        public var labels: [String] = []
        /// What the scores mean; `nil` if the file does not say.
        public var problem: ClassificationProblem?
        /// Whether a re-ranker's score goes through a sigmoid; `nil` if the file does not say.
        public var appliesSigmoid: Bool?
        /// Whether the scores of the vocabulary are taken with the embedding table.
        public var tiesEmbeddings = true
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
}
