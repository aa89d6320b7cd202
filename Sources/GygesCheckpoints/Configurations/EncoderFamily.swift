/// The families of encoders that Gyges runs, by what `config.json` calls `model_type`.
public enum EncoderFamily: String, Sendable, CaseIterable {
    /// ModernBERT, Ettin, mmBERT (Warner et al. 2024, https://arxiv.org/abs/2412.13663).
    case modernBERT = "modernbert"
    /// BERT and what has its shape: MiniLM, BGE, E5, GTE (Devlin et al. 2018, https://arxiv.org/abs/1810.04805).
    case bert
    /// RoBERTa (Liu et al. 2019, https://arxiv.org/abs/1907.11692).
    case roBERTa = "roberta"
    /// XLM-R (Conneau et al. 2019, https://arxiv.org/abs/1911.02116): RoBERTa with another vocabulary.
    case xlmRoBERTa = "xlm-roberta"

    /// What transformers' classes of the family begin with.
    var classPrefix: String {
        switch self {
        case .modernBERT: "ModernBert"
        case .bert: "Bert"
        case .roBERTa: "Roberta"
        case .xlmRoBERTa: "XLMRoberta"
        }
    }

    /// All that are run, for messages.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// What an encoder's folder adds to its hidden states: the task that the checkpoint was saved for, by the end of the class's name
/// in `architectures`.
public enum EncoderTask: String, Sendable, CaseIterable {
    /// Hidden states alone.
    case hiddenStates = "Model"
    /// Scores of every token of the vocabulary at masked places.
    case maskedLanguageModel = "ForMaskedLM"
    /// Scores of labels for a text or a pair of texts.
    case sequenceClassification = "ForSequenceClassification"
    /// Scores of labels for each token.
    case tokenClassification = "ForTokenClassification"
    /// Where an answer begins and ends.
    case questionAnswering = "ForQuestionAnswering"

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

    /// The task of a class of transformers; `nil` if it is none of the family's.
    init?(className: String, of family: EncoderFamily) {
        guard className.hasPrefix(family.classPrefix) else { return nil }
        let end = String(className.dropFirst(family.classPrefix.count))
        // BERT's first checkpoints have a second head beside the masked language model's, for pairs of sentences.
        self.init(rawValue: end == "ForPreTraining" ? Self.maskedLanguageModel.rawValue : end)
    }
}

/// What each element goes through in an encoder's layers, its head, or a layer behind it.
public enum EncoderActivation: Sendable, CaseIterable {
    /// `z · Φ(z)`, by the exact error function.
    case gelu
    /// `z · sigmoid(z)`
    case silu
    /// `max(z, 0)`
    case relu
    /// `tanh(z)`
    case tanh
    /// `1 / (1 + exp(-z))`
    case sigmoid

    /// The function that a configuration of transformers calls so; `nil` for one that is not run.
    init?(name: String) {
        switch name {
        case "gelu": self = .gelu
        case "silu", "swish": self = .silu
        case "relu": self = .relu
        case "tanh": self = .tanh
        case "sigmoid": self = .sigmoid
        default: return nil
        }
    }
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
