import GygesTokenizer
import GygesCheckpoints
import GygesKernels
import GygesModels

/// How fast a model reads prompts and generates, and how near that is to what the machine's memory allows.
public struct SpeedMeasurement: Sendable {
    /// What was measured.
    public enum Work: Sendable, Equatable {
        /// A prompt of so many tokens, read at once.
        case prompt(tokens: Int)
        /// So many sequences that are continued together, from a prompt of `context` tokens that they share.
        case generation(sequences: Int, context: Int)
    }

    /// What was measured.
    public var work: Work
    /// Tokens a second of each repetition, of all sequences together.
    public var rates: [Double]
    /// The bytes read from memory for a token of each sequence: all weights, the keys and values of the shared prompt once, and
    /// each sequence's own. `nil` for prompts, which computing bounds.
    public var bytesPerStep: Int?
    /// Multiplications and additions of weights for a token.
    public var operationsPerToken: Int

    /// The rate in the middle.
    public var median: Double { rates.sorted()[rates.count / 2] }
    /// The best rate.
    public var best: Double { rates.max() ?? 0 }

    /// Bytes read a second at the median rate.
    public var bytesPerSecond: Double? {
        guard let bytesPerStep, case .generation(let sequences, _) = work else { return nil }
        return median / Double(sequences) * Double(bytesPerStep)
    }

    /// Operations a second at the median rate.
    public var operationsPerSecond: Double { median * Double(operationsPerToken) }
}

extension LanguageModel {
    /// Measures reading a prompt, through the engine as any request goes.
    ///
    /// Every repetition reads another prompt, so that none finds its beginning computed.
    /// - Throws: ``EngineError`` if the prompt does not fit.
    public func measurePrompt(tokens count: Int, repetitions: Int) async throws -> SpeedMeasurement {
        var rates: [Double] = []
        // The first is not counted: it touches memory that later ones find in place.
        for repetition in 0...repetitions {
            let seconds = try await seconds {
                let prompt = benchmarkPrompt(count, variant: repetition + 1)
                _ = try await engine.complete(GenerationRequest(prompt: prompt, maximumTokenCount: 1))
            }
            if repetition > 0 { rates.append(Double(count) / seconds) }
        }
        return SpeedMeasurement(
            work: .prompt(tokens: count), rates: rates, operationsPerToken: 2 * engine.model.productsPerRow)
    }

    /// Measures continuing `sequences` sequences together, each by `count` tokens from a prompt of `context` that they share.
    ///
    /// What a repetition takes beyond one that generates a single token is the time of the others.
    /// - Throws: ``EngineError`` if that does not fit the model's context.
    public func measureGeneration(
        sequences: Int, context: Int, tokens count: Int, repetitions: Int
    ) async throws -> SpeedMeasurement {
        let prompt = benchmarkPrompt(context, variant: 0)
        var rates: [Double] = []
        for repetition in 0...repetitions {
            let one = try await seconds { try await generate(sequences, from: prompt, count: 1) }
            let all = try await seconds { try await generate(sequences, from: prompt, count: count + 1) }
            if repetition > 0 { rates.append(Double(sequences * count) / max(all - one, 1e-9)) }
        }
        let shape = configuration
        let layout = KeyValueLayout(
            headCount: shape.keyValueHeadCount, headDimension: shape.headDimension, format: engine.keyValueFormat)
        let keysAndValues =
            shape.layerCount * layout.blockByteCount
            * (context + sequences * count / 2) / KeyValueLayout.blockLength
        return SpeedMeasurement(
            work: .generation(sequences: sequences, context: context), rates: rates,
            bytesPerStep: engine.model.streamedByteCount + keysAndValues,
            operationsPerToken: 2 * (engine.model.productsPerRow + shape.vocabularySize * shape.hiddenSize))
    }

    private func generate(_ sequences: Int, from prompt: [Int32], count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<sequences {
                // Sampled, so that sequences go different ways; without stop tokens, so that none ends early; without
                // speculation, which would find what it proposes in the repetition before.
                let request = GenerationRequest(
                    prompt: prompt, maximumTokenCount: count,
                    sampling: SamplingParameters(temperature: 1, topK: 40, seed: UInt64(seed)), speculates: false)
                group.addTask { [engine] in _ = try await engine.complete(request) }
            }
            try await group.waitForAll()
        }
    }

    /// Ordinary tokens in an arbitrary order: what they say makes no difference to the time.
    private func benchmarkPrompt(_ count: Int, variant: Int) -> [Int32] {
        let limit = max(1, min(tokenizer.vocabularyCount, 20_000))
        return (0..<count).map { Int32(($0 * 37 + variant * 131 + 11) % limit) }
    }

    private func seconds(_ work: () async throws -> Void) async rethrows -> Double {
        let start = ContinuousClock.now
        try await work()
        return start.duration(to: .now) / .seconds(1)
    }
}
