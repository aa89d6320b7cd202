extension CausalModelConfiguration {
    /// The base of the rotary frequencies and how positions are stretched (transformers, `modeling_rope_utils.py`).
    static func rope(
        _ object: JSONObject, _ settings: inout SettingsReader, contextLength: Int
    ) -> (base: Double, scaling: RopeScaling) {
        let entries = object["rope_parameters"]?.object ?? object["rope_scaling"]?.object ?? JSONObject()
        var parameters = RotarySettings(object: entries)
        defer { for problem in parameters.problems { settings.note(problem) } }
        let base: Double
        if let stored = entries["rope_theta"] ?? object["rope_theta"] {
            base = stored.double ?? .nan
            if !(base.isFinite && base >= 1 && base <= 1e12) {
                settings.note("rope_theta is not a number from 1 to 1e12")
            }
        } else {
            base = 10_000
        }
        switch entries["rope_type"]?.string ?? entries["type"]?.string {
        case nil, "default": return (base, .none)
        case "linear": return (base, .linear(factor: parameters.positive("factor")))
        case "llama3":
            return (
                base,
                .llama3(
                    factor: parameters.positive("factor"),
                    lowFrequencyFactor: parameters.positive("low_freq_factor"),
                    highFrequencyFactor: parameters.positive("high_freq_factor"),
                    originalContextLength: parameters.length("original_max_position_embeddings"))
            )
        case "yarn": return (base, .yarn(yarn(&parameters, contextLength: contextLength)))
        case let kind?: return (base, .other(kind))
        }
    }

    private static func yarn(_ parameters: inout RotarySettings, contextLength: Int) -> YarnScaling {
        let original = parameters.length("original_max_position_embeddings", fallback: contextLength)
        var yarn = YarnScaling(
            factor: parameters.positive("factor", fallback: Double(contextLength) / Double(original)),
            originalContextLength: original)
        yarn.betaFast = parameters.positive("beta_fast", fallback: 32)
        yarn.betaSlow = parameters.positive("beta_slow", fallback: 1)
        yarn.truncates = parameters.object["truncate"]?.bool ?? true
        if parameters.isPresent("attention_factor") {
            yarn.attentionFactor = parameters.positive("attention_factor")
        }
        if parameters.isPresent("mscale"), parameters.isPresent("mscale_all_dim") {
            yarn.magnitudes = .init(
                scale: parameters.positive("mscale"), scaleOfAllDimensions: parameters.positive("mscale_all_dim"))
        }
        return yarn
    }

    /// `dual_chunk_attention_config`, as in Qwen2.5-1M.
    static func dualChunks(
        _ object: JSONObject, _ settings: inout SettingsReader, contextLength: Int
    ) -> DualChunkConfiguration? {
        guard let entry = object["dual_chunk_attention_config"]?.object else { return nil }
        var parameters = RotarySettings(object: entry)
        let configuration = DualChunkConfiguration(
            chunkSize: parameters.length("chunk_size"), localSize: parameters.length("local_size"),
            originalContextLength: parameters.length("original_max_position_embeddings", fallback: contextLength))
        if configuration.localSize >= configuration.chunkSize {
            settings.note("dual_chunk_attention_config: local_size is not below chunk_size")
        }
        for problem in parameters.problems { settings.note(problem) }
        return configuration
    }
}

/// Reads the entries of one rotary setting and collects what is wrong with them.
private struct RotarySettings {
    let object: JSONObject
    private(set) var problems: [String] = []

    init(object: JSONObject) { self.object = object }

    /// Whether a key is given; `null` and, as in transformers, 0 count as absent.
    func isPresent(_ key: String) -> Bool { object[key].map { !$0.isNull && $0.double != 0 } ?? false }

    /// A number above 0 and at most 1e6; `fallback` if the key is absent.
    mutating func positive(_ key: String, fallback: Double? = nil) -> Double {
        if !isPresent(key), let fallback { return fallback }
        guard let value = object[key]?.double, value > 0, value <= 1e6 else {
            problems.append("the rotary setting \(key) is not a number above 0 and at most 1e6")
            return 1
        }
        return value
    }

    /// A number of positions; `fallback` if the key is absent.
    mutating func length(_ key: String, fallback: Int? = nil) -> Int {
        if !isPresent(key), let fallback { return fallback }
        guard let value = object[key]?.integer, (1...CausalModelConfiguration.Limit.context).contains(value) else {
            problems.append(
                "the rotary setting \(key) is not an integer from 1 to \(CausalModelConfiguration.Limit.context)")
            return 1
        }
        return value
    }
}
