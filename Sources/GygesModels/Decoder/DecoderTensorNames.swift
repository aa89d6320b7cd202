/// What the tensors of a decoder are called in a file.
enum DecoderTensorNames {
    /// `blk.0.attn_q.weight` (GGUF specification, "standardized tensor names").
    case gguf
    /// `model.layers.0.self_attn.q_proj.weight` (transformers).
    case huggingFace

    var embedding: String { self == .gguf ? "token_embd.weight" : "model.embed_tokens.weight" }
    var finalNorm: String { self == .gguf ? "output_norm.weight" : "model.norm.weight" }
    var head: String { self == .gguf ? "output.weight" : "lm_head.weight" }
    /// Divisors of the rotary frequencies, which converters bake for Llama 3.1 and later.
    var rotaryDivisors: String? { self == .gguf ? "rope_freqs.weight" : nil }

    func attentionNorm(_ layer: Int) -> String { name(layer, "attn_norm.weight", "input_layernorm.weight") }
    func feedForwardNorm(_ layer: Int) -> String { name(layer, "ffn_norm.weight", "post_attention_layernorm.weight") }
    func query(_ layer: Int) -> String { name(layer, "attn_q", "self_attn.q_proj") }
    func key(_ layer: Int) -> String { name(layer, "attn_k", "self_attn.k_proj") }
    func value(_ layer: Int) -> String { name(layer, "attn_v", "self_attn.v_proj") }
    func output(_ layer: Int) -> String { name(layer, "attn_output", "self_attn.o_proj") }
    func gate(_ layer: Int) -> String { name(layer, "ffn_gate", "mlp.gate_proj") }
    func up(_ layer: Int) -> String { name(layer, "ffn_up", "mlp.up_proj") }
    func down(_ layer: Int) -> String { name(layer, "ffn_down", "mlp.down_proj") }

    func router(_ layer: Int) -> String { name(layer, "ffn_gate_inp.weight", "mlp.gate.weight") }
    func sharedGate(_ layer: Int) -> String {
        name(layer, "ffn_gate_inp_shexp.weight", "mlp.shared_expert_gate.weight")
    }
    /// `part` is `gate`, `up` or `down`.
    func shared(_ part: String, _ layer: Int) -> String {
        name(layer, "ffn_\(part)_shexp", "mlp.shared_expert.\(part)_proj")
    }
    /// One expert's matrix; in GGUF a part of the ``expertStack(_:_:)``.
    func expert(_ part: String, _ index: Int, _ layer: Int) -> String {
        name(layer, "ffn_\(part)_exps.\(index)", "mlp.experts.\(index).\(part)_proj")
    }
    /// The tensor that holds the matrices of all experts one after another, where files have such.
    func expertStack(_ part: String, _ layer: Int) -> String? {
        self == .gguf ? name(layer, "ffn_\(part)_exps.weight", "") : nil
    }

    private func name(_ layer: Int, _ gguf: String, _ huggingFace: String) -> String {
        self == .gguf ? "blk.\(layer).\(gguf)" : "model.layers.\(layer).\(huggingFace)"
    }
}
