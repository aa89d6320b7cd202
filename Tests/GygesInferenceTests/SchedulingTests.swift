import GygesKernels
import Synchronization
import Testing

@testable import GygesInference

/// Who is computed when, and what becomes of memory.
@Suite struct SchedulingTests {
    /// Two layers of two heads of 16 channels, keys and values in f16, of 64 positions.
    static let pageByteCount = 2 * 2 * 16 * 64 * 2 * 2

    static func load(
        pages: Int = 1000, sequences: Int = 32, promptRows: Int = 32, threads: Int = 2
    ) throws -> LanguageModel {
        try EngineTests.load(
            threads: threads,
            options: .init(
                keyValueByteLimit: pages * pageByteCount, sequenceLimit: sequences, promptRowLimit: promptRows))
    }

    /// Tokens in an order of their own.
    static func prompt(_ count: Int, seed: Int) -> [Int32] {
        var random = SeededNumbers(seed: UInt64(seed))
        return (0..<count).map { _ in Int32(random.next(in: 10...250)) }
    }

    static func request(_ count: Int, seed: Int, tokens: Int) -> GenerationRequest {
        GenerationRequest(
            prompt: prompt(count, seed: seed), maximumTokenCount: tokens,
            sampling: .init(temperature: 1, seed: UInt64(seed)), speculates: false)
    }

    /// An engine without a thread, whose steps a test takes one by one.
    final class Harness {
        let loop: EngineLoop
        /// The names of requests as they finished.
        var finished: [String] { outcomes.withLock { $0.order } }

        private struct Outcomes {
            var order: [String] = []
            var completions: [String: Completion] = [:]
            var scores: [String: [ScoredToken]] = [:]
            var observed: [String: [Int]] = [:]
        }
        private let outcomes = Shared(Outcomes())
        private final class Shared<Value: Sendable>: Sendable {
            private let value: Mutex<Value>
            init(_ value: Value) { self.value = Mutex(value) }
            func withLock<Result: Sendable>(_ body: (inout sending Value) -> sending Result) -> Result {
                value.withLock(body)
            }
        }

        init(pages: Int = 1000, sequences: Int = 32, promptRows: Int = 32) throws {
            let model = try EngineTests.load(threads: 1)
            loop = EngineLoop(
                model: model.engine.model, tokenizer: model.tokenizer, team: ThreadTeam(threadCount: 1),
                options: .init(
                    keyValueByteLimit: pages * pageByteCount, sequenceLimit: sequences, promptRowLimit: promptRows),
                keyValueFormat: .f16, longContext: model.engine.longContext, inbox: EngineInbox())
        }

        /// Hands a request in and takes a step.
        @discardableResult
        func submit(_ name: String, _ request: GenerationRequest) -> EngineJob {
            let job = EngineJob(.generation(request)) { [outcomes] result in
                guard case .success(.completion(let completion)) = result else { return }
                outcomes.withLock {
                    $0.order.append(name)
                    $0.completions[name] = completion
                }
            }
            loop.step([.job(job)])
            return job
        }

        /// Hands a scoring in, watching its logits, and takes a step.
        func submit(_ name: String, tokens: [Int32], firstScored: Int) {
            let request = ScoringRequest(tokens: tokens, firstScored: firstScored) { [outcomes] position, _ in
                outcomes.withLock { $0.observed[name, default: []].append(position) }
            }
            let job = EngineJob(.scoring(request)) { [outcomes] result in
                guard case .success(.scores(let scores)) = result else { return }
                outcomes.withLock {
                    $0.order.append(name)
                    $0.scores[name] = scores
                }
            }
            loop.step([.job(job)])
        }

        func scores(_ name: String) -> [ScoredToken]? { outcomes.withLock { $0.scores[name] } }
        func observed(_ name: String) -> [Int]? { outcomes.withLock { $0.observed[name] } }
        func completion(_ name: String) -> Completion? { outcomes.withLock { $0.completions[name] } }

        /// Takes steps until `isReached` or nothing is left to do; returns how many.
        @discardableResult
        func run(until isReached: () -> Bool = { false }) -> Int {
            var count = 0
            while !isReached(), !(loop.live.isEmpty && loop.waiting.isEmpty) {
                loop.step()
                count += 1
                #expect(loop.pool.pageCount <= loop.pool.capacity)
                if count % 50 == 0 { #expect(loop.index.checkInvariants() == []) }
                if count > 20_000 {
                    Issue.record("no end in sight: \(loop.statistics)")
                    break
                }
            }
            return count
        }
    }

    @Test func aLongPromptDoesNotStallWhatIsDecoding() throws {
        let harness = try Harness()
        harness.submit("decoding", Self.request(5, seed: 1, tokens: 1900))
        harness.submit("long", Self.request(1600, seed: 2, tokens: 1))
        let rows = harness.loop.statistics.rowCount
        let steps = harness.run { harness.finished == ["long"] }
        #expect(steps == 1600 / 32 - 1, "32 rows of the prompt a step")
        #expect(harness.loop.statistics.rowCount - rows == 33 * steps, "and one of the first request")
        #expect(harness.loop.live.count == 1)
    }

    @Test func aShortPromptBehindALongOneComesFirst() throws {
        let harness = try Harness()
        harness.submit("decoding", Self.request(5, seed: 1, tokens: 1900))
        harness.submit("long", Self.request(1900, seed: 2, tokens: 1))
        for index in 0..<3 { harness.submit("short \(index)", Self.request(20, seed: 10 + index, tokens: 2)) }
        let steps = harness.run { harness.finished.count == 3 }
        #expect(steps <= 6)
        #expect(harness.finished == ["short 0", "short 1", "short 2"])
        harness.run { harness.finished.count == 4 }
        #expect(harness.finished.last == "long")
    }

    @Test func aHugeLimitKeepsNobodyOut() throws {
        // Each may take 31 pages of the 32; each ends after a few tokens, so that all fit together.
        let harness = try Harness(pages: 32)
        for seed in 0..<8 {
            var request = Self.request(40, seed: seed, tokens: 1900)
            request.stopTokens = Set((0..<320).filter { $0 % 20 == 0 })
            harness.submit("\(seed)", request)
        }
        #expect(harness.loop.live.count + harness.finished.count == 8)
        harness.run()
        #expect(harness.finished.count == 8 && harness.loop.statistics.preemptionCount == 0)
    }

    @Test func whoGivesUpPagesEndsWithTheSameResult() throws {
        let requests = (0..<6).map { Self.request(100 + 30 * $0, seed: $0, tokens: 300) }
        let (alone, together) = (try Harness(), try Harness(pages: 14))
        for (index, request) in requests.enumerated() { together.submit("\(index)", request) }
        together.run()
        for (index, request) in requests.enumerated() {
            alone.submit("\(index)", request)
            alone.run()
            #expect(together.completion("\(index)")?.tokens == alone.completion("\(index)")?.tokens)
            #expect(together.completion("\(index)")?.text == alone.completion("\(index)")?.text)
        }
        let statistics = together.loop.statistics
        #expect(statistics.preemptionCount > 0 && statistics.peakPageCount == 14)
        // After each time, a request waits for twice the room: for 64, 128, 256 and then all of the 300 tokens.
        #expect(statistics.preemptionCount <= 6 * 3)
        #expect(together.finished.first == "0", "the first request never waits")
    }

    @Test func aScoringThatGaveUpItsPagesSeesEveryPositionOnce() throws {
        let tokens = Self.prompt(300, seed: 5)
        let (alone, together) = (try Harness(), try Harness(pages: 7, promptRows: 1))
        alone.submit("scoring", tokens: tokens, firstScored: 20)
        alone.run()
        together.submit("decoding", Self.request(5, seed: 1, tokens: 430))
        together.submit("scoring", tokens: tokens, firstScored: 20)
        together.run()
        #expect(together.loop.statistics.preemptionCount == 1 && together.finished == ["decoding", "scoring"])
        #expect(together.loop.statistics.rowCount > 430 + 300, "some of it was computed again")
        #expect(together.scores("scoring") == alone.scores("scoring"))
        #expect(together.observed("scoring") == Array(19..<300))
    }

    @Test func whatTwoComputeAtOnceIsKeptOnce() throws {
        // Both draw the same tokens, so that each fills pages that the other fills too.
        let harness = try Harness(pages: 7)
        harness.submit("short", Self.request(10, seed: 1, tokens: 150))
        harness.submit("long", Self.request(10, seed: 1, tokens: 430))
        harness.run { harness.loop.live.contains { $0.computedCount > 130 } }
        let live = harness.loop.live
        #expect(live.count == 2 && live[0].pages.pages[1] === live[1].pages.pages[1])
        #expect(harness.loop.pool.usedPageCount == 4)
        // The long one needs all pages in the end: nothing that it shares may stand in its way.
        harness.run()
        #expect(harness.completion("long")?.tokens.count == 430)
    }

    @Test func aLargeRequestIsNotPassedForEver() throws {
        let harness = try Harness(pages: 8)
        harness.submit("first", Self.request(60, seed: 100, tokens: 200))
        harness.submit("large", Self.request(440, seed: 101, tokens: 1))
        // Small ones keep coming while the first is computed and there is no room for the large one.
        for seed in 0..<40 { harness.submit("small \(seed)", Self.request(20, seed: seed, tokens: 4)) }
        harness.run()
        let order = harness.finished
        #expect(order.count == 42)
        let passed = order.firstIndex(of: "large") ?? 0
        #expect(passed > 2, "small requests pass while the large one does not fit")
        #expect(passed <= EngineLoop.bypassLimit + 1, "but not for ever: \(order)")
    }

    @Test func cancellingGivesPagesBackAtOnce() throws {
        let harness = try Harness(sequences: 3)
        harness.submit("decoding", Self.request(5, seed: 1, tokens: 1900))
        let reading = harness.submit("reading", Self.request(1500, seed: 2, tokens: 5))
        harness.submit("following", Self.request(1500, seed: 2, tokens: 6))
        let queued = harness.submit("queued", Self.request(1500, seed: 2, tokens: 7))
        harness.run { harness.loop.pool.usedPageCount >= 10 }
        #expect(harness.loop.live.count == 2 && harness.loop.waiting.count == 2, "two wait for the prefix")

        queued.cancel()
        harness.loop.step()
        #expect(harness.loop.waiting.count == 1)
        reading.cancel()
        harness.loop.step()
        #expect(harness.loop.live.count == 2, "who waited goes on in its place")
        #expect(harness.loop.waiting.isEmpty)
        harness.run { harness.finished == ["following"] }
        let completion = try #require(harness.completion("following"))
        #expect(completion.tokens.count == 6 && completion.reusedTokenCount > 500)
        #expect(harness.loop.live.count == 1, "the one that is decoding")
        #expect(harness.loop.statistics.usedPageCount == harness.loop.live[0].pages.count)
        #expect(harness.loop.statistics.evictedPageCount == 0)
    }

    @Test func cancellingAnywhereLosesNoPage() throws {
        var random = SeededNumbers(seed: 8)
        let harness = try Harness(pages: 20, sequences: 6)
        var jobs: [EngineJob] = []
        for index in 0..<150 {
            let request = Self.request(random.next(in: 1...300), seed: index % 20, tokens: random.next(in: 1...200))
            jobs.append(harness.submit("\(index)", request))
            for _ in 0..<random.next(in: 0...12) { harness.loop.step() }
            if random.next(in: 0...1) == 0 { jobs[random.next(in: 0...(jobs.count - 1))].cancel() }
            let used = Set(harness.loop.live.flatMap { $0.pages.pages.map(ObjectIdentifier.init) })
            let known = Set(harness.loop.index.allEntries.compactMap { $0.page.map(ObjectIdentifier.init) })
            #expect(harness.loop.pool.usedPageCount == used.count)
            #expect(harness.loop.pool.pageCount == used.union(known).count)
            #expect(harness.loop.index.checkInvariants() == [])
        }
        harness.run()
        #expect(harness.loop.statistics.preemptionCount > 0 && harness.loop.pool.usedPageCount == 0)
        harness.loop.index.forgetIdle()
        #expect(harness.loop.pool.pageCount == 0)
    }

    @Test func anEngineThatWasShutDownSaysSo() async throws {
        let model = try Self.load()
        model.engine.shutDown()
        await #expect(throws: EngineError.shutDown) { try await model.engine.statistics() }
        await #expect(throws: EngineError.shutDown) {
            try await model.engine.complete(Self.request(5, seed: 1, tokens: 1))
        }
        await #expect(throws: EngineError.shutDown) {
            for try await _ in model.engine.generate(Self.request(5, seed: 1, tokens: 1)) {}
        }
    }
}
