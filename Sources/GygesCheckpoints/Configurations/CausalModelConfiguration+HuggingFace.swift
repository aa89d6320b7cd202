public import GygesFiles

extension CausalModelConfiguration {
    /// Reads the shape from a parsed `config.json`, with rotary settings in the old spelling (`rope_theta`,
    /// `rope_scaling`) or the new (`rope_parameters`).
    ///
    /// - Throws: ``FileError`` listing every missing or impossible key at once.
    public init(json: JSON, path: String) throws(FileError) {
        guard let object = json.object else {
            throw FileError(path, "is not a JSON object", remedy: "Give the model's config.json.")
        }
        let name = object["model_type"]?.string ?? "(missing)"
        guard let architecture = DecoderArchitecture(modelType: name) else {
            throw FileError(
                path, at: "model_type", "is \(name)",
                remedy: "Gyges runs decoders of the types qwen2, qwen2_moe and llama.")
        }
        func isPresent(_ key: String) -> Bool { object[key].map { !$0.isNull } ?? false }
        var settings = SettingsReader(
            number: { object[$0]?.double }, integer: { object[$0]?.integer }, isPresent: isPresent)

        let hiddenSize = settings.count("hidden_size", limit: Limit.width)
        let headCount = settings.count("num_attention_heads", limit: Limit.heads)
        let headDimension = settings.count("head_dim", limit: Limit.width, fallback: max(1, hiddenSize / headCount))
        if let activation = object["hidden_act"]?.string, activation != "silu" {
            settings.note("hidden_act is \(activation); only silu is supported")
        }
        if object["use_sliding_window"]?.bool == true {
            settings.note("use_sliding_window is true, which is not supported")
        }
        if object["mlp_bias"]?.bool == true { settings.note("mlp_bias is true, which is not supported") }
        if architecture == .llama, object["attention_bias"]?.bool == true {
            settings.note("attention_bias is true, which is not supported")
        }
        let contextLength = settings.count("max_position_embeddings", limit: Limit.context)
        let rope = Self.rope(object, &settings, contextLength: contextLength)
        let layerCount = settings.count("num_hidden_layers", limit: Limit.layers)
        self.init(
            architecture: architecture,
            layerCount: layerCount, hiddenSize: hiddenSize,
            intermediateSize: settings.count("intermediate_size", limit: Limit.width), headCount: headCount,
            keyValueHeadCount: settings.count("num_key_value_heads", limit: Limit.heads, fallback: headCount),
            headDimension: headDimension, rotaryDimension: headDimension,
            vocabularySize: settings.count("vocab_size", limit: Limit.vocabulary),
            contextLength: contextLength,
            normEpsilon: settings.positive("rms_norm_eps", limit: 1, fallback: 1e-6), ropeBase: rope.base,
            ropeScaling: rope.scaling, dualChunks: Self.dualChunks(object, &settings, contextLength: contextLength),
            tiesEmbeddings: object["tie_word_embeddings"]?.bool ?? false,
            hasAttentionBias: architecture == .qwen2
                || architecture == .qwen2moe && (object["qkv_bias"]?.bool ?? true),
            experts: architecture == .qwen2moe ? Self.experts(object, &settings, layerCount: layerCount) : nil)
        let problems = settings.problems + inconsistencies
        guard problems.isEmpty else {
            throw FileError(
                path, at: "configuration", problems: problems,
                remedy:
                    "Check that the file belongs to the model; one that asks for what is not supported cannot be run.")
        }
    }

    /// A layer has experts unless it is listed in `mlp_only_layers`, and then if `decoder_sparse_step` divides its number
    /// counted from 1 (transformers, `modeling_qwen2_moe.py`).
    private static func experts(
        _ object: JSONObject, _ settings: inout SettingsReader, layerCount: Int
    ) -> ExpertConfiguration {
        let step = settings.count("decoder_sparse_step", limit: Limit.layers, fallback: 1)
        var denseLayers = Set((0..<layerCount).filter { ($0 + 1) % step != 0 })
        for layer in object["mlp_only_layers"]?.array ?? [] {
            if let layer = layer.integer, (0..<layerCount).contains(layer) {
                denseLayers.insert(layer)
            } else {
                settings.note("mlp_only_layers names a layer that there is not")
            }
        }
        return ExpertConfiguration(
            count: settings.count("num_experts", limit: Limit.experts),
            countPerToken: settings.count("num_experts_per_tok", limit: Limit.experts),
            intermediateSize: settings.count("moe_intermediate_size", limit: Limit.width),
            sharedIntermediateSize: settings.count("shared_expert_intermediate_size", limit: Limit.width),
            normalisesWeights: object["norm_topk_prob"]?.bool ?? false, denseLayers: denseLayers)
    }
}
