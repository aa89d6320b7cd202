/// How an encoder's hidden states become vectors for search: what a sentence-transformers or PyLate folder says beside
/// `config.json` (`modules.json`, `1_Pooling`, `2_Dense`, `config_sentence_transformers.json`, `sentence_bert_config.json`).
public struct EmbeddingConfiguration: Sendable, Equatable {
    /// What a text's vectors are.
    public enum Kind: Sendable, Equatable {
        /// One vector a text, pooled from its tokens'.
        case single(Pooling)
        /// A vector a token, compared by MaxSim (ColBERT: Khattab & Zaharia 2020).
        case lateInteraction(LateInteraction)
        /// A weight for each token of the vocabulary (SPLADE: Formal et al. 2021).
        case sparse(Sparse)
    }

    /// How a text's rows become one.
    public enum Pooling: String, Sendable, CaseIterable {
        /// The first row.
        case first = "cls"
        /// The last row.
        case last = "lasttoken"
        /// The mean of all rows.
        case mean
        /// Each channel's largest.
        case maximum = "max"
    }

    /// How a late-interaction model treats queries and documents (PyLate, `models/colbert.py`).
    public struct LateInteraction: Sendable, Equatable {
        /// The token put after the first of a query.
        public var queryPrefix = "[Q] "
        /// The token put after the first of a document.
        public var documentPrefix = "[D] "
        /// The most tokens of a query.
        public var queryLength = 32
        /// The most tokens of a document.
        public var documentLength = 180
        /// Whether queries are filled up to ``queryLength`` with mask tokens, which get vectors too.
        public var expandsQueries = true
        /// Whether other tokens see those mask tokens.
        public var attendsToExpansion = false
        /// Words whose vectors documents leave out.
        public var skippedWords: [String] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".map { String($0) }

        /// PyLate's defaults.
        public init() {}
    }

    /// How scores of the vocabulary become a sparse vector.
    public struct Sparse: Sendable, Equatable {
        /// Whether a token's weight is the sum over the text's rows instead of the largest.
        public var sums = false
        /// Whether the logarithm is taken twice.
        public var takesLogarithmTwice = false

        /// SPLADE's defaults: the largest of `log(1 + relu(score))`.
        public init() {}
    }

    /// A linear layer after the encoder, in a folder of its own.
    public struct Dense: Sendable, Equatable {
        /// The folder's name.
        public var folder: String
        /// Channels read.
        public var inputs: Int
        /// Channels made.
        public var outputs: Int
        /// Whether it has a bias.
        public var hasBias: Bool
        /// Whether the hyperbolic tangent follows.
        public var appliesTanh: Bool
        /// Whether the input is added, by a matrix of its own where the widths differ.
        public var isResidual: Bool
    }

    /// How similar vectors are meant to be compared.
    public enum Similarity: String, Sendable {
        case cosine
        case dot
        case euclidean
        case manhattan
    }

    /// A text put before others of a kind.
    public struct Prompt: Sendable, Equatable {
        /// The name to ask for it by, e.g. `query`.
        public var name: String
        /// The text.
        public var text: String
    }

    /// What the vectors are.
    public var kind: Kind
    /// The layers that vectors go through, in order.
    public var dense: [Dense] = []
    /// Whether vectors are scaled to length 1 in the end.
    public var normalizes = false
    /// Whether a prompt's tokens count in pooling.
    public var poolsPrompts = true
    /// The prompts that the publisher names.
    public var prompts: [Prompt] = []
    /// The prompt that is used when none is asked for.
    public var defaultPrompt: String?
    /// How vectors are to be compared; `nil` if the folder does not say.
    public var similarity: Similarity?
    /// The most tokens of a text, if less than the encoder's.
    public var maximumLength: Int?

    /// Vectors of one kind, with nothing after them.
    public init(kind: Kind) { self.kind = kind }

    /// The text of a prompt; `nil` if there is none of that name.
    public func prompt(named name: String) -> String? { prompts.first { $0.name == name }?.text }
}
