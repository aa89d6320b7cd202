import GygesFiles

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
}
