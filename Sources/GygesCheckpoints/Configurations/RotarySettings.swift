import GygesFiles

/// Reads the entries of one rotary setting and collects what is wrong with them.
struct RotarySettings {
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

extension RotarySettings {
    /// How positions are stretched (transformers, `modeling_rope_utils.py`).
    mutating func scaling(contextLength: Int) -> RopeScaling {
        let kind = [object["rope_type"], object["type"]].compactMap(\.self).first { !$0.isNull }
        if let kind, kind.string == nil { problems.append("the rotary setting rope_type is no text") }
        switch kind?.string {
        case nil, "default": return .none
        case "linear": return .linear(factor: positive("factor"))
        case "llama3":
            return .llama3(
                factor: positive("factor"), lowFrequencyFactor: positive("low_freq_factor"),
                highFrequencyFactor: positive("high_freq_factor"),
                originalContextLength: length("original_max_position_embeddings"))
        case "yarn": return .yarn(yarn(contextLength: contextLength))
        case let kind?: return .other(kind)
        }
    }

    private mutating func yarn(contextLength: Int) -> YarnScaling {
        let original = length("original_max_position_embeddings", fallback: contextLength)
        var yarn = YarnScaling(
            factor: positive("factor", fallback: Double(contextLength) / Double(original)),
            originalContextLength: original)
        yarn.betaFast = positive("beta_fast", fallback: 32)
        yarn.betaSlow = positive("beta_slow", fallback: 1)
        if let truncates = object["truncate"], !truncates.isNull {
            if truncates.bool == nil { problems.append("the rotary setting truncate is neither true nor false") }
            yarn.truncates = truncates.bool ?? true
        }
        if isPresent("attention_factor") { yarn.attentionFactor = positive("attention_factor") }
        if isPresent("mscale"), isPresent("mscale_all_dim") {
            yarn.magnitudes = .init(
                scale: positive("mscale"), scaleOfAllDimensions: positive("mscale_all_dim"))
        }
        return yarn
    }
}
