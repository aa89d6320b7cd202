import GygesCheckpoints
import GygesTokenizer
import Foundation
import GygesInference
import GygesKernels
import Testing

/// The engine on a tiny random chat model (`scripts/fixtures/make_tiny_chat.py`).
@Suite struct EngineTests {
    static func load(threads: Int = 2, options: InferenceEngine.Options = .init()) throws -> LanguageModel {
        let path = try #require(Bundle.module.path(forResource: "Fixtures/tiny-chat", ofType: nil))
        var options = options
        options.threadCount = threads
        return try LanguageModel(path: path, options: options)
    }

    /// Requests of many lengths, greedy and sampled, some sharing a long beginning.
    static func requests(_ model: LanguageModel) throws -> [GenerationRequest] {
        let shared = String(repeating: "the ring of Gyges makes its wearer unseen. ", count: 12)
        return try (0..<16).map { index in
            let text = index % 2 == 0 ? shared + "case \(index)" : String(repeating: "fox \(index) ", count: index + 1)
            return GenerationRequest(
                prompt: try model.tokenizer.encode(text), maximumTokenCount: 5 + 3 * index,
                sampling: SamplingParameters(
                    temperature: index % 3 == 0 ? 0 : 0.9, topK: index % 4 == 0 ? 20 : 0, topP: 0.95,
                    repetitionPenalty: index % 5 == 0 ? 1.1 : 1, seed: UInt64(index)))
        }
    }

    @Test func resultsDependOnNothingButTheRequest() async throws {
        let alone = try Self.load(threads: 1)
        let requests = try Self.requests(alone)
        var expected: [Completion] = []
        for request in requests { expected.append(try await alone.engine.complete(request)) }

        for (threads, rowLimit) in [(1, 512), (2, 512), (2, 33)] {
            let together = try Self.load(threads: threads, options: .init(sequenceLimit: 16, rowLimit: rowLimit))
            let results = try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
                for (index, request) in requests.enumerated() {
                    group.addTask { (index, try await together.engine.complete(request)) }
                }
                var results = [Completion?](repeating: nil, count: requests.count)
                for try await (index, completion) in group { results[index] = completion }
                return results.compactMap(\.self)
            }
            for (index, (result, wanted)) in zip(results, expected).enumerated() {
                #expect(result.tokens == wanted.tokens, "request \(index), \(threads) threads, \(rowLimit) rows")
                #expect(result.text == wanted.text)
            }
        }
    }

    @Test func aSharedBeginningIsComputedOnce() async throws {
        let model = try Self.load()
        let requests = try Self.requests(model).enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        let completions = try await withThrowingTaskGroup(of: Completion.self) { group in
            for request in requests { group.addTask { try await model.engine.complete(request) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let common = requests.dropFirst().reduce(requests[0].prompt) { common, request in
            Array(zip(common, request.prompt).prefix { $0 == $1 }.map(\.0))
        }
        let shareable = common.count / 64 * 64
        #expect(shareable >= 64)
        #expect(completions.filter { $0.reusedTokenCount == 0 }.count == 1, "one request computes, the others reuse")
        #expect(completions.filter { $0.reusedTokenCount >= shareable }.count == completions.count - 1)
    }

    @Test(
        "Continuations of one context compute it once, wherever in a page it ends",
        arguments: [1, 63, 64, 65, 127, 128, 150])
    func continuationsOfOneContextComputeItOnce(count: Int) async throws {
        let alone = try Self.load(threads: 1)
        let context = Array(
            try alone.tokenizer.encode(String(repeating: "the fox is unseen. ", count: 40)).prefix(count))
        try #require(context.count == count)
        let requests = try (0..<12).map { index in
            let continuation = try alone.tokenizer.encode(" fox" + String(repeating: " \(index)", count: index % 3 + 1))
            return ScoringRequest(tokens: context + continuation, firstScored: context.count)
        }
        // One engine for each, so that nothing is shared.
        var expected: [[ScoredToken]] = []
        for request in requests { expected.append(try await Self.load(threads: 1).engine.score(request)) }
        for sequenceLimit in [1, 3, 32] {
            let together = try Self.load(options: .init(sequenceLimit: sequenceLimit))
            try await withThrowingTaskGroup(of: (Int, [ScoredToken]).self) { group in
                for (index, request) in requests.enumerated() {
                    group.addTask { (index, try await together.engine.score(request)) }
                }
                for try await (index, scores) in group { #expect(scores == expected[index]) }
            }
            // All of the context but its last token, whose row predicts the continuation.
            let generation = try await together.engine.complete(
                GenerationRequest(prompt: context, maximumTokenCount: 1))
            #expect(generation.reusedTokenCount == context.count - 1)
        }
    }

    @Test func aConversationGoesOnWhereItEnded() async throws {
        let model = try Self.load()
        var prompt = try model.tokenizer.encode("the ring of Gyges")
        for round in 0..<4 {
            let request = GenerationRequest(
                prompt: prompt, maximumTokenCount: 30, sampling: .init(temperature: 1, seed: UInt64(round)))
            let completion = try await model.engine.complete(request)
            #expect(try await Self.load(threads: 1).engine.complete(request).tokens == completion.tokens)
            if round > 0 { #expect(completion.reusedTokenCount >= prompt.count - 8) }
            prompt += completion.tokens.map(\.token)
            prompt += try model.tokenizer.encode(" and then")
        }
    }

    @Test func aTightMemoryBoundChangesNothing() async throws {
        let roomy = try Self.load()
        let requests = try Self.requests(roomy)
        let longest = requests.map { $0.prompt.count + $0.maximumTokenCount }.max()!
        // Two layers of two heads of 16 channels, keys and values in f16: 16 KiB a page of 64 positions.
        let pageByteCount = 2 * 2 * 16 * 64 * 2 * 2
        let tight = try Self.load(
            options: .init(keyValueByteLimit: ((longest + 63) / 64 + 1) * pageByteCount))
        for request in requests + requests.reversed() {
            let expected = try await roomy.engine.complete(request)
            #expect(try await tight.engine.complete(request).tokens == expected.tokens)
        }
    }

    @Test func streamedTextIsTheWholeText() async throws {
        let model = try Self.load()
        for request in try Self.requests(model) {
            var streamed = ""
            var completion: Completion?
            for try await event in model.engine.generate(request) {
                switch event {
                case .delta(let text, _): streamed += text
                case .finished(let whole): completion = whole
                }
            }
            #expect(streamed == completion?.text)
            #expect(!streamed.unicodeScalars.contains("\u{FFFD}") || completion!.tokens.count > 0)
        }
    }

    @Test func stopStringsCutTheText() async throws {
        let model = try Self.load()
        var request = try Self.requests(model)[15]
        let whole = try await model.engine.complete(request)
        let scalars = Array(whole.text.unicodeScalars)
        try #require(scalars.count > 12)
        let stop = String(String.UnicodeScalarView(scalars[8..<11]))
        request.stopStrings = ["never in the text", stop]
        let cut = try await model.engine.complete(request)
        #expect(cut.finishReason == .stop)
        let position = try #require(whole.text.range(of: stop, options: .literal))
        #expect(cut.text == String(whole.text[..<position.lowerBound]))
    }

    @Test func scoresMatchGeneration() async throws {
        let model = try Self.load()
        let request = GenerationRequest(
            prompt: try model.tokenizer.encode("the quick brown"), maximumTokenCount: 40,
            sampling: .init(temperature: 1, seed: 3))
        let completion = try await model.engine.complete(request)
        let scores = try await model.engine.score(
            ScoringRequest(
                tokens: request.prompt + completion.tokens.map(\.token), firstScored: request.prompt.count))
        #expect(scores == completion.tokens, "scoring reads the same bits that generation wrote")
    }

    @Test func paddingRowsAreNeverSampled() async throws {
        let model = try Self.load()
        let rows = model.configuration.vocabularySize
        #expect(model.tokenizer.vocabularyCount < rows)
        let hot = GenerationRequest(
            prompt: try model.tokenizer.encode("the"), maximumTokenCount: 500,
            sampling: .init(temperature: 50, seed: 1))
        let completion = try await model.engine.complete(hot)
        #expect(completion.tokens.allSatisfy { Int($0.token) < model.tokenizer.vocabularyCount })
    }

    @Test func impossibleRequestsAreRefused() async throws {
        let model = try Self.load()
        let fine = try model.tokenizer.encode("the")
        let refused: [GenerationRequest] = [
            .init(prompt: [], maximumTokenCount: 1),
            .init(prompt: [-1], maximumTokenCount: 1),
            .init(prompt: [320], maximumTokenCount: 1),
            .init(prompt: fine, maximumTokenCount: 0),
            .init(prompt: [Int32](repeating: 5, count: 2048), maximumTokenCount: 1),
            .init(prompt: fine, maximumTokenCount: 1, sampling: .init(temperature: .nan)),
            .init(prompt: fine, maximumTokenCount: 1, sampling: .init(temperature: 1, topP: 0)),
        ]
        for request in refused {
            await #expect(throws: EngineError.self) { try await model.engine.complete(request) }
        }
        await #expect(throws: EngineError.self) {
            try await model.engine.score(ScoringRequest(tokens: fine, firstScored: 0))
        }
    }

    @Test func cancelledRequestsMakeRoom() async throws {
        let model = try Self.load(options: .init(sequenceLimit: 1))
        let long = GenerationRequest(prompt: try model.tokenizer.encode("the"), maximumTokenCount: 2000)
        let task = Task { try await model.engine.complete(long) }
        let short = GenerationRequest(prompt: long.prompt, maximumTokenCount: 2)
        task.cancel()
        let completion = try await model.engine.complete(short)
        #expect(completion.tokens.count == 2)
        await #expect(throws: EngineError.cancelled) { try await task.value }
    }

    @Test func generationEndsAtTheContext() async throws {
        let model = try Self.load()
        let request = GenerationRequest(
            prompt: [Int32](repeating: 7, count: 2040), maximumTokenCount: 100, sampling: .init(temperature: 2))
        let completion = try await model.engine.complete(request)
        #expect(completion.tokens.count == 8)
        #expect(completion.finishReason == .length)
    }
}
