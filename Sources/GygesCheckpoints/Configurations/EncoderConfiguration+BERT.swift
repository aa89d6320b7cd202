import GygesFiles

extension EncoderConfiguration {
    /// The shape of BERT, RoBERTa or XLM-R (transformers, `configuration_bert.py`, `configuration_roberta.py`): norms behind the
    /// parts, learned positions, biases everywhere.
    init(bert object: JSONObject, of family: EncoderFamily, _ settings: inout SettingsReader) {
        typealias Limit = CausalModelConfiguration.Limit
        self.family = family
        layerCount = settings.count("num_hidden_layers", limit: Limit.layers)
        hiddenSize = settings.count("hidden_size", limit: Limit.width)
        intermediateSize = settings.count("intermediate_size", limit: Limit.width)
        headCount = settings.count("num_attention_heads", limit: Limit.heads)
        vocabularySize = settings.count("vocab_size", limit: Limit.vocabulary)
        segmentCount = settings.count("type_vocab_size", limit: Limit.width, fallback: 2)
        normEpsilon = settings.positive("layer_norm_eps", limit: 1, fallback: 1e-12)
        normPlace = .behindParts
        feedForward = .plain(settings.activation(object, "hidden_act", of: EncoderActivation.allCases))
        isLocal = [Bool](repeating: false, count: layerCount)
        windowRadius = 0
        biases = .everywhere
        task = settings.task(object, of: family)
        let padding = settings.token(object, "pad_token_id", below: vocabularySize)
        let table = LearnedPositions(
            count: settings.count("max_position_embeddings", limit: Limit.context, fallback: 512),
            padding: family == .bert ? nil : padding ?? 1)
        positions = .learned(table)
        contextLength = max(1, table.count - table.first)
        head = Head(
            labels: settings.labels(object), problem: settings.problem(object),
            scoreFunction: ScoreFunction(object, &settings),
            tiesEmbeddings: settings.flag(object, "tie_word_embeddings", true))
        switch task {
        case .hiddenStates, .maskedLanguageModel:
            if family == .bert {
                head.activation = settings.activation(object, "hidden_act", of: EncoderActivation.allCases)
            }
        case .sequenceClassification:
            // BERT's pooler, or the dense layer of RoBERTa's classifier.
            (head.activation, head.hasNorm) = (.tanh, false)
        case .tokenClassification, .questionAnswering: (head.hasDense, head.hasNorm) = (false, false)
        }
        tokens = Tokens(
            padding: padding, beginning: settings.token(object, "bos_token_id", below: vocabularySize),
            separator: settings.token(object, "eos_token_id", below: vocabularySize))
        if let kind = object["position_embedding_type"], !kind.isNull, kind != "absolute" {
            settings.note("position_embedding_type is \(kind.string ?? kind.serialized()); absolute is supported")
        }
        for key in ["is_decoder", "add_cross_attention"] where settings.flag(object, key, false) {
            settings.note("\(key) is true, and an encoder sees both sides")
        }
    }
}
