import GygesCheckpoints
import GygesTensors

/// What the tensors of an encoder are called in a file (transformers, `modeling_modernbert.py`, `modeling_bert.py`,
/// `modeling_roberta.py`): values of one description, as the models are.
struct EncoderTensorNames {
    /// `model.`, `bert.` or `roberta.` in checkpoints with a head; headless ones have none.
    let prefix: String
    private let names: Names
    /// The head's parts, whole names.
    private let head: [String: String]
    /// The oldest checkpoints call a norm's weight gamma and its bias beta.
    private let hasOldNorms: Bool

    /// The names in a file.
    init(source: TensorSource, configuration: EncoderConfiguration) {
        self.init(configuration, storedNames: source.allNames)
    }

    /// The names that transformers has, whatever a file may have kept of older ones.
    init(current configuration: EncoderConfiguration) {
        let prefix = Self.prefix(of: configuration.family)
        self.init(configuration, storedNames: configuration.task == .hiddenStates ? [] : [prefix])
    }

    private init(_ configuration: EncoderConfiguration, storedNames: [String]) {
        let own = Self.prefix(of: configuration.family)
        prefix = storedNames.contains { $0.hasPrefix(own) } ? own : ""
        names = configuration.family == .modernBERT ? .modernBERT : .bert
        var head = Self.heads(of: configuration, prefix: prefix)
        // The bias of the scores of the vocabulary lies beside its matrix, or above it, which is another one where both are there
        // and the matrix is not the embedding table.
        if let scores = head["head.scores"], storedNames.contains(scores + ".bias") {
            head["head.scores.bias"] = nil
        }
        self.head = head
        hasOldNorms = storedNames.contains { $0.hasSuffix("LayerNorm.gamma") }
    }

    /// What names begin with in models with a head.
    private static func prefix(of family: EncoderFamily) -> String {
        family == .modernBERT ? "model." : family == .bert ? "bert." : "roberta."
    }

    /// Where a file keeps a parameter.
    func place(of path: ParameterPath) -> TensorPlace {
        let parts = path.components.map(String.init)
        guard let kind = parts.last, let first = parts.first else { return TensorPlace(path.description) }
        let stem = parts.dropLast().joined(separator: ".")
        func suffix(of tensor: String) -> String {
            guard hasOldNorms, tensor.hasSuffix("LayerNorm") else { return kind }
            return kind == "weight" ? "gamma" : "beta"
        }
        switch first {
        case "head":
            if let tensor = head[path.description] { return TensorPlace(tensor) }
            if let tensor = head[stem] { return TensorPlace("\(tensor).\(suffix(of: tensor))") }
        case "layers" where parts.count == 5:
            guard let name = names.layer["\(parts[2]).\(parts[3])"] else { break }
            let layer = "\(prefix)\(names.layers).\(parts[1])"
            return TensorPlace(
                "\(layer).\(name.tensor).\(suffix(of: name.tensor))", name.part,
                name: "\(layer).\(name.name ?? name.tensor).\(suffix(of: name.tensor))")
        default:
            if let tensor = names.root[stem] { return TensorPlace("\(prefix)\(tensor).\(suffix(of: tensor))") }
        }
        return TensorPlace(path.description)
    }

    /// Tensors that may be there and are not read: copies of tied matrices, heads that the configuration does not name, and
    /// buffers that old checkpoints saved.
    func unread(in source: TensorSource) -> Set<String> {
        Set(
            source.allNames.filter { name in
                names.unread.contains(where: name.hasPrefix) || name.hasPrefix(prefix + "pooler.")
                    || names.unreadEnds.contains(where: name.hasSuffix)
            })
    }

    /// The names of a family.
    fileprivate struct Names {
        /// What stands before layers and behind them, below the prefix.
        var root: [String: String]
        /// What layers lie below.
        var layers: String
        /// What follows the layer and precedes `weight` or `bias`.
        var layer: [String: LayerName]
        /// How names of heads begin, all of which have parts of their own besides.
        var unread: [String]
        /// How names of buffers end.
        var unreadEnds: [String]
    }

    fileprivate struct LayerName {
        var tensor: String
        var part = TensorPlace.Part.whole
        var name: String?
    }

    /// The names of the head's parts.
    private static func heads(of configuration: EncoderConfiguration, prefix: String) -> [String: String] {
        switch (configuration.family, configuration.task) {
        case (.modernBERT, let task):
            [
                "head.dense": "head.dense", "head.norm": "head.norm",
                "head.scores": task == .maskedLanguageModel ? "decoder" : "classifier",
            ]
        case (.bert, .maskedLanguageModel):
            [
                "head.dense": "cls.predictions.transform.dense", "head.norm": "cls.predictions.transform.LayerNorm",
                "head.scores": "cls.predictions.decoder", "head.scores.bias": "cls.predictions.bias",
            ]
        case (_, .maskedLanguageModel):
            [
                "head.dense": "lm_head.dense", "head.norm": "lm_head.layer_norm", "head.scores": "lm_head.decoder",
                "head.scores.bias": "lm_head.bias",
            ]
        case (.bert, .sequenceClassification): ["head.dense": prefix + "pooler.dense", "head.scores": "classifier"]
        case (_, .sequenceClassification): ["head.dense": "classifier.dense", "head.scores": "classifier.out_proj"]
        case (_, .questionAnswering): ["head.scores": "qa_outputs"]
        case (_, .tokenClassification), (_, .hiddenStates): ["head.scores": "classifier"]
        }
    }
}

extension EncoderTensorNames.Names {
    fileprivate static let modernBERT = Self(
        root: ["embedding": "embeddings.tok_embeddings", "embedding.norm": "embeddings.norm", "norm": "final_norm"],
        layers: "layers",
        layer: [
            "attention.norm": .init(tensor: "attn_norm"),
            "attention.query": .init(tensor: "attn.Wqkv", part: .rows(0, of: 3), name: "attn.Wq"),
            "attention.key": .init(tensor: "attn.Wqkv", part: .rows(1, of: 3), name: "attn.Wk"),
            "attention.value": .init(tensor: "attn.Wqkv", part: .rows(2, of: 3), name: "attn.Wv"),
            "attention.output": .init(tensor: "attn.Wo"),
            "feed_forward.norm": .init(tensor: "mlp_norm"),
            "feed_forward.gate": .init(tensor: "mlp.Wi", part: .rows(0, of: 2), name: "mlp.gate"),
            "feed_forward.up": .init(tensor: "mlp.Wi", part: .rows(1, of: 2), name: "mlp.up"),
            "feed_forward.down": .init(tensor: "mlp.Wo"),
        ],
        unread: ["decoder.", "head.", "classifier."], unreadEnds: [".attn.rotary_emb.inv_freq"])

    fileprivate static let bert = Self(
        root: [
            "embedding": "embeddings.word_embeddings", "embedding.positions": "embeddings.position_embeddings",
            "embedding.segments": "embeddings.token_type_embeddings", "embedding.norm": "embeddings.LayerNorm",
        ],
        layers: "encoder.layer",
        layer: [
            "attention.query": .init(tensor: "attention.self.query"),
            "attention.key": .init(tensor: "attention.self.key"),
            "attention.value": .init(tensor: "attention.self.value"),
            "attention.output": .init(tensor: "attention.output.dense"),
            "attention.norm": .init(tensor: "attention.output.LayerNorm"),
            "feed_forward.up": .init(tensor: "intermediate.dense"),
            "feed_forward.down": .init(tensor: "output.dense"),
            "feed_forward.norm": .init(tensor: "output.LayerNorm"),
        ],
        unread: ["cls.", "lm_head.", "classifier.", "qa_outputs."],
        unreadEnds: ["embeddings.position_ids", "embeddings.token_type_ids"])
}
