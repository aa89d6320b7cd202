import Foundation
import GygesCheckpoints
import GygesFiles
import GygesInference
import GygesKernels
import GygesModels
import GygesTokenizer
import GygesTestSupport
import Testing

/// Adapters of requests, and of whole models.
@Suite struct RequestAdapterTests {
    /// Writes an adapter of the tiny chat model with random matrices.
    private static func write(_ seed: Int, to folder: TemporaryFolder, saves: [String] = []) throws -> AdapterReference
    {
        let path = try #require(Bundle.module.path(forResource: "Fixtures/tiny-chat", ofType: nil))
        let configuration = try ModelFolder(path: path).causalModelConfiguration()
        let modules = ModelModules(configuration, layout: .halves).modules.filter { !$0.isHead }
        var random = Randomness(seed)
        let stored = StoredAdapter(
            settings: AdapterSettings(rank: 3, alpha: 4, targets: .allLinear, savedModules: saves),
            modules: modules.map {
                .init(
                    $0.name, a: StoredMatrix(random.floats(3 * $0.inputs), rows: 3, columns: $0.inputs),
                    b: StoredMatrix(random.floats(3 * $0.outputs, scale: 0.2), rows: $0.outputs, columns: 3))
            },
            saved: saves.isEmpty
                ? []
                : [.init("model.norm.weight", StoredMatrix(random.floats(64), rows: 1, columns: 64), isVector: true)])
        try stored.write(toFolder: folder.path + "/\(seed)")
        return AdapterReference(path: folder.path + "/\(seed)")
    }

    private static func load(_ adapters: [AdapterReference] = [], options: InferenceEngine.Options = .init()) throws
        -> LanguageModel
    {
        let path = try #require(Bundle.module.path(forResource: "Fixtures/tiny-chat", ofType: nil))
        var options = options
        options.threadCount = 2
        return try LanguageModel(path: path, adapters: adapters, options: options)
    }

    /// One engine answers requests of the base and of two adapters together; each answer is that of a model that was loaded with the
    /// adapter, alone, bit for bit.
    @Test func eachRequestHasTheBitsThatItHasAlone() async throws {
        let folder = try TemporaryFolder()
        let (first, second) = (try Self.write(1, to: folder), try Self.write(2, to: folder))
        let model = try Self.load()
        let choices: [(adapter: LoadedAdapter?, references: [AdapterReference])] = [
            (nil, []), (try model.loadAdapter([first]), [first]),
            (
                try model.loadAdapter([first, AdapterReference(path: second.path, weight: -0.5)]),
                [first, .init(path: second.path, weight: -0.5)]
            ),
        ]
        let requests = try EngineTests.requests(model)
        let scored = Array(try model.tokenizer.encode("the ring of Gyges makes its wearer unseen").prefix(12))
        var (expected, scores): ([[Completion]], [[ScoredToken]]) = ([], [])
        for choice in choices {
            let alone = try Self.load(choice.references)
            var completions: [Completion] = []
            for request in requests { completions.append(try await alone.engine.complete(request)) }
            expected.append(completions)
            scores.append(try await alone.engine.score(ScoringRequest(tokens: scored, firstScored: 1)))
        }
        // The adapters do something.
        #expect(scores[0] != scores[1] && scores[1] != scores[2])
        let results = try await withThrowingTaskGroup(of: (Int, Int, Completion).self) { group in
            for (index, request) in requests.enumerated() {
                for (choice, (adapter, _)) in choices.enumerated() {
                    var request = request
                    request.adapter = adapter
                    let own = request
                    group.addTask { (choice, index, try await model.engine.complete(own)) }
                }
            }
            var results: [(Int, Int, Completion)] = []
            for try await result in group { results.append(result) }
            return results
        }
        #expect(results.count == 3 * requests.count)
        for (choice, index, completion) in results {
            #expect(completion.tokens == expected[choice][index].tokens, "adapters \(choice), request \(index)")
        }
        for (choice, (adapter, _)) in choices.enumerated() {
            let own = try await model.engine.score(ScoringRequest(tokens: scored, firstScored: 1, adapter: adapter))
            #expect(own == scores[choice], "adapters \(choice)")
        }
    }

    /// What was computed with one adapter is found by its requests alone.
    @Test func prefixesAreOfOneAdapter() async throws {
        let folder = try TemporaryFolder()
        let model = try Self.load()
        let reference = try Self.write(1, to: folder)
        let adapters = [nil, try model.loadAdapter([reference]), try model.loadAdapter([reference])]
        let prompt = Array(try model.tokenizer.encode(String(repeating: "the fox is unseen. ", count: 40)).prefix(130))
        for round in 0..<2 {
            for adapter in adapters {
                let completion = try await model.engine.complete(
                    GenerationRequest(prompt: prompt, maximumTokenCount: 1, adapter: adapter))
                #expect((completion.reusedTokenCount > 0) == (round == 1))
            }
        }
    }

    @Test func theMemoryOfAdaptersIsCounted() async throws {
        let folder = try TemporaryFolder()
        let model = try Self.load(options: .init(streamBufferLimit: 1))
        let adapter = try model.loadAdapter([try Self.write(1, to: folder)])
        #expect(try await model.engine.statistics().adapterByteCount == 0)
        // Per layer: rank 3 with 4 · 64 + 32 + 32 channels of attention and 64 + 96, twice, and 96 + 64 of the unit.
        #expect(adapter.byteCount == 4 * 2 * 3 * ((64 + 64) * 2 + (64 + 32) * 2 + (64 + 96) * 3))
        let prompt = try model.tokenizer.encode("the fox")
        let request = GenerationRequest(prompt: prompt, maximumTokenCount: 400, adapter: adapter)
        // Nobody reads: the requests stay, with one adapter.
        let streams = [model.engine.generate(request), model.engine.generate(request)]
        #expect(try await model.engine.statistics().adapterByteCount == adapter.byteCount)
        withExtendedLifetime(streams) {}
    }

    @Test func whatARequestCannotBringIsRefused() async throws {
        let folder = try TemporaryFolder()
        let model = try Self.load()
        let plain = try Self.write(1, to: folder)
        let whole = try Self.write(2, to: folder, saves: ["norm"])
        let error = #expect(throws: FileError.self) { try model.loadAdapter([plain, whole]) }
        #expect(error?.description.contains("norm.weight") ?? false && error?.remedy.contains("merge") ?? false)
        #expect(throws: FileError.self) { try Self.load([AdapterReference(path: whole.path, weight: 0.5)]) }
        #expect(throws: FileError.self) { try Self.load([whole, whole]) }
        // A whole model may be loaded with it.
        let tokens = try model.tokenizer.encode("the fox is unseen")
        let score = try await model.engine.score(ScoringRequest(tokens: tokens, firstScored: 1))
        #expect(try await Self.load([whole]).engine.score(ScoringRequest(tokens: tokens, firstScored: 1)) != score)

        // An adapter is one model's: another window makes another.
        let temporary = try TemporaryFolder(copying: model.path)
        let configuration = try String(contentsOfFile: temporary.path + "/config.json", encoding: .utf8)
        try temporary.write(
            configuration.replacingOccurrences(of: ": 2048", with: ": 1024"), to: "config.json")
        let adapter = try LanguageModel(path: temporary.path).loadAdapter([plain])
        await #expect(throws: EngineError.self) {
            try await model.engine.complete(
                GenerationRequest(prompt: tokens, maximumTokenCount: 1, adapter: adapter))
        }
    }

    @Test func adaptersBelongToAModelsIdentity() throws {
        let folder = try TemporaryFolder()
        let (first, second) = (try Self.write(1, to: folder), try Self.write(2, to: folder))
        let references: [[AdapterReference]] = [
            [], [first], [second], [AdapterReference(path: first.path, weight: 0.5)], [first, second],
        ]
        let digests = try references.map { try Self.load($0).digest() }
        #expect(Set(digests).count == digests.count)
        let path = try #require(Bundle.module.path(forResource: "Fixtures/tiny-chat", ofType: nil))
        #expect(try LanguageModel(path: path).digest() == digests[0])
        #expect(try Self.load([first]).digest() == digests[1])
    }
}
