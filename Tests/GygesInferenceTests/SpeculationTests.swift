import GygesTokenizer
import Testing

@testable import GygesInference

@Suite struct SpeculationTests {
    /// Every place compared in full.
    static func simpleContinuation(of tokens: [Int32], limit: Int) -> [Int32] {
        for length in [4, 3, 2] where tokens.count > length {
            let ending = tokens.suffix(length)
            for end in stride(from: tokens.count - 1, through: length, by: -1)
            where tokens[(end - length)..<end].elementsEqual(ending) {
                var text = tokens
                for offset in 0..<limit { text.append(text[end + offset]) }
                return Array(text.suffix(limit))
            }
        }
        return []
    }

    @Test func theLongestEndingAndThenTheLastPlaceWins() {
        #expect(lookedUpContinuation(of: [1, 2, 3, 9, 1, 2, 4, 9, 1, 2], limit: 2) == [4, 9])
        #expect(lookedUpContinuation(of: [5, 1, 2, 3, 9, 1, 2, 4, 5, 1, 2], limit: 3) == [3, 9, 1])
        #expect(lookedUpContinuation(of: [1, 2, 3], limit: 3) == [])
        #expect(lookedUpContinuation(of: [7, 7, 7], limit: 3) == [7, 7, 7], "a text that repeats itself goes on so")
        #expect(lookedUpContinuation(of: [], limit: 3) == [] && lookedUpContinuation(of: [1, 1, 1], limit: 0) == [])
        var random = SeededNumbers(seed: 2)
        for _ in 0..<3000 {
            let tokens = (0..<random.next(in: 0...40)).map { _ in Int32(random.next(in: 0...2)) }
            let limit = random.next(in: 1...9)
            #expect(
                lookedUpContinuation(of: tokens, limit: limit) == Self.simpleContinuation(of: tokens, limit: limit),
                "\(tokens)")
        }
    }

    @Test func lengthFollowsSuccess() {
        var length = DraftLength()
        #expect(length.next(limit: 15) == 4)
        length.learn(proposed: 4, accepted: 4)
        #expect(length.next(limit: 15) == 8 && length.next(limit: 3) == 3)
        length.learn(proposed: 8, accepted: 8)
        #expect(length.next(limit: 99) == 15)
        length.learn(proposed: 15, accepted: 2)
        #expect(length.next(limit: 15) == 3)
        for _ in 0..<2 { length.learn(proposed: 3, accepted: 0) }
        #expect((0..<5).map { _ in length.next(limit: 15) } == [0, 0, 0, 0, 1])
        length.learn(proposed: 1, accepted: 0)
        #expect((0..<9).map { _ in length.next(limit: 15) } == [0, 0, 0, 0, 0, 0, 0, 0, 1])
    }

    /// Requests of every kind; the last end by stop strings and stop tokens.
    static func requests(_ model: LanguageModel) async throws -> [GenerationRequest] {
        let phrase = "the ring of Gyges makes its wearer unseen. "
        var requests = try (0..<12).map { index in
            GenerationRequest(
                prompt: try model.tokenizer.encode(String(repeating: phrase, count: index + 1)),
                maximumTokenCount: 20 + 17 * index,
                sampling: SamplingParameters(
                    temperature: [0, 0.3, 0.9][index % 3], topK: index % 4 == 0 ? 20 : 0,
                    repetitionPenalty: index % 5 == 4 ? 1.2 : 1, seed: UInt64(index)))
        }
        for index in 9..<12 {
            var request = requests[index]
            let whole = try await model.engine.complete(request)
            let scalars = Array(whole.text.unicodeScalars)
            if scalars.count > 40 {
                request.stopStrings = [String(String.UnicodeScalarView(scalars[30..<35]))]
                requests.append(request)
            }
            request.stopStrings = []
            request.stopTokens = [whole.tokens[whole.tokens.count / 2].token]
            requests.append(request)
        }
        return requests
    }

    @Test func itChangesNothingButTheTime() async throws {
        let plain = try EngineTests.load(threads: 1, options: .init(speculationRowLimit: 0))
        let requests = try await Self.requests(plain)
        let fast = try EngineTests.load()
        var (proposed, accepted) = (0, 0)
        // The second time, what came the first time is proposed.
        for round in 0..<2 {
            for (index, request) in requests.enumerated() {
                let expected = try await plain.engine.complete(request)
                let result = try await fast.engine.complete(request)
                #expect(expected.proposedTokenCount == 0)
                #expect(result.tokens == expected.tokens, "request \(index), round \(round)")
                #expect(result.text == expected.text && result.finishReason == expected.finishReason)
                #expect(result.stopString == expected.stopString)
                #expect(result.acceptedTokenCount <= min(result.proposedTokenCount, result.tokens.count))
                proposed += result.proposedTokenCount
                accepted += result.acceptedTokenCount
            }
        }
        #expect(accepted > 0 && accepted < proposed, "right and wrong proposals were seen: \(accepted) of \(proposed)")
        let statistics = try await fast.engine.statistics()
        #expect(statistics.proposedTokenCount == proposed && statistics.acceptedTokenCount >= accepted)
    }

    @Test func manyTogetherChangeNothingEither() async throws {
        let plain = try EngineTests.load(threads: 1, options: .init(speculationRowLimit: 0))
        let requests = try await Self.requests(plain)
        for limit in [16, 100] {
            let fast = try EngineTests.load(options: .init(speculationRowLimit: limit))
            try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
                for (index, request) in (requests + requests).enumerated() {
                    group.addTask { (index % requests.count, try await fast.engine.complete(request)) }
                }
                for try await (index, result) in group {
                    #expect(try await plain.engine.complete(requests[index]).tokens == result.tokens)
                }
            }
            #expect(try await fast.engine.statistics().usedPageCount == 0)
        }
    }

    @Test func whatRepeatsTakesFewSteps() async throws {
        let model = try EngineTests.load()
        var request = GenerationRequest(
            prompt: try model.tokenizer.encode("the ring of Gyges"), maximumTokenCount: 300,
            sampling: .init(temperature: 1, seed: 4), speculates: false)
        let first = try await model.engine.complete(request)
        let before = try await model.engine.statistics()
        #expect(before.stepCount >= 300 && before.proposedTokenCount == 0)

        // Said once before, after the same beginning.
        request.speculates = true
        let second = try await model.engine.complete(request)
        #expect(second.tokens == first.tokens)
        let after = try await model.engine.statistics()
        #expect(after.stepCount - before.stepCount < 40)

        // A text that quotes its prompt, as greedy ones of so small a model do.
        request.sampling = .init()
        for phrase in ["seen seen not ", "quick brown ", "unseen. "] {
            request.prompt = try model.tokenizer.encode(String(repeating: phrase, count: 50))
            try await model.engine.forgetPrefixes()
            let before = try await model.engine.statistics()
            let completion = try await model.engine.complete(request)
            let steps = try await model.engine.statistics().stepCount - before.stepCount
            #expect(steps < 180 && completion.tokens.count == 300, "\(phrase): \(steps) steps")
            #expect(completion.acceptedTokenCount > 120)
        }
    }

    @Test func whatNeverRepeatsIsLeftAlone() async throws {
        let model = try EngineTests.load()
        let request = GenerationRequest(
            prompt: try model.tokenizer.encode("the ring of Gyges"), maximumTokenCount: 1000,
            sampling: .init(temperature: 50, seed: 4))
        let completion = try await model.engine.complete(request)
        #expect(completion.proposedTokenCount < 60, "rows for nothing: \(completion.proposedTokenCount)")
    }
}
