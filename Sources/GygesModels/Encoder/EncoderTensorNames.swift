import GygesCheckpoints
import GygesTensors

/// What the tensors of an encoder are called in a file (transformers, `modeling_modernbert.py`).
struct EncoderTensorNames {
    /// `model.` in checkpoints with a head; headless ones have none.
    let prefix: String
    /// `decoder` of a masked language model, else `classifier`.
    private let scores: String

    init(source: TensorSource, task: EncoderTask) {
        prefix = source.allNames.contains { $0.hasPrefix("model.") } ? "model." : ""
        scores = task == .maskedLanguageModel ? "decoder" : "classifier"
    }

    /// Where a file keeps a parameter.
    func place(of path: ParameterPath) -> TensorPlace {
        let parts = path.components.map(String.init)
        guard let kind = parts.last, let first = parts.first else { return TensorPlace(path.description) }
        switch (first, parts.count) {
        case ("embedding", 2): return TensorPlace(prefix + "embeddings.tok_embeddings.weight")
        case ("embedding", _): return TensorPlace("\(prefix)embeddings.norm.\(kind)")
        case ("norm", _): return TensorPlace("\(prefix)final_norm.\(kind)")
        case ("head", 3): return TensorPlace("\(parts[1] == "scores" ? scores : "head." + parts[1]).\(kind)")
        case ("layers", 5):
            let stem = "\(prefix)layers.\(parts[1])"
            guard let name = Self.layerNames["\(parts[2]).\(parts[3])"] else { break }
            return TensorPlace(
                "\(stem).\(name.tensor).\(kind)", name.part, name: "\(stem).\(name.name ?? name.tensor).\(kind)")
        default: break
        }
        return TensorPlace(path.description)
    }

    private struct LayerName {
        var tensor: String
        var part = TensorPlace.Part.whole
        var name: String?
    }

    /// What follows the layer and precedes `weight` or `bias`.
    private static let layerNames: [String: LayerName] = [
        "attention.norm": LayerName(tensor: "attn_norm"),
        "attention.query": LayerName(tensor: "attn.Wqkv", part: .rows(0, of: 3), name: "attn.Wq"),
        "attention.key": LayerName(tensor: "attn.Wqkv", part: .rows(1, of: 3), name: "attn.Wk"),
        "attention.value": LayerName(tensor: "attn.Wqkv", part: .rows(2, of: 3), name: "attn.Wv"),
        "attention.output": LayerName(tensor: "attn.Wo"),
        "feed_forward.norm": LayerName(tensor: "mlp_norm"),
        "feed_forward.gate": LayerName(tensor: "mlp.Wi", part: .rows(0, of: 2), name: "mlp.gate"),
        "feed_forward.up": LayerName(tensor: "mlp.Wi", part: .rows(1, of: 2), name: "mlp.up"),
        "feed_forward.down": LayerName(tensor: "mlp.Wo"),
    ]
}
