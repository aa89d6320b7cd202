#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// How rotary positions are stretched beyond the trained context.
public enum RopeScaling: Sendable, Equatable {
    case none
    /// Positions divided by a factor.
    case linear(factor: Double)
    /// Llama 3.1's: slow rotations slowed, fast ones kept.
    case llama3(
        factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
    /// YaRN, which is used beyond the original context alone.
    case yarn(YarnScaling)
    /// Another kind, by its name; reading it is no error, running it is for the reader to decide.
    case other(String)
}

/// The parameters of YaRN (Peng et al. 2023, https://arxiv.org/abs/2309.00071), with transformers' defaults.
public struct YarnScaling: Sendable, Hashable {
    /// How much longer texts get than the original context.
    public var factor: Double
    /// The context that the model was trained on.
    public var originalContextLength: Int
    /// Channel pairs that rotate at least so often within the original context keep their frequency.
    public var betaFast = 32.0
    /// Channel pairs that rotate at most so often are slowed by ``factor``.
    public var betaSlow = 1.0
    /// Whether the two bounds are rounded to whole channel pairs.
    public var truncates = true
    /// What cosines and sines are multiplied by; `nil` for `0.1 · ln(factor) + 1`, or the ratio of the two magnitudes.
    public var attentionFactor: Double?
    /// `mscale` and `mscale_all_dim`, which count if both are given.
    public var magnitudes: Magnitudes?

    /// DeepSeek's way of giving the attention factor.
    public struct Magnitudes: Sendable, Hashable {
        /// `mscale`
        public var scale: Double
        /// `mscale_all_dim`
        public var scaleOfAllDimensions: Double

        /// Creates the pair.
        public init(scale: Double, scaleOfAllDimensions: Double) {
            self.scale = scale
            self.scaleOfAllDimensions = scaleOfAllDimensions
        }
    }

    /// YaRN with the paper's settings.
    public init(factor: Double, originalContextLength: Int) {
        self.factor = factor
        self.originalContextLength = originalContextLength
    }
}

extension YarnScaling {
    /// What cosines and sines are multiplied by (transformers, `_compute_yarn_parameters`); scores get its square.
    public var resolvedAttentionFactor: Double {
        func magnitude(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1 }
        if let attentionFactor { return attentionFactor }
        if let magnitudes { return magnitude(magnitudes.scale) / magnitude(magnitudes.scaleOfAllDimensions) }
        return magnitude(1)
    }
}

/// The parameters of Dual Chunk Attention (An et al. 2024, https://arxiv.org/abs/2402.17463) that a file gives.
public struct DualChunkConfiguration: Sendable, Hashable {
    /// The largest relative position.
    public var chunkSize: Int
    /// How many positions before a chunk's beginning are still at their true distance.
    public var localSize: Int
    /// The context that the model was trained on.
    public var originalContextLength: Int

    /// Creates the parameters.
    public init(chunkSize: Int, localSize: Int, originalContextLength: Int) {
        self.chunkSize = chunkSize
        self.localSize = localSize
        self.originalContextLength = originalContextLength
    }
}

extension CausalModelConfiguration {
    /// The tokens of a sequence within which positions need no stretching.
    public var nativeContextLength: Int {
        if case .yarn(let yarn) = ropeScaling { return yarn.originalContextLength }
        return dualChunks.map { min($0.originalContextLength, contextLength) } ?? contextLength
    }
}
