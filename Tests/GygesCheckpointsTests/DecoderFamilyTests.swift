import GygesCheckpoints
import GygesFiles
import Testing

/// What a `config.json` of each family means, as transformers reads it.
@Suite struct DecoderFamilyTests {
    static func configuration(_ type: String, _ settings: [(String, JSON)] = []) throws -> CausalModelConfiguration {
        try ConfigurationTests.configuration {
            $0["model_type"] = .string(type)
            for (key, value) in settings { $0[key] = value }
        }
    }

    static func refusal(_ type: String, _ settings: [(String, JSON)]) throws -> String {
        try #require(throws: FileError.self) { try configuration(type, settings) }.description
    }

    @Test func eachFamilyHasItsOwnParts() throws {
        let qwen3 = try Self.configuration("qwen3")
        #expect(qwen3.architecture == .qwen3 && qwen3.hasHeadNorms && !qwen3.hasAttentionBias)
        #expect(qwen3.headDimension == 128, "transformers' default, not 64 / 4")
        #expect(try Self.configuration("qwen3", [("head_dim", 24)]).headDimension == 24)
        let qwen2 = try Self.configuration("qwen2", [("attention_bias", false)])
        #expect(qwen2.hasAttentionBias && !qwen2.hasOutputBias && !qwen2.hasHeadNorms)
        let biased = try Self.configuration("llama", [("attention_bias", true), ("mlp_bias", true)])
        #expect(biased.hasAttentionBias && biased.hasOutputBias && biased.hasFeedForwardBias)
        let mixture = try Self.configuration(
            "qwen3_moe", [("num_local_experts", 8), ("num_experts_per_tok", 2), ("moe_intermediate_size", 12)])
        #expect(mixture.experts?.count == 8 && mixture.experts?.sharedIntermediateSize == nil)
        #expect(mixture.headDimension == 16 && mixture.hasHeadNorms)
    }

    @Test func smolLM3LeavesEveryFourthLayerUnrotated() throws {
        let plain = try Self.configuration("smollm3", [("num_hidden_layers", 9)])
        #expect(plain.unrotatedLayers == [3, 7] && plain.ropeBase == 2_000_000 && plain.tiesEmbeddings)
        let interval = try Self.configuration("smollm3", [("no_rope_layer_interval", 2)])
        #expect(interval.unrotatedLayers == [1])
        // The list counts, as long as there is one.
        let list = try Self.configuration("smollm3", [("no_rope_layers", [0, 1, 0]), ("no_rope_layer_interval", 2)])
        #expect(list.unrotatedLayers == [0])
    }

    @Test(
        "A window that hides nothing is run",
        arguments: [
            ("mistral", [("sliding_window", .null)]),
            ("mistral", [("sliding_window", 2048)]),
            ("mistral", [("max_position_embeddings", 4096)]),
            ("llama", [("sliding_window", 16)]),
            ("qwen2", [("use_sliding_window", false), ("sliding_window", 16), ("max_window_layers", 1)]),
            (
                "qwen2",
                [
                    ("use_sliding_window", false), ("sliding_window", 16),
                    ("layer_types", ["full_attention", "full_attention"]),
                ]
            ),
            ("qwen2", [("use_sliding_window", true), ("sliding_window", 16)]),
            ("qwen3", [("use_sliding_window", true), ("sliding_window", 16), ("max_window_layers", 2)]),
            ("qwen3", [("use_sliding_window", true), ("sliding_window", .null), ("max_window_layers", 0)]),
            ("smollm3", [("use_sliding_window", true), ("sliding_window", 16), ("num_hidden_layers", 3)]),
        ] as [(String, [(String, JSON)])])
    func harmlessWindows(type: String, settings: [(String, JSON)]) throws {
        _ = try Self.configuration(type, settings)
    }

    @Test(
        "A window that would hide tokens is refused by name",
        arguments: [
            ("mistral", [("sliding_window", 2047)], "sliding_window is 2047, below the 2048"),
            ("mistral", [("max_position_embeddings", 4097)], "sliding_window is 4096"),
            ("qwen2", [("use_sliding_window", true), ("sliding_window", 16), ("max_window_layers", 1)], "is 16"),
            ("qwen3", [("use_sliding_window", true), ("sliding_window", 16), ("max_window_layers", 0)], "is 16"),
            (
                "qwen3",
                [
                    ("use_sliding_window", true), ("sliding_window", 16),
                    ("layer_types", ["full_attention", "sliding_attention"]),
                ], "is 16"
            ),
            ("qwen2", [("layer_types", ["full_attention", "sliding_attention"])], "use_sliding_window is not true"),
            ("qwen3", [("layer_types", ["full_attention", "linear_attention"])], "linear_attention"),
            ("qwen3", [("layer_types", ["sliding_attention"])], "2 layers"),
            ("smollm3", [("use_sliding_window", true), ("sliding_window", 16), ("no_rope_layers", [1, 0])], "is 16"),
            ("qwen2", [("use_sliding_window", "yes")], "use_sliding_window is neither"),
        ] as [(String, [(String, JSON)], String)])
    func windowsAreRefused(type: String, settings: [(String, JSON)], mention: String) throws {
        let text = try Self.refusal(type, settings)
        #expect(text.contains(mention), "\(text)")
    }

    @Test(
        "What a family does not have is refused by name",
        arguments: [
            ("gemma3_text", [], "mistral and smollm3"),
            ("mistral", [("mlp_bias", true)], "mlp_bias"),
            ("smollm3", [("no_rope_layers", [1])], "no_rope_layers"),
            ("smollm3", [("no_rope_layers", [1, 2])], "no_rope_layers"),
            ("smollm3", [("no_rope_layer_interval", 0)], "no_rope_layer_interval"),
            ("llama", [("attention_bias", 1)], "attention_bias"),
            ("llama", [("partial_rotary_factor", 0.5)], "partial_rotary_factor"),
            ("llama", [("rope_parameters", ["full_attention": ["rope_theta": 1e4]])], "full_attention"),
        ] as [(String, [(String, JSON)], String)])
    func refusals(type: String, settings: [(String, JSON)], mention: String) throws {
        let text = try Self.refusal(type, settings)
        #expect(text.contains(mention), "\(text)")
    }
}
