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
                remedy: "Gyges runs decoders of the types \(DecoderArchitecture.modelTypes).")
        }
        try PackedWeights.refuse(object, path: path)
        let family = architecture.family
        func isPresent(_ key: String) -> Bool { object[key].map { !$0.isNull } ?? false }
        var settings = SettingsReader(
            number: { object[$0]?.double }, integer: { object[$0]?.integer }, isPresent: isPresent)

        let hiddenSize = settings.count("hidden_size", limit: Limit.width)
        let headCount = settings.count("num_attention_heads", limit: Limit.heads)
        let headDimension = settings.count(
            "head_dim", limit: Limit.width, fallback: family.headDimension ?? max(1, hiddenSize / headCount))
        if isPresent("hidden_act"), object["hidden_act"] != "silu" {
            settings.note("hidden_act is \(object["hidden_act"]?.serialized() ?? ""); only silu is supported")
        }
        if case .never = family.feedForwardBias, object["mlp_bias"]?.bool == true {
            settings.note("mlp_bias is true, which decoders of the type \(name) do not have")
        }
        let contextLength = settings.count("max_position_embeddings", limit: Limit.context)
        let rope = Self.rope(object, &settings, fallback: family.ropeBase, contextLength: contextLength)
        let layerCount = settings.count("num_hidden_layers", limit: Limit.layers)
        let unrotated = Self.unrotatedLayers(object, &settings, family: family, layerCount: layerCount)
        Self.refuseWindow(
            object, &settings, family: family, layerCount: layerCount, contextLength: contextLength,
            unrotatedLayers: unrotated)
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
            tiesEmbeddings: settings.flag("tie_word_embeddings", in: object, fallback: family.tiesEmbeddings),
            hasAttentionBias: settings.has(family.attentionBias, in: object),
            hasOutputBias: settings.has(family.outputBias, in: object),
            hasFeedForwardBias: settings.has(family.feedForwardBias, in: object), hasHeadNorms: family.hasHeadNorms,
            unrotatedLayers: unrotated,
            experts: family.mixture.map { Self.experts($0, object, &settings, layerCount: layerCount) })
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
        _ mixture: DecoderFamily.Mixture, _ object: JSONObject, _ settings: inout SettingsReader, layerCount: Int
    ) -> ExpertConfiguration {
        let step = settings.count("decoder_sparse_step", limit: Limit.layers, fallback: 1)
        var denseLayers = Set((0..<layerCount).filter { ($0 + 1) % step != 0 })
        if settings.isPresent("mlp_only_layers"), object["mlp_only_layers"]?.array == nil {
            settings.note("mlp_only_layers is not a list of layers")
        }
        for layer in object["mlp_only_layers"]?.array ?? [] {
            if let layer = layer.integer, (0..<layerCount).contains(layer) {
                denseLayers.insert(layer)
            } else {
                settings.note("mlp_only_layers names a layer that there is not")
            }
        }
        return ExpertConfiguration(
            // Newer versions write Qwen3-MoE's number under another name.
            count: settings.count(
                settings.isPresent("num_experts") ? "num_experts" : "num_local_experts", limit: Limit.experts),
            countPerToken: settings.count("num_experts_per_tok", limit: Limit.experts),
            intermediateSize: settings.count("moe_intermediate_size", limit: Limit.width),
            sharedIntermediateSize: mixture.hasSharedExpert
                ? settings.count("shared_expert_intermediate_size", limit: Limit.width) : nil,
            normalisesWeights: settings.flag("norm_topk_prob", in: object, fallback: false), denseLayers: denseLayers)
    }
}

extension SettingsReader {
    /// A Boolean; `fallback` if the key is absent.
    mutating func flag(_ key: String, in object: JSONObject, fallback: Bool) -> Bool {
        guard isPresent(key) else { return fallback }
        guard let value = object[key]?.bool else {
            note("\(key) is neither true nor false")
            return fallback
        }
        return value
    }

    /// Whether there is a bias where a family may have one.
    mutating func has(_ bias: DecoderFamily.Bias, in object: JSONObject) -> Bool {
        switch bias {
        case .never: false
        case .always: true
        case .setting(let key, let fallback): flag(key, in: object, fallback: fallback)
        }
    }
}
