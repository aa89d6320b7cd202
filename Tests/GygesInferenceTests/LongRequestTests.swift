import GygesTestSupport
import GygesTokenizer
import Foundation
import GygesInference
import GygesKernels
import GygesModels
import Testing

/// Requests within and beyond the native window of the tiny chat model, here declared to be 256 tokens.
@Suite struct LongRequestTests {
    /// The tiny model with another `config.json`, in a folder of its own.
    final class Model {
        let folder: URL
        private let temporary: TemporaryFolder

        init(_ rope: String = "\"rope_type\": \"default\"") throws {
            let source = try #require(Bundle.module.path(forResource: "Fixtures/tiny-chat", ofType: nil))
            temporary = try TemporaryFolder(copying: source)
            folder = URL(fileURLWithPath: temporary.path)
            let config = folder.appendingPathComponent("config.json")
            let text = try String(contentsOf: config, encoding: .utf8)
            let changed = text.replacingOccurrences(
                of: "\"max_position_embeddings\": 2048", with: "\"max_position_embeddings\": 256"
            ).replacingOccurrences(of: "\"rope_type\": \"default\"", with: rope)
            try #require(changed != text)
            try changed.write(to: config, atomically: true, encoding: .utf8)
        }

        func load(
            _ longContext: LongContextOptions = .init(), threads: Int = 2, rowLimit: Int = 512,
            format: KeyValueFormat = .f16
        ) throws -> LanguageModel {
            try LanguageModel(
                path: folder.path,
                options: .init(
                    threadCount: threads, keyValueFormat: format, rowLimit: rowLimit, longContext: longContext))
        }
    }

    static let methods: [LongContextOptions] = [
        .init(method: .yarn, contextLength: 1024), .init(method: .dualChunks, contextLength: 1024),
        .init(method: .both, contextLength: 1024), .init(method: .none, contextLength: 1024),
    ]

    static func request(_ model: LanguageModel, prompt: Int, tokens: Int, seed: Int = 0) throws -> GenerationRequest {
        let text = String(repeating: "the ring of Gyges makes its wearer unseen. ", count: 80)
        let words = try model.tokenizer.encode(text)
        return GenerationRequest(
            prompt: Array(words.prefix(prompt)), maximumTokenCount: tokens,
            sampling: .init(temperature: 0.9, seed: UInt64(seed)))
    }

    @Test("Requests that fit the window have the same bits whatever the setting", arguments: methods)
    func shortRequestsDoNotChange(options: LongContextOptions) async throws {
        let files = try Model()
        let (plain, long) = (try files.load(), try files.load(options))
        for (prompt, tokens) in [(10, 20), (200, 56)] {
            let request = try Self.request(plain, prompt: prompt, tokens: tokens)
            // A long request first, whose pages must not be found by the short one.
            _ = try await long.engine.complete(Self.request(long, prompt: 400, tokens: 8))
            let expected = try await plain.engine.complete(request)
            #expect(try await long.engine.complete(request).tokens == expected.tokens)
        }
    }

    @Test("Settings differ beyond the window, and only beyond it")
    func longRequestsDiffer() async throws {
        let files = try Model()
        var scores: [[Double]] = []
        for options in Self.methods {
            let model = try files.load(options)
            let tokens = try Self.request(model, prompt: 600, tokens: 1).prompt
            let scored = try await model.engine.score(ScoringRequest(tokens: tokens, firstScored: 1))
            #expect(scored.count == 599 && scored.allSatisfy { $0.logProbability.isFinite })
            scores.append(scored.map(\.logProbability))
        }
        for (index, first) in scores.enumerated() {
            for second in scores[(index + 1)...] { #expect(first[500...] != second[500...]) }
        }
    }

    @Test("Short and long requests in one batch: each as if it were alone", arguments: methods)
    func mixedBatchesChangeNothing(options: LongContextOptions) async throws {
        let files = try Model()
        let alone = try files.load(options, threads: 1)
        let requests = try [(300, 40), (10, 12), (500, 300), (250, 6), (250, 7), (300, 40), (700, 20)].enumerated().map
        {
            try Self.request(alone, prompt: $1.0, tokens: $1.1, seed: $0)
        }
        var expected: [Completion] = []
        for request in requests { expected.append(try await files.load(options, threads: 1).engine.complete(request)) }
        for (threads, rowLimit) in [(1, 512), (2, 100)] {
            let together = try files.load(options, threads: threads, rowLimit: rowLimit)
            try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
                for (index, request) in requests.enumerated() {
                    group.addTask { (index, try await together.engine.complete(request)) }
                }
                for try await (index, completion) in group {
                    #expect(completion.tokens == expected[index].tokens, "request \(index), \(threads) threads")
                }
            }
        }
    }

    @Test func prefixesAreSharedUnderOneEncodingOnly() async throws {
        let files = try Model()
        let model = try files.load(.init(method: .both, contextLength: 1024))
        let short = try Self.request(model, prompt: 200, tokens: 10)
        #expect(try await model.engine.complete(short).reusedTokenCount == 0)
        // The same beginning in a long request: nothing of it can be used, and then everything.
        let long = try Self.request(model, prompt: 500, tokens: 10)
        #expect(try await model.engine.complete(long).reusedTokenCount == 0)
        let longer = try Self.request(model, prompt: 600, tokens: 10)
        #expect(try await model.engine.complete(longer).reusedTokenCount >= 448)
        #expect(try await model.engine.complete(short).reusedTokenCount == 199)
    }

    @Test func theConfigurationsYarnBeginsAtItsWindow() async throws {
        let yarn = try Model(
            "\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 256")
        let plain = try Model()
        let (stretched, native) = (try yarn.load(), try plain.load())
        #expect(stretched.engine.longContext.limit == 1024)
        let short = try Self.request(native, prompt: 200, tokens: 20)
        let expected = try await native.engine.complete(short).tokens
        #expect(try await stretched.engine.complete(short).tokens == expected)
        let long = try Self.request(native, prompt: 500, tokens: 20)
        let named = try plain.load(.init(method: .yarn, contextLength: 1024))
        #expect(
            try await stretched.engine.complete(long).tokens == named.engine.complete(long).tokens)
    }

    @Test func theLimitIsNamedAndHowToRaiseIt() async throws {
        let files = try Model()
        let (plain, long) = (try files.load(), try files.load(.init(method: .yarn, contextLength: 512)))
        for (model, prompt, limit) in [(plain, 256, "256"), (long, 512, "512")] {
            let request = try Self.request(model, prompt: prompt, tokens: 1)
            let error = try await #require(throws: EngineError.self) { try await model.engine.complete(request) }
            #expect(error.description.contains("limited to \(limit)"))
            #expect(error.description.contains("--context-length"))
        }
        // At the limit generation ends, as it does at a native one.
        let request = try Self.request(long, prompt: 500, tokens: 100)
        let completion = try await long.engine.complete(request)
        #expect(completion.tokens.count == 12 && completion.finishReason == .length)
    }

    @Test("8-bit keys and values stay near f32's", arguments: [LongContextOptions(), methods[2]])
    func eightBitCache(options: LongContextOptions) async throws {
        let files = try Model()
        let tokens = try Self.request(files.load(), prompt: options.contextLength == nil ? 250 : 700, tokens: 1).prompt
        var scores: [KeyValueFormat: [Double]] = [:]
        for format in [KeyValueFormat.f32, .q8] {
            let model = try files.load(options, format: format)
            scores[format] = try await model.engine.score(ScoringRequest(tokens: tokens, firstScored: 1)).map(
                \.logProbability)
        }
        func difference(_ format: KeyValueFormat) -> Double {
            zip(scores[.f32] ?? [], scores[format] ?? []).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(tokens.count - 1)
        }
        // Measured: 0.014 and 0.015, and 0.006 and 0.005 for bf16.
        #expect(difference(.q8) > 0 && difference(.q8) < 0.02)
    }
}
