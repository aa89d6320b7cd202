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
