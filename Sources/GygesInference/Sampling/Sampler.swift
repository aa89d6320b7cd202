import GygesConstraints
import GygesKernels

/// Chooses tokens for one request. Draws depend only on the seed and the number of tokens drawn before.
struct Sampler {
    private let parameters: SamplingParameters
    private let adjustments: LogitAdjustments
    /// How many of the most likely tokens are told with each.
    private let alternativeCount: Int
    /// Whether logits were met that are infinite or no numbers: what was chosen from them means nothing.
    private(set) var hasMetNonFinite = false
    private var seen: Set<Int32> = []
    /// How often tokens were generated, where penalties ask for it.
    private var counts: [Int32: Int] = [:]
    private var drawCount: UInt64 = 0
    /// The probabilities after temperature; kept for its memory.
    private var probabilities: [Float] = []

    /// Creates a sampler; tokens of the prompt count as seen for the repetition penalty, as in transformers.
    ///
    /// - Precondition: `parameters` have no ``SamplingParameters/problems``.
    init(
        parameters: SamplingParameters, adjustments: LogitAdjustments = .init(), prompt: [Int32],
        alternativeCount: Int = 0
    ) {
        self.parameters = parameters
        self.adjustments = adjustments
        self.alternativeCount = alternativeCount
        if parameters.repetitionPenalty != 1 { seen = Set(prompt) }
    }

    /// Chooses a token from `logits`, whose padding rows must already be cut off.
    ///
    /// - Parameter allowed: The tokens to choose among, as if the others' logits were -∞; `nil` for all. The log-probability
    ///   stays the model's own over all tokens.
    /// - Returns: The token; `nil` if none is allowed.
    mutating func sample(from logits: UnsafeMutableBufferPointer<Float>, allowed: TokenMask? = nil) -> ScoredToken? {
        let logNormalizer = logSumExp(logits)
        // NaN and infinity stay themselves in the sum, and without a finite logit it is -∞.
        if !logNormalizer.isFinite { hasMetNonFinite = true }
        let greedy = argmax(logits)
        guard let chosen = choose(from: logits, greedy: greedy, allowed: allowed) else { return nil }
        let logProbability = Double(chosen.logit) - logNormalizer
        if parameters.repetitionPenalty != 1 { seen.insert(chosen.token) }
        if adjustments.hasPenalties { counts[chosen.token, default: 0] += 1 }
        return ScoredToken(
            token: chosen.token, logProbability: logProbability, isGreedy: chosen.token == Int32(greedy),
            alternatives: likeliestTokens(alternativeCount, of: logits, logNormalizer: logNormalizer))
    }

    private mutating func choose(
        from logits: UnsafeMutableBufferPointer<Float>, greedy: Int, allowed: TokenMask?
    ) -> (token: Int32, logit: Float)? {
        if parameters.temperature == 0, parameters.repetitionPenalty == 1, adjustments.isEmpty,
            allowed?.contains(Int32(greedy)) ?? true
        {
            return (Int32(greedy), logits[greedy])
        }
        let original = changedTokens.filter { logits.indices.contains(Int($0)) }.map { ($0, logits[Int($0)]) }
        for (token, logit) in original {
            logits[Int(token)] = adjusted(seen.contains(token) ? penalized(logit) : logit, of: token)
        }
        defer { for (token, logit) in original { logits[Int(token)] = logit } }

        let index: Int
        if let allowed {
            guard let token = pick(from: logits, allowed: allowed) else { return nil }
            index = token
        } else {
            index = pick(from: logits)
        }
        let logit = original.first { $0.0 == Int32(index) }?.1 ?? logits[index]
        return (Int32(index), logit)
    }

    /// The tokens whose logits are not taken as they are.
    private var changedTokens: Set<Int32> {
        adjustments.isEmpty ? seen : seen.union(counts.keys).union(adjustments.bias.keys)
    }

    /// A logit with what is added to it; finite if it was.
    private func adjusted(_ logit: Float, of token: Int32) -> Float {
        guard !adjustments.isEmpty, logit.isFinite else { return logit }
        let result = logit + adjustments.addend(for: token, generated: counts[token] ?? 0)
        return min(max(result, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
    }

    /// A logit of a token that was seen; finite if it was, whatever the penalty.
    private func penalized(_ logit: Float) -> Float {
        let penalty = min(max(Float(parameters.repetitionPenalty), .leastNormalMagnitude), .greatestFiniteMagnitude)
        let result = logit > 0 ? logit / penalty : logit * penalty
        guard logit.isFinite else { return result }
        return min(max(result, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
    }

    private mutating func pick(from logits: UnsafeMutableBufferPointer<Float>) -> Int {
        inverseTemperature.map { draw(from: logits, inverseTemperature: $0) } ?? argmax(logits)
    }

    /// What logits less their maximum are multiplied by; `nil` where that would be infinite and the most likely token alone has
    /// a probability: at temperature 0, and below 1 / 2^128.
    ///
    /// Never 0, however high the temperature, so that a logit of -∞ stays one.
    private var inverseTemperature: Float? {
        let inverse = Float(1 / parameters.temperature)
        return inverse.isFinite ? max(inverse, .leastNonzeroMagnitude) : nil
    }

    /// Chooses among the allowed tokens' logits, put side by side: often a handful. `nil` without any.
    private mutating func pick(from logits: UnsafeMutableBufferPointer<Float>, allowed: TokenMask) -> Int? {
        var tokens: [Int32] = []
        tokens.reserveCapacity(allowed.count)
        allowed.forEach { if Int($0) < logits.count { tokens.append($0) } }
        guard tokens.count > 1 else { return tokens.first.map(Int.init) }
        var few = tokens.map { logits[Int($0)] }
        return few.withUnsafeMutableBufferPointer { Int(tokens[pick(from: $0)]) }
    }

    /// Draws from the tempered and cut distribution.
    ///
    /// - Complexity: O(vocabulary), and O(k log k) for the k tokens that top-k and top-p keep.
    private mutating func draw(from logits: UnsafeMutableBufferPointer<Float>, inverseTemperature: Float) -> Int {
        if parameters.topK > 0, let indices = indicesOfLargest(parameters.topK, of: UnsafeBufferPointer(logits).span) {
            return draw(from: likeliest(of: indices, in: logits, inverseTemperature: inverseTemperature))
        }
        let greedy = argmax(logits)
        let peak = logits[greedy]
        // Relative to the peak, so that a low temperature does not overflow.
        if probabilities.count != logits.count { probabilities = [Float](repeating: 0, count: logits.count) }
        for index in probabilities.indices { probabilities[index] = (logits[index] - peak) * inverseTemperature }
        var elements = probabilities.mutableSpan
        softmax(&elements)

        let floor = Float(parameters.minP) * probabilities[greedy]
        guard parameters.topK > 0 || parameters.topP < 1 else { return drawInOrder(floor: floor) }
        return draw(from: likeliest(floor: floor))
    }

    /// Draws among all tokens of at least probability `floor`.
    private mutating func drawInOrder(floor: Float) -> Int {
        var total = 0.0
        var last = 0
        for (index, probability) in probabilities.enumerated() where probability >= floor && probability > 0 {
            total += Double(probability)
            last = index
        }
        var remaining = uniform() * total
        for (index, probability) in probabilities.enumerated() where probability >= floor && probability > 0 {
            remaining -= Double(probability)
            if remaining < 0 { return index }
        }
        return last
    }

    private mutating func draw(from kept: ArraySlice<Candidate>) -> Int {
        var remaining = uniform() * kept.reduce(0) { $0 + Double($1.probability) }
        for candidate in kept {
            remaining -= Double(candidate.probability)
            if remaining < 0 { return candidate.index }
        }
        // Rounding, or logits that are not numbers: the most likely of what there is.
        return kept.first?.index ?? 0
    }

    private struct Candidate {
        var index: Int
        var probability: Float
    }

    /// What top-k, top-p and min-p keep, most likely first; ties in order of their ids, so that results repeat.
    private func likeliest(floor: Float) -> ArraySlice<Candidate> {
        let threshold = probabilityThatKeepsEnough()
        var candidates: [Candidate] = []
        for (index, probability) in probabilities.enumerated() where probability >= threshold && probability > 0 {
            candidates.append(Candidate(index: index, probability: probability))
        }
        candidates.sort { ($0.probability, $1.index) > ($1.probability, $0.index) }
        return cut(candidates, floor: floor)
    }

    /// The same from the few tokens that hold the `topK` largest logits: no other needs a probability, since what is kept
    /// is drawn from in proportion.
    private func likeliest(
        of indices: [Int], in logits: UnsafeMutableBufferPointer<Float>, inverseTemperature: Float
    ) -> ArraySlice<Candidate> {
        let order = indices.sorted { (logits[$0], $1) > (logits[$1], $0) }.prefix(parameters.topK)
        guard let first = order.first else { return [] }
        var weights = order.map { (logits[$0] - logits[first]) * inverseTemperature }
        var elements = weights.mutableSpan
        softmax(&elements)
        let candidates = zip(order, weights).map { Candidate(index: $0, probability: $1) }
        return cut(candidates, floor: Float(parameters.minP) * weights[0])
    }

    /// What top-k, top-p and min-p keep of candidates in order.
    private func cut(_ candidates: [Candidate], floor: Float) -> ArraySlice<Candidate> {
        var kept = candidates[...]
        var total = 1.0
        if parameters.topK > 0 {
            kept = kept.prefix(parameters.topK)
            total = kept.reduce(0) { $0 + Double($1.probability) }
        }
        if parameters.topP < 1 {
            // The fewest whose mass reaches topP: the one that crosses the line stays.
            var mass = 0.0
            kept = kept.prefix { candidate in
                defer { mass += Double(candidate.probability) }
                return mass < parameters.topP * total
            }
        }
        // The most likely one stays, however small a share of it was asked for.
        return kept.isEmpty ? candidates.prefix(1) : kept.prefix { $0.probability >= floor }
    }

    /// A probability that all tokens kept by top-k or top-p reach, and few others.
    ///
    /// Found by counting tokens by the leading bits of their probability, 16 classes an octave: a fraction of the time
    /// that sorting a vocabulary takes.
    private func probabilityThatKeepsEnough() -> Float {
        let shift: UInt32 = 19
        let classCount = Int(Float(1).bitPattern >> shift) + 2
        return withUnsafeTemporaryAllocation(of: (count: Int, mass: Double).self, capacity: classCount) { classes in
            classes.initialize(repeating: (0, 0))
            for probability in probabilities where probability > 0 {
                let index = min(Int(probability.bitPattern >> shift), classCount - 1)
                classes[index].count += 1
                classes[index].mass += Double(probability)
            }
            var (count, mass) = (0, 0.0)
            for index in classes.indices.reversed() {
                count += classes[index].count
                mass += classes[index].mass
                let isEnough = parameters.topK > 0 ? count >= parameters.topK : mass >= parameters.topP
                if isEnough { return Float(bitPattern: UInt32(index) << shift) }
            }
            return 0
        }
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
