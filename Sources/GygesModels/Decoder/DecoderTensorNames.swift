import GygesTensors

/// What the tensors of a decoder are called in a file.
enum DecoderTensorNames {
    /// `blk.0.attn_q.weight` (GGUF specification, "standardized tensor names").
    case gguf
    /// `model.layers.0.self_attn.q_proj.weight` (transformers).
    case huggingFace
    /// `layers.0.self_attn.q_proj.weight`: transformers' models without a head, as those that embed texts are saved.
    case huggingFaceHeadless

    /// The embedding's table.
    var embedding: String { self == .gguf ? "token_embd.weight" : prefix + "embed_tokens.weight" }
    /// The head's matrix, where it is one of its own.
    var head: String { self == .gguf ? "output.weight" : "lm_head.weight" }
    /// Divisors of the rotary frequencies, which converters bake for Llama 3.1 and later.
    var rotaryDivisors: String? { self == .gguf ? "rope_freqs.weight" : nil }

    /// Where a file keeps a parameter.
    ///
    /// - Parameter expertCount: How many experts lie one after another in a GGUF file's stacks.
    func place(of path: ParameterPath, expertCount: Int) -> TensorPlace {
        let parts = path.components.map(String.init)
        guard parts.first == "layers", parts.count > 3, let layer = Int(parts[1]), let kind = parts.last else {
            return TensorPlace(model(path.description))
        }
        let inLayer = parts[2..<parts.count - 1].joined(separator: ".")
        if parts[3] == "experts", parts.count > 5, let expert = Int(parts[4]) {
            let part = parts[5]
            return self == .gguf
                ? TensorPlace(
                    expertStack(part, layer), .slice(expert, of: expertCount),
                    name: "blk.\(layer).ffn_\(part)_exps.\(expert).weight")
                : TensorPlace("\(prefix)layers.\(layer).mlp.experts.\(expert).\(part)_proj.\(kind)")
        }
        guard let name = Self.layerNames[inLayer] else { return TensorPlace(path.description) }
        switch self {
        // The one row of the shared expert's gate is a vector in GGUF.
        case .gguf:
            return TensorPlace(
                "blk.\(layer).\(name.gguf).\(kind)", inLayer == "feed_forward.shared_gate" ? .vector : .whole)
        case .huggingFace, .huggingFaceHeadless:
            return TensorPlace("\(prefix)layers.\(layer).\(name.huggingFace).\(kind)")
        }
    }

    /// The tensor of a GGUF file that holds one of the matrices (`gate`, `up` or `down`) of all experts of a layer.
    func expertStack(_ part: String, _ layer: Int) -> String { "blk.\(layer).ffn_\(part)_exps.weight" }

    /// What names of a folder's tensors begin with.
    var prefix: String { self == .huggingFace ? "model." : "" }

    private func model(_ path: String) -> String {
        switch path {
        case "embedding.weight": embedding
        case "norm.weight": self == .gguf ? "output_norm.weight" : prefix + "norm.weight"
        case "head.weight": head
        default: path
        }
    }

    /// What follows the layer and precedes `weight` or `bias`.
    private static let layerNames: [String: (gguf: String, huggingFace: String)] = [
        "attention.norm": ("attn_norm", "input_layernorm"),
        "attention.query": ("attn_q", "self_attn.q_proj"),
        "attention.key": ("attn_k", "self_attn.k_proj"),
        "attention.value": ("attn_v", "self_attn.v_proj"),
        "attention.query_norm": ("attn_q_norm", "self_attn.q_norm"),
        "attention.key_norm": ("attn_k_norm", "self_attn.k_norm"),
        "attention.output": ("attn_output", "self_attn.o_proj"),
        "feed_forward.norm": ("ffn_norm", "post_attention_layernorm"),
        "feed_forward.gate": ("ffn_gate", "mlp.gate_proj"),
        "feed_forward.up": ("ffn_up", "mlp.up_proj"),
        "feed_forward.down": ("ffn_down", "mlp.down_proj"),
        "feed_forward.router": ("ffn_gate_inp", "mlp.gate"),
        "feed_forward.shared.gate": ("ffn_gate_shexp", "mlp.shared_expert.gate_proj"),
        "feed_forward.shared.up": ("ffn_up_shexp", "mlp.shared_expert.up_proj"),
        "feed_forward.shared.down": ("ffn_down_shexp", "mlp.shared_expert.down_proj"),
        "feed_forward.shared_gate": ("ffn_gate_inp_shexp", "mlp.shared_expert_gate"),
    ]
}
