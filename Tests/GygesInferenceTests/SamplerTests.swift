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
            for _ in 0..<draws { counts[Int(sampler.token(from: logits))] += 1 }
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
            for _ in 0..<2000 { seen.insert(sampler.token(from: logits)) }
        }
        #expect(seen.allSatisfy { expected[Int($0)] > 0 })
        for (index, probability) in expected.enumerated() where probability > 0.02 {
            #expect(seen.contains(Int32(index)), "token \(index) at \(probability)")
        }
    }

    @Test("The log-probability is the model's own, before temperature and penalty")
    func logProbabilityIsTheModels() throws {
        var logits = Self.logits(300)
        let expected = Self.probabilities(logits, .init(temperature: 1))
        var sampler = Sampler(
            parameters: .init(temperature: 0.5, repetitionPenalty: 1.3, seed: 3), prompt: [1, 2, 3, 400, -1])
        for _ in 0..<50 {
            let token = try #require(logits.withUnsafeMutableBufferPointer { sampler.sample(from: $0) })
            #expect(abs(token.logProbability - log(expected[Int(token.token)])) < 1e-4)
        }
        #expect(logits == Self.logits(300), "the penalty must not stay in the logits")
    }

    @Test("Choosing among some tokens is choosing with the others' logits at -∞", arguments: cases + [.init()])
    func allowed(parameters: SamplingParameters) throws {
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
            let token = try #require(
                logits.withUnsafeMutableBufferPointer { masked.sample(from: $0, allowed: mask) })
            var few = tokens.map { Self.logits(count)[$0] }
            let expected = few.withUnsafeMutableBufferPointer { twin.token(from: $0) }
            #expect(Int(token.token) == tokens[Int(expected)])
            #expect(abs(token.logProbability - (Double(Self.logits(count)[Int(token.token)]) - normalizer)) < 1e-4)
        }
        #expect(logits == Self.logits(count), "the mask must not stay in the logits")
    }

    @Test("A penalty makes what was seen less likely, whatever the logit's sign")
    func penalty() {
        var logits: [Float] = [2, 1.9, -1]
        var sampler = Sampler(parameters: .init(repetitionPenalty: 2), prompt: [0])
        #expect(logits.withUnsafeMutableBufferPointer { sampler.token(from: $0) } == 1)
        logits = [-1, -1.5]
        sampler = Sampler(parameters: .init(repetitionPenalty: 2), prompt: [0])
        #expect(logits.withUnsafeMutableBufferPointer { sampler.token(from: $0) } == 1)
    }

    @Test("Penalties count what was generated, and biases what is told; the logits stay as they are")
    func adjustments() {
        let logits: [Float] = [2, 1.5, 1, -1]
        func tokens(_ adjustments: LogitAdjustments, _ count: Int = 6) -> [Int32] {
            var sampler = Sampler(parameters: .init(), adjustments: adjustments, prompt: [0, 0])
            var scratch = logits
            return (0..<count).map { _ in
                defer { #expect(scratch == logits) }
                return scratch.withUnsafeMutableBufferPointer { sampler.token(from: $0) }
            }
        }
        #expect(tokens(.init()) == [0, 0, 0, 0, 0, 0])
        // Once a token was generated it is 0.7 less likely, however often: 2 → 1.3, 1.5 → 0.8, then 1.3 is the most.
        #expect(tokens(.init(presencePenalty: 0.7)) == [0, 1, 0, 0, 0, 0])
        // Every time 0.7 less: 2, 1.3, 0.6, …; 1.5, 0.8, …; 1, 0.3.
        #expect(tokens(.init(frequencyPenalty: 0.7)) == [0, 1, 0, 2, 1, 0])
        #expect(tokens(.init(frequencyPenalty: 0.7, presencePenalty: 1)) == [0, 1, 2, 0, 1, 0])
        #expect(tokens(.init(bias: [3: 10])) == [3, 3, 3, 3, 3, 3])
        #expect(tokens(.init(bias: [0: -100, 1: -0.6])) == [2, 2, 2, 2, 2, 2])
    }

    @Test("Logits that are not numbers give some token, not a crash", arguments: cases)
    func notNumbers(parameters: SamplingParameters) {
        for value in [Float.nan, -.infinity, .infinity] {
            var logits = [Float](repeating: value, count: 10)
            var sampler = Sampler(parameters: parameters, prompt: [])
            let token = logits.withUnsafeMutableBufferPointer { sampler.token(from: $0) }
            #expect((0..<10).contains(token))
        }
    }

    @Test(
        "A temperature near 0 takes the most likely token, a huge one all alike; -∞ never comes",
        arguments: [
            SamplingParameters(), .init(topK: 3), .init(topK: 3, topP: 0.5), .init(topP: 0.5), .init(minP: 0.1),
            .init(topK: 300, minP: 0.5), .init(topP: .leastNonzeroMagnitude),
            .init(topK: 2, topP: .leastNonzeroMagnitude),
        ], [Double.leastNonzeroMagnitude, 2024 * .leastNonzeroMagnitude, 1e-45, 1e-40, 2.9e-39, 1e-38])
    func temperaturesNearZero(parameters: SamplingParameters, temperature: Double) {
        for count in [6, 300, 12_000] {
            var logits = Self.logits(count).map { $0 - 1 }
            logits[3] = 9
            // Padding, at the beginning, at the end, and where the largest stands between.
            for index in [0, 2, 4, count - 1] { logits[index] = -.infinity }
            var mask = TokenMask(vocabularyCount: count)
            for token in [0, 1, 3, count - 1] { mask.set(Int32(token)) }
            var parameters = parameters
            (parameters.temperature, parameters.seed) = (temperature, 3)
            var sampler = Sampler(parameters: parameters, prompt: [])
            logits.withUnsafeMutableBufferPointer { logits in
                for _ in 0..<20 {
                    #expect(sampler.token(from: logits) == 3)
                    #expect(sampler.sample(from: logits, allowed: mask)?.token == 3)
                }
                parameters.temperature = 1e300
                sampler = Sampler(parameters: parameters, prompt: [])
                for _ in 0..<20 { #expect(logits[Int(sampler.token(from: logits))] > -.infinity) }
            }
        }
    }

    @Test(
        "Penalties at the ends of their range leave finite logits finite",
        arguments: [Double.leastNonzeroMagnitude, 1e-40, 1e300, 1e308])
    func penaltiesAtTheEnds(penalty: Double) {
        var logits: [Float] = [-.infinity, 2, 0, -1, -.infinity]
        for temperature in [0, 1e-45, 1.0] {
            var sampler = Sampler(
                parameters: .init(temperature: temperature, repetitionPenalty: penalty), prompt: [0, 1, 2, 3])
            for _ in 0..<10 {
                let token = logits.withUnsafeMutableBufferPointer { sampler.token(from: $0) }
                #expect((1...3).contains(token))
            }
        }
    }

    @Test("Each parameter out of range is named, whatever kind of number it is")
    func validation() throws {
        let wrong: [(SamplingParameters, SamplingProblem.Parameter)] = [
            (.init(temperature: .nan), .temperature), (.init(temperature: .infinity), .temperature),
            (.init(temperature: -1e-300), .temperature), (.init(topK: -1), .topK), (.init(topP: .nan), .topP),
            (.init(topP: 0), .topP), (.init(topP: 1.0000001), .topP), (.init(topP: -.infinity), .topP),
            (.init(minP: .nan), .minP), (.init(minP: 1), .minP), (.init(minP: -0.1), .minP),
            (.init(repetitionPenalty: 0), .repetitionPenalty), (.init(repetitionPenalty: -1), .repetitionPenalty),
            (.init(repetitionPenalty: .nan), .repetitionPenalty),
            (.init(repetitionPenalty: .infinity), .repetitionPenalty),
        ]
        for (parameters, parameter) in wrong {
            #expect(parameters.problems.map(\.parameter) == [parameter])
            let problem = #expect(throws: SamplingProblem.self) { try parameters.validate() }
            #expect(problem?.parameter == parameter)
        }
        let all = SamplingParameters(temperature: .nan, topK: -1, topP: 2, minP: 2, repetitionPenalty: 0)
        #expect(all.problems.map(\.parameter) == SamplingProblem.Parameter.allCases)
        #expect(all.problems.first?.description == "temperature must be 0 or more")
        try SamplingParameters(
            temperature: .leastNonzeroMagnitude, topK: .max, topP: .leastNonzeroMagnitude, minP: 0,
            repetitionPenalty: 1e308
        )
        .validate()
    }

    @Test("The likeliest tokens are told with the model's own log-probabilities", arguments: [1, 5, 60])
    func alternatives(count: Int) throws {
        var logits = Self.logits(12_000)
        for index in 0..<11_990 where index % 3 == 0 { logits[index] = -.infinity }
        let expected = Self.probabilities(logits, .init(temperature: 1))
        let order = expected.indices.sorted { (expected[$0], $1) > (expected[$1], $0) }
        var sampler = Sampler(
            parameters: .init(temperature: 3, topK: 2, repetitionPenalty: 4), prompt: [Int32(order[0])],
            alternativeCount: count)
        var mask = TokenMask(vocabularyCount: 12_000)
        mask.set(Int32(order[7]))
        let token = try #require(
            logits.withUnsafeMutableBufferPointer { sampler.sample(from: $0, allowed: mask) })
        #expect(token.alternatives.map(\.token) == order.prefix(count).map { Int32($0) })
        for alternative in token.alternatives {
            #expect(abs(alternative.logProbability - log(expected[Int(alternative.token)])) < 1e-4)
        }
        var few: [Float] = [-.infinity, 1, .nan, -.infinity]
        sampler = Sampler(parameters: .init(), prompt: [], alternativeCount: count)
        let alone = few.withUnsafeMutableBufferPointer { sampler.sample(from: $0) }
        #expect(alone?.alternatives.map(\.token) == [1], "what cannot come is not told")
    }

    @Test("Where nothing is allowed, nothing is chosen")
    func nothingAllowed() {
        for parameters in Self.cases + [.init()] {
            var logits = Self.logits(300)
            var sampler = Sampler(parameters: parameters, prompt: [])
            let token = logits.withUnsafeMutableBufferPointer {
                sampler.sample(from: $0, allowed: TokenMask(vocabularyCount: 300))
            }
            #expect(token == nil)
        }
    }
}

extension Sampler {
    /// A token where all are allowed; -1 if there is none.
    fileprivate mutating func token(from logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
        sample(from: logits)?.token ?? -1
    }
}
