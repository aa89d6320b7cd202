import GygesFiles

extension CausalModelConfiguration {
    /// The base of the rotary frequencies and how positions are stretched (transformers, `modeling_rope_utils.py`).
    static func rope(
        _ object: JSONObject, _ settings: inout SettingsReader, fallback: Double, contextLength: Int
    ) -> (base: Double, scaling: RopeScaling) {
        for key in ["rope_parameters", "rope_scaling"] where settings.isPresent(key) && object[key]?.object == nil {
            settings.note("\(key) is not an object")
        }
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
            base = fallback
        }
        for (key, value) in entries where value.object != nil {
            settings.note("rope_parameters has settings for \(key) of its own; those of all layers must be the same")
        }
        for share in [entries["partial_rotary_factor"], object["partial_rotary_factor"]].compactMap(\.self)
        where !share.isNull && share.double != 1 {
            settings.note(
                "partial_rotary_factor is \(share.serialized()); only heads that rotate whole are supported")
        }
        return (base, parameters.scaling(contextLength: contextLength))
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

    /// The layers that rotate nothing: those with a 0 in `no_rope_layers` or, without it, every `no_rope_layer_interval`th
    /// (transformers, `configuration_smollm3.py`).
    static func unrotatedLayers(
        _ object: JSONObject, _ settings: inout SettingsReader, family: DecoderFamily, layerCount: Int
    ) -> Set<Int> {
        guard let interval = family.unrotatedInterval else { return [] }
        guard settings.isPresent("no_rope_layers") else {
            let interval = settings.count("no_rope_layer_interval", limit: Limit.context, fallback: interval)
            return Set((0..<layerCount).filter { ($0 + 1) % interval == 0 })
        }
        let flags = object["no_rope_layers"]?.array?.map { $0.integer ?? -1 } ?? []
        guard flags.count >= layerCount, flags.allSatisfy({ $0 == 0 || $0 == 1 }) else {
            settings.note("no_rope_layers is not a list of a 0 or 1 for each of the \(layerCount) layers")
            return []
        }
        return Set((0..<layerCount).filter { flags[$0] == 0 })
    }

    /// Notes a window that would hide tokens: one that is shorter than the context, in any layer.
    static func refuseWindow(
        _ object: JSONObject, _ settings: inout SettingsReader, family: DecoderFamily, layerCount: Int,
        contextLength: Int, unrotatedLayers: Set<Int>
    ) {
        let window: Int
        switch family.window {
        case .never: return
        case .everyLayer:
            if object["sliding_window"]?.isNull == true { return }
            window = settings.count("sliding_window", limit: Limit.context, fallback: 4096)
        case .switched(let rule, let fallback):
            let isOn = settings.flag("use_sliding_window", in: object, fallback: false)
            let named = namedWindows(object, &settings, layerCount: layerCount)
            if named == true, !isOn {
                settings.note("layer_types has layers of sliding_attention although use_sliding_window is not true")
            }
            // As in transformers, null is no window; an absent key is the family's.
            let isNone = object["sliding_window"]?.isNull ?? (fallback == nil)
            guard isOn, !isNone else { return }
            window = settings.count("sliding_window", limit: Limit.context, fallback: fallback)
            guard named ?? (windowedLayerCount(rule, &settings, layerCount, unrotatedLayers) > 0) else { return }
        }
        if window < contextLength {
            settings.note(
                "sliding_window is \(window), below the \(contextLength) of max_position_embeddings; attention to a window is not supported, so texts up to \(window) tokens could be read with a max_position_embeddings of \(window)"
            )
        }
    }

    /// Whether `layer_types` has layers with a window; `nil` without it.
    private static func namedWindows(
        _ object: JSONObject, _ settings: inout SettingsReader, layerCount: Int
    ) -> Bool? {
        guard settings.isPresent("layer_types") else { return nil }
        guard let types = object["layer_types"]?.array?.map({ $0.string ?? "" }) else {
            settings.note("layer_types is not a list of the types of \(layerCount) layers")
            return nil
        }
        // A list that has one type says the same however long it is.
        if types.count != layerCount, types.contains(where: { $0 != "full_attention" }) {
            settings.note("layer_types is not a list of the types of \(layerCount) layers")
        }
        if let other = types.first(where: { $0 != "full_attention" && $0 != "sliding_attention" }) {
            settings.note("layer_types has layers of \(other.isEmpty ? "no name" : other), which are not supported")
        }
        return types.contains("sliding_attention")
    }

    private static func windowedLayerCount(
        _ rule: DecoderFamily.WindowedLayers, _ settings: inout SettingsReader, _ layerCount: Int,
        _ unrotatedLayers: Set<Int>
    ) -> Int {
        switch rule {
        case .all: return layerCount
        case .unrotated: return unrotatedLayers.count
        case .last, .everyOtherOfTheFirst:
            let bound =
                settings.integer("max_window_layers") == 0
                ? 0 : settings.count("max_window_layers", limit: Limit.context, fallback: 28)
            if case .last = rule { return max(0, layerCount - bound) }
            return (min(bound, layerCount) + 1) / 2
        }
    }
}
