import GygesConstraints
import Foundation
import Testing

@testable import GygesInference

/// The sampler against a readable twin that sorts the whole vocabulary.
@Suite struct SamplerTests {
    static let cases: [SamplingParameters] = [
        .init(temperature: 1), .init(temperature: 0.3), .init(temperature: 2, minP: 0.05),
        .init(temperature: 1, topK: 5), .init(temperature: 1, topK: 1), .init(temperature: 0.7, topP: 0.8),
        .init(temperature: 1, topK: 40, topP: 0.9), .init(temperature: 1.5, topK: 30, topP: 0.95, minP: 0.1),
        .init(temperature: 1, topP: 1e-9), .init(temperature: 1, topK: 10_000),
    ]

    /// Logits from -12 to 8 with a few ties.
    static func logits(_ count: Int) -> [Float] {
        (0..<count).map { Float((($0 * 7919) % 401) * (($0 * 104_729) % 401)) / 8000 - 12 }
    }

    /// The probabilities after all cuts, as transformers' warpers define them.
    static func probabilities(_ logits: [Float], _ p: SamplingParameters) -> [Double] {
        let peak = Double(logits.max() ?? 0)
        var weights = logits.map { exp((Double($0) - peak) / p.temperature) }
        let order = weights.indices.sorted { (weights[$0], $1) > (weights[$1], $0) }
        let floor = p.minP * weights[order[0]]
        if p.topK > 0 { for index in order.dropFirst(p.topK) { weights[index] = 0 } }
        let total = weights.reduce(0, +)
        var mass = 0.0
        for index in order {
            let isDropped = mass >= p.topP * total || weights[index] < floor
            mass += weights[index]
            if isDropped { weights[index] = 0 }
        }
        let kept = weights.reduce(0, +)
        return weights.map { $0 / kept }
    }

    @Test("Frequencies follow the distribution, and what is cut never comes", arguments: cases, [3, 300, 1031])
    func frequencies(parameters: SamplingParameters, count: Int) {
        var logits = Self.logits(count)
        let expected = Self.probabilities(logits, parameters)
        var parameters = parameters
        parameters.seed = 17
        var sampler = Sampler(parameters: parameters, prompt: [])
        let draws = 20_000
        var counts = [Int](repeating: 0, count: count)
        logits.withUnsafeMutableBufferPointer { logits in
            for _ in 0..<draws { counts[Int(sampler.sample(from: logits).token)] += 1 }
        }
        for (index, (seen, probability)) in zip(counts, expected).enumerated() {
            if probability == 0 {
                #expect(seen == 0, "token \(index) was cut")
            } else {
                // Six standard deviations of a binomial count, and one for the rare.
                let deviation = (Double(draws) * probability * (1 - probability)).squareRoot()
                #expect(
                    abs(Double(seen) - Double(draws) * probability) <= 6 * deviation + 1,
                    "token \(index): \(seen) of \(draws) at \(probability)")
            }
        }
    }

    @Test(
        "A large vocabulary's top-k is found without sorting it, and is the same", arguments: [1, 5, 40, 47, 48, 500])
    func topKOfMany(count: Int) {
        // 47 runs of 256: above 47 the whole vocabulary is looked at.
        var logits = Self.logits(12_000)
        let parameters = SamplingParameters(temperature: 1.3, topK: count, topP: 0.97, seed: 5)
        let expected = Self.probabilities(logits, parameters)
        var sampler = Sampler(parameters: parameters, prompt: [])
        var seen: Set<Int32> = []
        logits.withUnsafeMutableBufferPointer { logits in
            for _ in 0..<2000 { seen.insert(sampler.sample(from: logits).token) }
        }
        #expect(seen.allSatisfy { expected[Int($0)] > 0 })
        for (index, probability) in expected.enumerated() where probability > 0.02 {
            #expect(seen.contains(Int32(index)), "token \(index) at \(probability)")
        }
    }

    @Test("The log-probability is the model's own, before temperature and penalty")
    func logProbabilityIsTheModels() {
        var logits = Self.logits(300)
        let expected = Self.probabilities(logits, .init(temperature: 1))
        var sampler = Sampler(
            parameters: .init(temperature: 0.5, repetitionPenalty: 1.3, seed: 3), prompt: [1, 2, 3, 400, -1])
        for _ in 0..<50 {
            let token = logits.withUnsafeMutableBufferPointer { sampler.sample(from: $0) }
            #expect(abs(token.logProbability - log(expected[Int(token.token)])) < 1e-4)
        }
        #expect(logits == Self.logits(300), "the penalty must not stay in the logits")
    }

    @Test("Choosing among some tokens is choosing with the others' logits at -∞", arguments: cases + [.init()])
    func allowed(parameters: SamplingParameters) {
        let count = 300
        var mask = TokenMask(vocabularyCount: count)
        for token in stride(from: 1, to: count, by: 7) { mask.set(Int32(token)) }
        var parameters = parameters
        parameters.repetitionPenalty = 1.2
        parameters.seed = 9
        var masked = Sampler(parameters: parameters, prompt: [8, 15])
        var logits = Self.logits(count)
        // The twin gets only the allowed logits, and the log-probability from all of them.
        let tokens = logits.indices.filter { mask.contains(Int32($0)) }
        let normalizer = log(logits.reduce(0) { $0 + exp(Double($1)) })
        var twin = Sampler(
            parameters: parameters, prompt: [8, 15].map { Int32(tokens.firstIndex(of: $0) ?? -1) })
        for _ in 0..<200 {
            let token = logits.withUnsafeMutableBufferPointer { masked.sample(from: $0, allowed: mask) }
            var few = tokens.map { Self.logits(count)[$0] }
            let expected = few.withUnsafeMutableBufferPointer { twin.sample(from: $0) }
            #expect(Int(token.token) == tokens[Int(expected.token)])
            #expect(abs(token.logProbability - (Double(Self.logits(count)[Int(token.token)]) - normalizer)) < 1e-4)
        }
        #expect(logits == Self.logits(count), "the mask must not stay in the logits")
    }

    @Test("A penalty makes what was seen less likely, whatever the logit's sign")
    func penalty() {
        var logits: [Float] = [2, 1.9, -1]
        var sampler = Sampler(parameters: .init(repetitionPenalty: 2), prompt: [0])
        #expect(logits.withUnsafeMutableBufferPointer { sampler.sample(from: $0).token } == 1)
        logits = [-1, -1.5]
        sampler = Sampler(parameters: .init(repetitionPenalty: 2), prompt: [0])
        #expect(logits.withUnsafeMutableBufferPointer { sampler.sample(from: $0).token } == 1)
    }

    @Test("Logits that are not numbers give some token, not a crash", arguments: cases)
    func notNumbers(parameters: SamplingParameters) {
        for value in [Float.nan, -.infinity, .infinity] {
            var logits = [Float](repeating: value, count: 10)
            var sampler = Sampler(parameters: parameters, prompt: [])
            let token = logits.withUnsafeMutableBufferPointer { sampler.sample(from: $0).token }
            #expect((0..<10).contains(token))
        }
    }
}
