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

    private func name(_ layer: Int, _ gguf: String, _ huggingFace: String) -> String {
        self == .gguf ? "blk.\(layer).\(gguf)" : "model.layers.\(layer).\(huggingFace)"
    }
}
