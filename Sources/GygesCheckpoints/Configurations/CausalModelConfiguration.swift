/// The shape of a decoder's mixtures of experts (Qwen2 technical report §2.2.2).
public struct ExpertConfiguration: Sendable, Equatable {
    /// Experts to choose from.
    public var count: Int
    /// Experts that each token is given to.
    public var countPerToken: Int
    /// Channels of an expert.
    public var intermediateSize: Int
    /// Channels of the expert that every token is given to; `nil` in a family without one.
    public var sharedIntermediateSize: Int?
    /// Whether the chosen experts' probabilities are divided by their sum. Qwen's are not: they sum to less than 1.
    public var normalisesWeights: Bool
    /// The layers that have an ordinary feed-forward part instead.
    public var denseLayers: Set<Int>

    /// What is impossible about it, one sentence each.
    var inconsistencies: [String] {
        countPerToken > count ? ["\(countPerToken) experts a token of \(count) experts"] : []
    }
}

/// The shape of a decoder, from `config.json` or from GGUF metadata.
///
/// Every field is checked: positive, within what a real model has, and consistent with the others.
public struct CausalModelConfiguration: Sendable, Equatable {
    /// The family.
    public var architecture: DecoderArchitecture
    /// The number of layers.
    public var layerCount: Int
    /// Channels of the residual stream.
    public var hiddenSize: Int
    /// Channels of the feed-forward part.
    public var intermediateSize: Int
    /// Query heads.
    public var headCount: Int
    /// Key-value heads; divides ``headCount``.
    public var keyValueHeadCount: Int
    /// Channels a head.
    public var headDimension: Int
    /// Channels of a head that rotate with the position; even.
    public var rotaryDimension: Int
    /// Rows of the embedding table, padding included.
    public var vocabularySize: Int
    /// The most tokens of a sequence that the file declares, stretched positions included where it declares them so;
    /// ``nativeContextLength`` is what the model was trained on.
    public var contextLength: Int
    /// Added to the mean square in norms.
    public var normEpsilon: Double
    /// The base of the rotary frequencies.
    public var ropeBase: Double
    /// How rotary positions are stretched.
    public var ropeScaling: RopeScaling
    /// Dual Chunk Attention, if the file asks for it.
    public var dualChunks: DualChunkConfiguration?
    /// Whether the head is the embedding table.
    public var tiesEmbeddings: Bool
    /// Whether queries, keys and values have biases.
    public var hasAttentionBias: Bool
    /// Whether attention's output projection has a bias.
    public var hasOutputBias = false
    /// Whether the feed-forward parts have biases.
    public var hasFeedForwardBias = false
    /// Whether each head of queries and keys is normed before it is rotated (Qwen3's QK norm).
    public var hasHeadNorms = false
    /// The layers that rotate nothing, so that no position enters their attention (SmolLM3's NoPE layers).
    public var unrotatedLayers: Set<Int> = []
    /// The mixtures of experts; `nil` in a dense model.
    public var experts: ExpertConfiguration?

    /// The mixture of experts of one layer, if it has one.
    public func experts(inLayer layer: Int) -> ExpertConfiguration? {
        experts.flatMap { $0.denseLayers.contains(layer) ? nil : $0 }
    }
}

/// Reads settings one by one and collects what is wrong with them.
struct SettingsReader {
    let number: (String) -> Double?
    let integer: (String) -> Int?
    let isPresent: (String) -> Bool
    /// Why a value is none that can be read, where there is more to say than that.
    let reason: (String) -> String?
    private(set) var problems: [String] = []

    init(
        number: @escaping (String) -> Double?, integer: @escaping (String) -> Int?,
        isPresent: @escaping (String) -> Bool, reason: @escaping (String) -> String? = { _ in nil }
    ) {
        self.number = number
        self.integer = integer
        self.isPresent = isPresent
        self.reason = reason
    }

    mutating func note(_ problem: String) { problems.append(problem) }

    /// An integer from 1 to `limit`; `fallback` if the key is absent.
    mutating func count(_ key: String, limit: Int, fallback: Int? = nil) -> Int {
        guard isPresent(key) else {
            if let fallback { return fallback }
            note("\(key) is missing")
            return 1
        }
        guard let value = integer(key), (1...limit).contains(value) else {
            note(reason(key) ?? "\(key) is not an integer from 1 to \(limit)")
            return 1
        }
        return value
    }

    /// A finite number above 0 and at most `limit`; `fallback` if the key is absent.
    mutating func positive(_ key: String, limit: Double, fallback: Double? = nil) -> Double {
        guard isPresent(key) else {
            if let fallback { return fallback }
            note("\(key) is missing")
            return 1
        }
        guard let value = number(key), value.isFinite, value > 0, value <= limit else {
            note("\(key) is not a number above 0 and at most \(limit)")
            return 1
        }
        return value
    }
}

extension CausalModelConfiguration {
    /// Bounds far above any real model, so that a bad file cannot ask for absurd memory.
    enum Limit {
        static let layers = 1024
        static let heads = 1024
        static let width = 1 << 20
        static let vocabulary = 1 << 24
        static let context = 1 << 28
        static let experts = 4096
    }

    /// Relations between fields; what is violated, one sentence each.
    var inconsistencies: [String] {
        var problems: [String] = []
        if headCount % keyValueHeadCount != 0 {
            problems.append("\(keyValueHeadCount) key-value heads do not divide \(headCount) heads")
        }
        if rotaryDimension % 2 != 0 || rotaryDimension > headDimension {
            problems.append("\(rotaryDimension) rotary channels of a head of \(headDimension) cannot form pairs")
        }
        if case .yarn = ropeScaling, ropeBase <= 1 { problems.append("YaRN needs a rotary base above 1") }
        problems += experts?.inconsistencies ?? []
        if headDimension > 1024 { problems.append("heads of \(headDimension) channels; at most 1024 are run") }
        return problems
    }
}
