public import GygesFiles

extension CausalModelConfiguration {
    /// Reads the shape from GGUF metadata (`{architecture}.*` keys; ggml, `docs/gguf.md`).
    ///
    /// - Throws: ``FileError`` listing every missing or impossible key at once.
    public init(gguf file: GGUFFile) throws(FileError) {
        let name = file.metadata["general.architecture"]?.string ?? "(missing)"
        guard let architecture = DecoderArchitecture(gguf: name) else {
            throw FileError(
                file.path, at: "general.architecture", "is \(name)",
                remedy: "Gyges runs decoders of the architectures \(DecoderArchitecture.ggufNames).")
        }
        let family = architecture.family
        var settings = Self.reader(of: file, prefix: name)
        let layerCount = settings.count("block_count", limit: Limit.layers)
        let hiddenSize = settings.count("embedding_length", limit: Limit.width)
        let headCount = settings.count("attention.head_count", limit: Limit.heads)
        let headDimension = settings.count(
            "attention.key_length", limit: Limit.width, fallback: max(1, hiddenSize / headCount))
        if settings.isPresent("attention.value_length"), settings.integer("attention.value_length") != headDimension {
            settings.note("attention.value_length differs from attention.key_length, which is not supported")
        }
        // The table's own rows are the vocabulary: the metadata's count is optional and leaves out padding.
        let table = file.tensor(named: "token_embd.weight")
        if table == nil { settings.note("the tensor token_embd.weight is missing") }
        if family.mixture == nil, (settings.integer("expert_count") ?? 0) > 0 {
            settings.note("expert_count: mixtures of experts are run in the architectures qwen2moe and qwen3moe alone")
        }
        let contextLength = settings.count("context_length", limit: Limit.context)
        self.init(
            architecture: architecture, layerCount: layerCount, hiddenSize: hiddenSize,
            intermediateSize: settings.count("feed_forward_length", limit: Limit.width), headCount: headCount,
            keyValueHeadCount: settings.count("attention.head_count_kv", limit: Limit.heads, fallback: headCount),
            headDimension: headDimension,
            rotaryDimension: settings.count("rope.dimension_count", limit: Limit.width, fallback: headDimension),
            vocabularySize: max(1, table?.shape.first ?? 1),
            contextLength: contextLength,
            normEpsilon: settings.positive("attention.layer_norm_rms_epsilon", limit: 1),
            ropeBase: settings.positive("rope.freq_base", limit: 1e12, fallback: 10_000),
            ropeScaling: Self.scaling(
                &settings, kind: Self.scalingKind(file.metadata["\(name).rope.scaling.type"]),
                contextLength: contextLength),
            tiesEmbeddings: file.tensor(named: "output.weight") == nil,
            hasAttentionBias: file.tensor(named: "blk.0.attn_q.bias") != nil,
            hasOutputBias: file.tensor(named: "blk.0.attn_output.bias") != nil,
            hasFeedForwardBias: file.tensor(named: "blk.0.ffn_down.bias") != nil, hasHeadNorms: family.hasHeadNorms,
            unrotatedLayers: Set(
                (0..<layerCount).filter { layer in family.unrotatedInterval.map { (layer + 1) % $0 == 0 } ?? false }),
            experts: family.mixture.map { Self.experts($0, &settings, file, prefix: name) })
        Self.refuseOthers(&settings, file, prefix: name)
        if settings.isPresent("attention.sliding_window"), settings.integer("attention.sliding_window") != 0 {
            let window = settings.count("attention.sliding_window", limit: .max)
            if window < contextLength {
                settings.note(
                    "attention.sliding_window is \(window), below the context_length of \(contextLength); attention to a window is not supported"
                )
            }
        }
        if vocabularySize > Limit.vocabulary { settings.note("the vocabulary has more than \(Limit.vocabulary) rows") }
        if let tokens = file.metadata["tokenizer.ggml.tokens"]?.array, tokens.count > vocabularySize {
            settings.note("\(tokens.count) tokens but \(vocabularySize) rows in the embedding table")
        }
        let problems = settings.problems + inconsistencies
        guard problems.isEmpty else {
            throw FileError(
                file.path, at: "\(name) metadata", problems: problems,
                remedy: "Convert the model again with current tools, or use another one.")
        }
    }

    /// In GGUF every layer of a mixture has experts, and their widths may be left to the tensors.
    private static func experts(
        _ mixture: DecoderFamily.Mixture, _ settings: inout SettingsReader, _ file: GGUFFile, prefix: String
    ) -> ExpertConfiguration {
        let normalises = file.metadata["\(prefix).expert_weights_norm"]
        if let normalises, normalises.bool == nil { settings.note("expert_weights_norm is neither true nor false") }
        func width(_ name: String) -> Int? { file.tensor(named: name)?.dimensions.dropFirst().first }
        return ExpertConfiguration(
            count: settings.count("expert_count", limit: Limit.experts),
            countPerToken: settings.count("expert_used_count", limit: Limit.experts),
            intermediateSize: settings.count(
                "expert_feed_forward_length", limit: Limit.width, fallback: width("blk.0.ffn_gate_exps.weight")),
            sharedIntermediateSize: mixture.hasSharedExpert
                ? settings.count(
                    "expert_shared_feed_forward_length", limit: Limit.width,
                    fallback: width("blk.0.ffn_gate_shexp.weight")) : nil,
            normalisesWeights: normalises?.bool ?? mixture.normalisesWeightsInGGUF, denseLayers: [])
    }

    /// Reads numbers, and arrays of one number for each layer that are all the same.
    private static func reader(of file: GGUFFile, prefix: String) -> SettingsReader {
        func value(_ key: String) -> GGUFValue? { file.metadata["\(prefix).\(key)"] }
        /// The different numbers of an array, in their order.
        func numbers(_ key: String) -> [Int]? {
            value(key)?.array?.integers()?.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        return SettingsReader(
            number: { value($0)?.double },
            integer: { key in
                if let numbers = numbers(key) { return numbers.count == 1 ? numbers[0] : nil }
                return value(key)?.integer
            },
            isPresent: { value($0) != nil },
            reason: { key in
                guard let numbers = numbers(key), numbers.count > 1 else { return nil }
                let some = numbers.prefix(4).map(String.init).joined(separator: ", ")
                return
                    "\(key) differs between the layers (\(some)\(numbers.count > 4 ? ", …" : "")), which is not supported"
            })
    }

    /// The name of a scaling; what is no text is one that is not known.
    private static func scalingKind(_ value: GGUFValue?) -> String? { value.map { $0.string ?? "(no text)" } }

    /// Notes settings that would change what is computed and are not implemented.
    private static func refuseOthers(_ settings: inout SettingsReader, _ file: GGUFFile, prefix: String) {
        if let type = file.metadata["general.type"], type.string != "model" {
            settings.note("general.type is \(type.string ?? "no text"); only whole models are run")
        }
        if let causal = file.metadata["\(prefix).attention.causal"], causal.bool != true {
            settings.note("attention.causal is not true: the model is an encoder")
        }
        // What llama.cpp takes when the key is absent stands first.
        for (key, allowed) in [
            ("expert_weights_scale", [0, 1]), ("expert_gating_func", [0, 1]), ("rope.scaling.yarn_attn_factor", [1]),
            ("rope.scaling.yarn_ext_factor", [-1, 1]),
        ] as [(String, [Double])] where settings.isPresent(key) {
            let value = settings.number(key)
            if !allowed.contains(value ?? .nan) {
                settings.note("\(key) is \(value.map { "\($0)" } ?? "not a number"), which is not supported")
            }
        }
    }

    /// The stretching of positions; llama.cpp takes a factor without a type for a linear one, reads an older name of it, and
    /// multiplies YaRN's usual attention factor by `attn_factor`.
    private static func scaling(
        _ settings: inout SettingsReader, kind: String?, contextLength: Int
    ) -> RopeScaling {
        let key = settings.isPresent("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear"
        /// A factor of 0 is one of 1.
        func factor(_ settings: inout SettingsReader, fallback: Double?) -> Double {
            settings.number(key) == 0 ? 1 : settings.positive(key, limit: 1e6, fallback: fallback)
        }
        switch kind {
        case "none": return .none
        case nil, "linear":
            let factor = factor(&settings, fallback: 1)
            return factor == 1 ? .none : .linear(factor: factor)
        case "yarn":
            var yarn = YarnScaling(
                factor: factor(&settings, fallback: nil),
                originalContextLength: settings.count(
                    "rope.scaling.original_context_length", limit: Limit.context, fallback: contextLength))
            yarn.betaFast = settings.positive("rope.scaling.yarn_beta_fast", limit: 1e6, fallback: 32)
            yarn.betaSlow = settings.positive("rope.scaling.yarn_beta_slow", limit: 1e6, fallback: 1)
            let multiplier = settings.positive("rope.scaling.attn_factor", limit: 1e3, fallback: 1)
            if multiplier != 1 { yarn.attentionFactor = multiplier * yarn.resolvedAttentionFactor }
            return .yarn(yarn)
        case let kind?: return .other(kind)
        }
    }
}
