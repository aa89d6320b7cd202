/// The families of decoders that Gyges runs.
public enum DecoderArchitecture: String, Sendable, Codable, CaseIterable {
    /// Qwen2 and Qwen2.5.
    case qwen2
    /// Qwen1.5-MoE and Qwen2-MoE: Qwen2 whose feed-forward parts are mixtures of experts.
    case qwen2moe
    /// Qwen3 (https://arxiv.org/abs/2505.09388).
    case qwen3
    /// Qwen3-MoE: Qwen3 whose feed-forward parts are mixtures of experts.
    case qwen3moe
    /// Llama 2, 3 and models of the same shape.
    case llama
    /// Mistral; a GGUF file calls it `llama`, whose shape it has.
    case mistral
    /// SmolLM3, some of whose layers rotate nothing.
    case smollm3
}

/// What the decoders of one family have in common, and which keys of a `config.json` decide the rest: a family is a value of
/// this type, and the ``CausalModelConfiguration`` that is read by it is all that a model's formula sees.
///
/// Keys and defaults are those of transformers (`models/*/configuration_*.py`), names and layouts in GGUF files llama.cpp's.
struct DecoderFamily: Sendable {
    /// Where a bias is.
    enum Bias: Sendable {
        case never
        case always
        /// Where the key says so, or the default where it is absent.
        case setting(String, default: Bool)
    }

    /// Which layers see a window of the latest tokens alone.
    enum Window: Sendable {
        case never
        /// All of them, unless `sliding_window` is null.
        case everyLayer
        /// What `layer_types` says or, without it, a rule, if `use_sliding_window` is true.
        case switched(WindowedLayers, default: Int?)
    }

    /// Which layers have a window where `layer_types` does not say it.
    enum WindowedLayers: Sendable {
        case all
        /// Those from `max_window_layers` on.
        case last
        /// Every other one of those before `max_window_layers`, from the first on.
        case everyOtherOfTheFirst
        case unrotated
    }

    /// Mixtures of experts.
    struct Mixture: Sendable {
        /// Whether every token goes through one more expert.
        var hasSharedExpert: Bool
        /// Whether the weights are divided by their sum where a GGUF file does not say it, as llama.cpp does.
        var normalisesWeightsInGGUF: Bool
    }

    /// What `config.json` calls it.
    var modelType: String
    /// Whether GGUF files go by the architecture's name.
    var isGGUFArchitecture = true
    /// Biases of queries, keys and values.
    var attentionBias = Bias.never
    /// The bias of attention's output.
    var outputBias = Bias.never
    /// Biases of the feed-forward part.
    var feedForwardBias = Bias.never
    /// Whether each head of queries and keys is normed before it is rotated.
    var hasHeadNorms = false
    /// Channels a head where `head_dim` is absent; `nil` for `hidden_size / num_attention_heads`.
    var headDimension: Int?
    /// The rotary base where a folder gives none.
    var ropeBase = 10_000.0
    /// Whether head and embedding are one where `tie_word_embeddings` is absent.
    var tiesEmbeddings = false
    /// Which layers see a window alone.
    var window = Window.never
    /// Every how many layers one rotates nothing, where `no_rope_layers` does not say it; `nil` where all rotate.
    var unrotatedInterval: Int?
    /// The mixtures of experts; `nil` in a dense family.
    var mixture: Mixture?
    /// Whether a GGUF file's query and key rows are permuted so that neighbouring channels form pairs.
    var pairsNeighboursInGGUF = false
}

extension DecoderArchitecture {
    /// The family of this name.
    var family: DecoderFamily {
        switch self {
        case .qwen2:
            DecoderFamily(
                modelType: "qwen2", attentionBias: .always, window: .switched(.last, default: 4096))
        case .qwen2moe:
            DecoderFamily(
                modelType: "qwen2_moe", attentionBias: .setting("qkv_bias", default: true),
                window: .switched(.everyOtherOfTheFirst, default: 4096),
                mixture: .init(hasSharedExpert: true, normalisesWeightsInGGUF: false))
        case .qwen3:
            DecoderFamily(
                modelType: "qwen3", attentionBias: .setting("attention_bias", default: false),
                outputBias: .setting("attention_bias", default: false), hasHeadNorms: true, headDimension: 128,
                window: .switched(.last, default: 4096))
        case .qwen3moe:
            DecoderFamily(
                modelType: "qwen3_moe", attentionBias: .setting("attention_bias", default: false),
                outputBias: .setting("attention_bias", default: false), hasHeadNorms: true,
                window: .switched(.all, default: 4096),
                mixture: .init(hasSharedExpert: false, normalisesWeightsInGGUF: true))
        case .llama:
            DecoderFamily(
                modelType: "llama", attentionBias: .setting("attention_bias", default: false),
                outputBias: .setting("attention_bias", default: false),
                feedForwardBias: .setting("mlp_bias", default: false), pairsNeighboursInGGUF: true)
        case .mistral:
            DecoderFamily(modelType: "mistral", isGGUFArchitecture: false, window: .everyLayer)
        case .smollm3:
            DecoderFamily(
                modelType: "smollm3", attentionBias: .setting("attention_bias", default: false),
                outputBias: .setting("attention_bias", default: false),
                feedForwardBias: .setting("mlp_bias", default: false), ropeBase: 2_000_000, tiesEmbeddings: true,
                window: .switched(.unrotated, default: nil), unrotatedInterval: 4, pairsNeighboursInGGUF: true)
        }
    }

    /// What GGUF files call it: Mistral has Llama's name, as it has its shape.
    public var nameInGGUF: String { self == .mistral ? Self.llama.rawValue : rawValue }

    /// Whether a GGUF file of this architecture pairs neighbouring channels when it rotates; a folder pairs those of the two
    /// halves of a head.
    public var pairsNeighboursInGGUF: Bool { family.pairsNeighboursInGGUF }

    /// The family that a `config.json` calls `model_type`.
    init?(modelType: String) {
        guard let known = Self.allCases.first(where: { $0.family.modelType == modelType }) else { return nil }
        self = known
    }

    /// The family that a GGUF file calls `general.architecture`.
    init?(gguf name: String) {
        guard let known = Self(rawValue: name), known.family.isGGUFArchitecture else { return nil }
        self = known
    }

    /// The names that `config.json` and GGUF files may give, for messages.
    static var modelTypes: String { sentence(allCases.map(\.family.modelType)) }
    static var ggufNames: String { sentence(allCases.filter(\.family.isGGUFArchitecture).map(\.rawValue)) }

    private static func sentence(_ names: [String]) -> String {
        names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }
}
