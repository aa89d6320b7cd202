import GygesCheckpoints
import GygesFiles
import Testing

/// `config.json` in the spellings of old and new versions of transformers.
@Suite struct ConfigurationTests {
    static func configuration(_ changes: (inout JSONObject) -> Void) throws -> CausalModelConfiguration {
        var object = JSONObject([
            ("model_type", "llama"), ("num_hidden_layers", 2), ("hidden_size", 64), ("intermediate_size", 96),
            ("num_attention_heads", 4), ("num_key_value_heads", 2), ("vocab_size", 100),
            ("max_position_embeddings", 2048), ("rms_norm_eps", 1e-5),
        ])
        changes(&object)
        return try CausalModelConfiguration(json: .object(object), path: "config.json")
    }

    static let llama3: [(String, JSON)] = [
        ("factor", 8.0), ("low_freq_factor", 1.0), ("high_freq_factor", 4.0),
        ("original_max_position_embeddings", 8192),
    ]

    @Test("Old and new rotary spellings mean the same")
    func rotarySpellings() throws {
        let old = try Self.configuration {
            $0["rope_theta"] = 500_000.0
            $0["rope_scaling"] = .object(JSONObject(Self.llama3 + [("rope_type", "llama3")]))
        }
        let older = try Self.configuration {
            $0["rope_theta"] = 500_000
            $0["rope_scaling"] = .object(JSONObject(Self.llama3 + [("type", "llama3")]))
        }
        let new = try Self.configuration {
            $0["rope_parameters"] = .object(
                JSONObject(Self.llama3 + [("rope_type", "llama3"), ("rope_theta", 500_000.0)]))
        }
        #expect(old == new && older == new)
        #expect(new.ropeBase == 500_000)
        #expect(
            new.ropeScaling
                == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192))
    }

    @Test("YaRN and Dual Chunk Attention are read with transformers' defaults")
    func stretchedPositions() throws {
        let qwen = try Self.configuration {
            $0["rope_scaling"] = ["type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512]
        }
        var yarn = YarnScaling(factor: 4, originalContextLength: 512)
        #expect(qwen.ropeScaling == .yarn(yarn) && qwen.nativeContextLength == 512)
        let detailed = try Self.configuration {
            $0["rope_parameters"] = [
                "rope_type": "yarn", "rope_theta": 1e6, "original_max_position_embeddings": 1024, "beta_fast": 16,
                "beta_slow": 2, "truncate": false, "attention_factor": 1.25, "mscale": 1.0, "mscale_all_dim": 0.5,
            ]
        }
        yarn = YarnScaling(factor: 2, originalContextLength: 1024)  // 2048 / 1024, since no factor is given.
        (yarn.betaFast, yarn.betaSlow, yarn.truncates, yarn.attentionFactor) = (16, 2, false, 1.25)
        yarn.magnitudes = .init(scale: 1, scaleOfAllDimensions: 0.5)
        #expect(detailed.ropeScaling == .yarn(yarn))
        let million = try Self.configuration {
            $0["dual_chunk_attention_config"] = [
                "chunk_size": 1024, "local_size": 32, "original_max_position_embeddings": 1024,
            ]
        }
        #expect(
            million.dualChunks == DualChunkConfiguration(chunkSize: 1024, localSize: 32, originalContextLength: 1024))
        #expect(million.nativeContextLength == 1024 && million.contextLength == 2048)
    }

    @Test(
        "Impossible rotary settings are refused by name",
        arguments: [
            ("rope_scaling", ["type": "yarn", "factor": -4.0], "factor"),
            ("rope_scaling", ["type": "yarn", "factor": 1e9], "factor"),
            ("rope_scaling", ["type": "yarn", "factor": 4, "original_max_position_embeddings": -5], "original_max"),
            ("rope_scaling", ["type": "yarn", "factor": 4, "beta_slow": "x"], "beta_slow"),
            ("rope_parameters", ["rope_type": "yarn", "rope_theta": 1.0, "factor": 4], "above 1"),
            ("dual_chunk_attention_config", ["chunk_size": 64], "local_size"),
            ("dual_chunk_attention_config", ["chunk_size": 64, "local_size": 64], "not below"),
        ] as [(String, JSON, String)])
    func impossibleRotarySettings(key: String, value: JSON, mention: String) throws {
        let error = try #require(throws: FileError.self) { try Self.configuration { $0[key] = value } }
        #expect(error.description.contains(mention), "\(error)")
    }

    @Test("What is absent follows transformers' defaults")
    func defaults() throws {
        let plain = try Self.configuration {
            $0["num_key_value_heads"] = nil
            $0["rope_scaling"] = .null
        }
        #expect(plain.keyValueHeadCount == 4 && plain.headDimension == 16 && plain.ropeBase == 10_000)
        #expect(plain.ropeScaling == .none && !plain.tiesEmbeddings && !plain.hasAttentionBias)
    }

    @Test("All problems are reported at once")
    func allProblems() throws {
        let error = #expect(throws: FileError.self) {
            try Self.configuration {
                $0["hidden_size"] = -1
                $0["vocab_size"] = nil
                $0["rms_norm_eps"] = "small"
                $0["num_key_value_heads"] = 3
            }
        }
        let text = error?.description ?? ""
        for word in ["hidden_size", "vocab_size", "rms_norm_eps", "3 key-value heads"] {
            #expect(text.contains(word), "\(word) in \(text)")
        }
    }
}
