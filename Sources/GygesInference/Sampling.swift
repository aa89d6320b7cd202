import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// How the next token is chosen from the logits.
///
/// The order follows transformers: repetition penalty, temperature, top-k, top-p, min-p, then one draw.
public struct SamplingParameters: Sendable, Equatable, Codable {
    /// Divides the logits; 0 takes the most likely token.
    public var temperature: Double
    /// Keeps the `topK` most likely tokens; 0 keeps all.
    public var topK: Int
    /// Keeps the fewest tokens whose probabilities reach `topP` (Holtzman et al. 2020); 1 keeps all.
    public var topP: Double
    /// Drops tokens less likely than `minP` times the most likely one; 0 keeps all.
    public var minP: Double
    /// Divides positive and multiplies negative logits of tokens already seen (Keskar et al. 2019); 1 changes nothing.
    public var repetitionPenalty: Double
    /// Determines the draws together with the position; the same request with the same seed gives the same text.
    public var seed: UInt64

    /// Creates parameters; the default is greedy.
    public init(
        temperature: Double = 0, topK: Int = 0, topP: Double = 1, minP: Double = 0, repetitionPenalty: Double = 1,
        seed: UInt64 = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.seed = seed
    }

    /// What is out of range, one sentence each; empty if nothing is.
    public var problems: [String] {
        var problems: [String] = []
        if !(temperature.isFinite && temperature >= 0) { problems.append("temperature must be 0 or more") }
        if topK < 0 { problems.append("top-k must be 0 (off) or more") }
        if !(topP > 0 && topP <= 1) { problems.append("top-p must be above 0 and at most 1") }
        if !(minP >= 0 && minP < 1) { problems.append("min-p must be at least 0 and below 1") }
        if !(repetitionPenalty.isFinite && repetitionPenalty > 0) {
            problems.append("the repetition penalty must be above 0")
        }
        return problems
    }
}

/// A token and its log-probability under the model's own distribution, before any sampling parameter.
public struct ScoredToken: Sendable, Equatable {
    /// The token id.
    public var token: Int32
    /// Natural logarithm of the model's probability.
    public var logProbability: Double
    /// Whether it is the most likely token.
    public var isGreedy: Bool
}

/// Chooses tokens for one request. Draws depend only on the seed and the number of tokens drawn before.
struct Sampler {
    private let parameters: SamplingParameters
    private var seen: Set<Int32> = []
    private var drawCount: UInt64 = 0

    /// Creates a sampler; tokens of the prompt count as seen for the repetition penalty, as in transformers.
    init(parameters: SamplingParameters, prompt: [Int32]) {
        self.parameters = parameters
        if parameters.repetitionPenalty != 1 { seen = Set(prompt) }
    }

    /// Chooses a token from `logits`, whose padding rows must already be cut off.
    mutating func sample(from logits: UnsafeMutableBufferPointer<Float>) -> ScoredToken {
        let logNormalizer = logSumExp(logits)
        let greedy = argmax(logits)
        let chosen = choose(from: logits, greedy: greedy)
        let logProbability = Double(chosen.logit) - logNormalizer
        if parameters.repetitionPenalty != 1 { seen.insert(chosen.token) }
        return ScoredToken(
            token: chosen.token, logProbability: logProbability, isGreedy: chosen.token == Int32(greedy))
    }

    private mutating func choose(
        from logits: UnsafeMutableBufferPointer<Float>, greedy: Int
    ) -> (token: Int32, logit: Float) {
        if parameters.temperature == 0, parameters.repetitionPenalty == 1 {
            return (Int32(greedy), logits[greedy])
        }
        let original = seen.filter { Int($0) < logits.count }.map { ($0, logits[Int($0)]) }
        let penalty = Float(parameters.repetitionPenalty)
        for (token, logit) in original { logits[Int(token)] = logit > 0 ? logit / penalty : logit * penalty }
        defer { for (token, logit) in original { logits[Int(token)] = logit } }

        let index = parameters.temperature == 0 ? argmax(logits) : draw(from: logits)
        let logit = original.first { $0.0 == Int32(index) }?.1 ?? logits[index]
        return (Int32(index), logit)
    }

    /// Draws from the tempered and cut distribution.
    private mutating func draw(from logits: UnsafeMutableBufferPointer<Float>) -> Int {
        var candidates = candidates(of: logits)
        let inverseTemperature = 1 / parameters.temperature
        let peak = Double(candidates[0].logit) * inverseTemperature
        var weights = candidates.map { exp(Double($0.logit) * inverseTemperature - peak) }
        var total = weights.reduce(0, +)

        if parameters.topP < 1 {
            // The fewest whose mass reaches topP: the one that crosses the line stays.
            var mass = 0.0
            var kept = 0
            while kept < weights.count, mass < parameters.topP * total {
                mass += weights[kept]
                kept += 1
            }
            candidates.removeLast(candidates.count - kept)
            weights.removeLast(weights.count - kept)
            total = mass
        }
        if parameters.minP > 0 {
            let kept = weights.prefix { $0 >= parameters.minP * weights[0] }.count
            candidates.removeLast(candidates.count - kept)
            weights.removeLast(weights.count - kept)
            total = weights.reduce(0, +)
        }

        var remaining = uniform() * total
        for (candidate, weight) in zip(candidates, weights) {
            remaining -= weight
            if remaining < 0 { return candidate.index }
        }
        return candidates[candidates.count - 1].index
    }

    /// The tokens that may be drawn, most likely first; ties in order of their ids, so that results repeat.
    private func candidates(of logits: UnsafeMutableBufferPointer<Float>) -> [(index: Int, logit: Float)] {
        // A token a factor of 2^-60 less likely than the best cannot change a draw of 53 bits; leaving such tokens out
        // before sorting makes the sort short.
        let peak = logits[argmax(logits)]
        let floor = peak - Float(42 * parameters.temperature)
        var candidates: [(index: Int, logit: Float)] = []
        for index in logits.indices where logits[index] >= floor { candidates.append((index, logits[index])) }
        candidates.sort { ($0.logit, $1.index) > ($1.logit, $0.index) }
        if parameters.topK > 0, candidates.count > parameters.topK {
            candidates.removeLast(candidates.count - parameters.topK)
        }
        return candidates
    }

    /// A number in [0, 1) from the seed and the count of draws (SplitMix64, Steele et al. 2014).
    private mutating func uniform() -> Double {
        drawCount += 1
        var z = parameters.seed &+ drawCount &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-53
    }
}

/// log Σ exp(x), in `Double` around the maximum.
func logSumExp(_ x: UnsafeMutableBufferPointer<Float>) -> Double {
    Double(GygesKernels.logSumExp(UnsafeBufferPointer(x).span))
}

/// The first index of the largest element.
func argmax(_ x: UnsafeMutableBufferPointer<Float>) -> Int { GygesKernels.argmax(UnsafeBufferPointer(x).span) }
