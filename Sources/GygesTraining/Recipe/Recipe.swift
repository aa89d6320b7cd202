public import GygesCheckpoints
public import GygesKernels

/// What a run is to do, as a recipe file says it (`docs/training.md`).
public struct Recipe: Sendable, Equatable {
    /// Where a model begins.
    public enum Start: Sendable, Equatable {
        /// With the weights of a file, a folder or a name.
        case model(String)
        /// With random weights of the shape that a `config.json` gives, and the tokenizer of a folder.
        case fresh(configuration: String, tokenizer: String, scheme: FreshParameters.Scheme, width: Double)
        /// With the weights of a smaller model (a folder or a name), in the shape that a `config.json` gives; the smaller model's tokenizer.
        case grown(configuration: String, from: String)
    }

    /// What the model learns to predict.
    public enum Task: String, Sendable, CaseIterable {
        /// The next token.
        case nextToken = "next_token"
        /// Tokens that are hidden.
        case maskedToken = "masked_token"
        /// Labels of texts, or of pairs of them.
        case sequenceClassification = "sequence_classification"
        /// Labels of tokens.
        case tokenClassification = "token_classification"
    }

    /// Files of documents that belong together.
    public struct Source: Sendable, Equatable {
        /// What messages and phases call it.
        public var name: String
        /// The files, in order.
        public var paths: [String]
        /// How texts stand in them; `nil` for tokenised shards.
        public var form: SourceForm?
        /// Its share of the tokens, in the order of any sum.
        public var weight: Double
    }

    /// What is measured in between.
    public struct Evaluation: Sendable, Equatable {
        /// After how many steps.
        public var every: Int
        /// Documents for it alone.
        public var sources: [Source]
        /// The share of the sources' documents that is kept for it, where there are none of its own.
        public var share: Double
        /// The most packs that are read.
        public var packLimit: Int
        /// What the model goes on from, to be read by people.
        public var prompts: [String]
        /// The most tokens of an answer.
        public var answerTokenLimit: Int
        /// What tells which step was the best.
        public var metric: HeldOutMetric
        /// The run ends when so many measurements in a row were no better than the best; `nil` for never.
        public var patience: Int?
        /// Whether the result is the model of the best step, and not of the last.
        public var keepsBest: Bool
    }

    /// The folder that paths are relative to, with a slash at its end; empty for the one that commands run in.
    public var folder: String
    /// What the run is called.
    public var name: String
    /// Where the model begins.
    public var start: Start
    /// What it learns; `nil` for what its kind does.
    public var task: Task?
    /// The head by which labels are learned; `nil` where none are.
    public var head: HeadSettings?
    /// Which share of tokens is hidden.
    public var masking: TokenMasking.Shares
    /// What it learns from.
    public var sources: [Source]
    /// What is put behind texts.
    public var textEnding: String?
    /// The share of rows that may be broken.
    public var toleratedFaults: Double
    /// How data are read.
    public var data: DataSettings
    /// The phases.
    public var plan: TrainingPlan
    /// The adapter that is trained instead of the weights.
    public var adapter: AdapterSettings?
    /// What matmuls round to.
    public var precision: DensePrecision
    /// Whether layers are computed again in the backward pass.
    public var recomputesLayers: Bool
    /// What the loss of balance of mixtures is multiplied by.
    public var balanceWeight: Double
    /// The most tokens of a pass.
    public var passTokenLimit: Int
    /// What is measured in between, if anything.
    public var evaluation: Evaluation?
    /// After how many steps a checkpoint is written.
    public var checkpointInterval: Int
    /// How many of the last are kept.
    public var checkpointLimit: Int
    /// Whether faulty steps are left out.
    public var skipsFaults: Bool
    /// What counts as a spike of the loss; `nil` if nothing does.
    public var spikes: LossWatch.Settings?
    /// What chance follows from.
    public var seed: UInt64
    /// The folder of the run.
    public var output: String
}

extension Recipe {
    /// What is different in another recipe and would make a run of it another run; empty if one can go on with the other's.
    public func differences(from other: Recipe) -> [String] {
        var found: [String] = []
        func compare<Value: Equatable>(_ name: String, _ path: KeyPath<Recipe, Value>) {
            if self[keyPath: path] != other[keyPath: path] { found.append(name) }
        }
        compare("model", \.start)
        compare("objective", \.task)
        compare("head", \.head)
        compare("masking", \.masking)
        compare("data.sources", \.sources)
        compare("data.text_end", \.textEnding)
        compare("data.tolerated_faults", \.toleratedFaults)
        compare("data", \.data)
        compare("phases", \.plan)
        compare("adapter", \.adapter)
        compare("precision", \.precision)
        compare("balance_weight", \.balanceWeight)
        compare("batch.pass_tokens", \.passTokenLimit)
        compare("evaluation.sources", \.evaluation?.sources)
        compare("evaluation.share", \.evaluation?.share)
        compare("faults", \.skipsFaults)
        compare("spikes", \.spikes)
        compare("seed", \.seed)
        return found
    }
}
