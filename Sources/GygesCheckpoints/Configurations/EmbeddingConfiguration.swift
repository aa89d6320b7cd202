/// How an encoder's hidden states become vectors or scores: what a sentence-transformers or PyLate folder says beside
/// `config.json` (`modules.json`, the modules' own folders, `config_sentence_transformers.json`, `sentence_bert_config.json`).
///
/// Such a folder is a pipeline of modules, run in its order. Modules read and write features by name, so that what the last one
/// wants is a chain through some of them: ``steps``.
public struct EmbeddingConfiguration: Sendable, Equatable {
    /// What comes out.
    public enum Kind: Sendable, Equatable {
        /// One vector a text, pooled from its tokens'.
        case single
        /// A vector a token, compared by MaxSim (ColBERT: Khattab & Zaharia 2020).
        case lateInteraction(LateInteraction)
        /// A weight for each token of the vocabulary (SPLADE: Formal et al. 2021).
        case sparse(Sparse)
        /// Scores of pairs of texts, by the model's own classifier: a cross-encoder.
        case classifier
        /// Scores of pairs of texts, by ``EmbeddingConfiguration/steps`` behind the encoder: a cross-encoder of modules.
        case scores
    }

    /// Something that is done to rows.
    public enum Step: Sendable, Equatable {
        /// A text's rows become one: one after the other of what the poolings make, side by side.
        case pooling([Pooling])
        /// A linear layer.
        case dense(Dense)
        /// A layer norm.
        case norm(folder: String, width: Int)
        /// Each row is scaled to length 1.
        case normalize
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
        /// The sum of all rows, divided by the square root of their number.
        case meanOverRoot = "mean_sqrt_len_tokens"
        /// The mean of all rows, each weighted by its place in the text, from 1.
        case weightedMean = "weightedmean"
    }

    /// A linear layer, in a folder of its own.
    public struct Dense: Sendable, Equatable {
        /// The folder's name.
        public var folder: String
        /// Channels read.
        public var inputs: Int
        /// Channels made.
        public var outputs: Int
        /// Whether it has a bias.
        public var hasBias: Bool
        /// What follows; `nil` for nothing.
        public var activation: EncoderActivation?
        /// Whether the input is added, by a matrix of its own where the widths differ.
        public var isResidual: Bool
    }

    /// How a late-interaction model treats queries and documents (PyLate, `models/colbert.py`; sentence-transformers 6,
    /// `MultiVectorEncoder`).
    public struct LateInteraction: Sendable, Equatable {
        /// The token put after the first of a query.
        public var queryPrefix = "[Q] "
        /// The token put after the first of a document.
        public var documentPrefix = "[D] "
        /// The most tokens of a query; `nil` for as many as the model reads.
        public var queryLength: Int? = 32
        /// The most tokens of a document; `nil` for as many as the model reads.
        public var documentLength: Int? = 180
        /// Queries are filled up to so many tokens, which get vectors too; `nil` if they are not.
        public var expandedLength: Int? = 32
        /// What queries are filled up with; `nil` for `[MASK]`.
        public var expansionToken: String?
        /// Whether other tokens see what a query is filled up with.
        public var attendsToExpansion = false
        /// Words whose vectors documents leave out.
        public var skippedWords: [String] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".map { String($0) }
        /// Whether queries leave them out as well.
        public var skipsInQueries = false
        /// Whether queries and documents begin with the text of the prompt of that name, as sentence-transformers' do.
        public var promptsByRole = false
        /// Whether white space at a text's ends is taken off first, as the library under PyLate does.
        public var stripsTexts = true

        /// PyLate's defaults.
        public init() {}

        /// Whether queries are filled up.
        public var expandsQueries: Bool { expandedLength != nil }
    }

    /// How scores of the vocabulary become a sparse vector.
    public struct Sparse: Sendable, Equatable {
        /// Whether a token's weight is the sum over the text's rows instead of the largest.
        public var sums = false
        /// Whether the logarithm is taken twice.
        public var takesLogarithmTwice = false
        /// The most weights of a text, the largest (`max_active_dims`); `nil` for all.
        public var maximumCount: Int?

        /// SPLADE's defaults: the largest of `log(1 + relu(score))`.
        public init() {}
    }

    /// How similar vectors are meant to be compared.
    public enum Similarity: String, Sendable {
        case cosine
        case dot
        case euclidean
        case manhattan

        /// Whether it is a distance, which no inner product gives.
        public var isDistance: Bool { self == .euclidean || self == .manhattan }
    }

    /// A text put before others of a kind.
    public struct Prompt: Sendable, Equatable {
        /// The name to ask for it by, e.g. `query`.
        public var name: String
        /// The text.
        public var text: String
    }

    /// What comes out.
    public var kind: Kind
    /// What is done to hidden states, in order.
    public var steps: [Step] = []
    /// Channels of what comes out, before ``dimension``.
    public var width: Int
    /// Channels of a token's vector, before it is pooled.
    public var tokenWidth: Int
    /// Whether a prompt's tokens count in pooling.
    public var poolsPrompts = true
    /// Keep so many channels of a vector (`truncate_dim`); `nil` for all.
    public var dimension: Int?
    /// The prompts that the publisher names.
    public var prompts: [Prompt] = []
    /// The prompt that is used when none is asked for.
    public var defaultPrompt: String?
    /// How vectors are to be compared; `nil` if the folder does not say.
    public var similarity: Similarity?
    /// What a cross-encoder's score goes through; `nil` if the folder does not say.
    public var scoreFunction: EncoderConfiguration.ScoreFunction?
    /// The most tokens of a text, if less than the encoder's.
    public var maximumLength: Int?
    /// The files beside `config.json`, the tokenizer and the encoder's weights that decide results, within the folder.
    public var files: [String] = []

    /// Vectors of one kind of the encoder's own width, with nothing behind them.
    public init(kind: Kind, width: Int) {
        self.kind = kind
        self.width = width
        tokenWidth = width
    }

    /// The text of a prompt; `nil` if there is none of that name.
    public func prompt(named name: String) -> String? { prompts.first { $0.name == name }?.text }

    /// The poolings of the vector of a text; `nil` if there is none.
    public var pooling: [Pooling]? {
        for case .pooling(let modes) in steps { return modes }
        return nil
    }
}
