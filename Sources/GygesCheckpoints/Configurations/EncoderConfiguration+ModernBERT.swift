import GygesFiles

extension EncoderConfiguration {
    /// ModernBERT's shape, from a configuration of either generation: flat keys (`global_rope_theta`, `global_attn_every_n_layers`,
    /// …), or `layer_types` and `rope_parameters` by kind of layer (transformers, `configuration_modernbert.py`).
    init(modernBERT object: JSONObject, _ settings: inout SettingsReader) {
        typealias Limit = CausalModelConfiguration.Limit
        family = .modernBERT
        layerCount = settings.count("num_hidden_layers", limit: Limit.layers)
        hiddenSize = settings.count("hidden_size", limit: Limit.width)
        intermediateSize = settings.count("intermediate_size", limit: Limit.width)
        headCount = settings.count("num_attention_heads", limit: Limit.heads)
        vocabularySize = settings.count("vocab_size", limit: Limit.vocabulary)
        contextLength = settings.count("max_position_embeddings", limit: Limit.context, fallback: 8192)
        normEpsilon = settings.positive("norm_eps", limit: 1, fallback: 1e-5)
        normPlace = .beforeParts
        windowRadius = settings.count("local_attention", limit: Limit.context, fallback: 128) / 2
        feedForward =
            settings.activation(object, "hidden_activation", of: [.gelu, .silu]) == .silu ? .gatedBySiLU : .gatedByGELU
        isLocal = settings.layerKinds(object, count: layerCount)
        positions = settings.rotations(object, contextLength: contextLength)
        biases = Biases(
            norms: settings.flag(object, "norm_bias", false), attention: settings.flag(object, "attention_bias", false),
            feedForward: settings.flag(object, "mlp_bias", false),
            head: settings.flag(object, "classifier_bias", false),
            decoder: settings.flag(object, "decoder_bias", true))
        task = settings.task(object, of: .modernBERT)
        head = Head(
            activation: settings.activation(object, "classifier_activation", of: [.gelu, .silu]),
            readsMean: settings.readsMean(object), labels: settings.labels(object), problem: settings.problem(object),
            scoreFunction: ScoreFunction(object, &settings),
            tiesEmbeddings: settings.flag(object, "tie_word_embeddings", true))
        tokens = Tokens(
            padding: settings.token(object, "pad_token_id", below: vocabularySize),
            beginning: settings.token(object, "cls_token_id", "bos_token_id", below: vocabularySize),
            separator: settings.token(object, "sep_token_id", "eos_token_id", below: vocabularySize))
    }
}

extension SettingsReader {
    /// Which layers are local: as listed, or all but every so many.
    fileprivate mutating func layerKinds(_ object: JSONObject, count: Int) -> [Bool] {
        guard isPresent("layer_types") else {
            let period = self.count(
                "global_attn_every_n_layers", limit: CausalModelConfiguration.Limit.layers, fallback: 3)
            return (0..<count).map { $0 % period != 0 }
        }
        let kinds = object["layer_types"]?.array ?? []
        var isLocal: [Bool] = []
        for kind in kinds {
            switch kind.string {
            case "full_attention": isLocal.append(false)
            case "sliding_attention": isLocal.append(true)
            default:
                note("layer_types has \(kind.serialized()); full_attention and sliding_attention are supported")
                return [Bool](repeating: false, count: count)
            }
        }
        if isLocal.count != count { note("layer_types has \(isLocal.count) entries for \(count) layers") }
        return isLocal
    }

    /// The rotations of global and of local layers. A flat `rope_scaling` is meant for both.
    fileprivate mutating func rotations(
        _ object: JSONObject, contextLength: Int
    ) -> EncoderConfiguration.Positions {
        let byKind = object["rope_parameters"]?.object
        let flat = object["rope_scaling"]?.object
        if isPresent("rope_parameters"), byKind == nil { note("rope_parameters is not an object") }
        func rotation(_ kind: String, flatKey: String, fallback: Double) -> EncoderConfiguration.Rotation {
            if byKind?.contains(kind) ?? false, byKind?[kind]?.object == nil, byKind?[kind]?.isNull == false {
                note("rope_parameters.\(kind) is not an object")
            }
            var entries = byKind?[kind]?.object ?? JSONObject()
            for (key, value) in flat ?? JSONObject() { entries[key] = value }
            var base = fallback
            if let stored = [entries["rope_theta"], object[flatKey]].compactMap({ $0 }).first(where: { !$0.isNull }) {
                base = stored.double ?? .nan
                if !(base.isFinite && base >= 1 && base <= 1e12) {
                    note(
                        "\(entries.contains("rope_theta") ? "rope_theta of \(kind)" : flatKey) is not a number from 1 to 1e12"
                    )
                    base = fallback
                }
            }
            var parameters = RotarySettings(object: entries)
            let scaling = parameters.scaling(contextLength: contextLength)
            for problem in parameters.problems { note("\(kind): \(problem)") }
            return .init(base: base, scaling: scaling)
        }
        let global = rotation("full_attention", flatKey: "global_rope_theta", fallback: 160_000)
        // A local base that is given as null means the global one, in configurations of the first generation.
        let isNull = object["local_rope_theta"]?.isNull ?? false
        let local = rotation(
            "sliding_attention", flatKey: "local_rope_theta", fallback: isNull ? global.base : 10_000)
        return .rotary(global: global, local: local)
    }

    fileprivate mutating func readsMean(_ object: JSONObject) -> Bool {
        guard isPresent("classifier_pooling") else { return false }
        switch object["classifier_pooling"]?.string {
        case "cls": return false
        case "mean": return true
        default:
            note(
                "classifier_pooling is \(object["classifier_pooling"]?.serialized() ?? ""); cls and mean are supported")
            return false
        }
    }
}
