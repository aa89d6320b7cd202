import Dispatch
import GygesFiles
import GygesKernels
import GygesConstraints
import GygesTokenizer
import Synchronization
import Testing

@testable import GygesInference

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Each kind of refusal by its case and its numbers, and what becomes of those who come too many.
@Suite struct EngineErrorTests {
    @Test func refusalsSayWhatIsWrong() async throws {
        let model = try EngineTests.load()
        let fine = try model.tokenizer.encode("the")
        let refused: [(GenerationRequest, EngineError)] = [
            (.init(prompt: [], maximumTokenCount: 1), .emptyPrompt),
            (.init(prompt: [-1], maximumTokenCount: 1), .unknownToken(-1, vocabularySize: 320)),
            (.init(prompt: [320], maximumTokenCount: 1), .unknownToken(320, vocabularySize: 320)),
            (.init(prompt: fine, maximumTokenCount: 0), .invalidRequest("At least one token must be asked for.")),
            (
                .init(prompt: [Int32](repeating: 5, count: 2048), maximumTokenCount: 1),
                .contextExceeded(tokenCount: 2048, limit: 2048, nativeLimit: 2048)
            ),
            (
                .init(prompt: fine, maximumTokenCount: 1, sampling: .init(temperature: .nan)),
                .invalidSampling(SamplingProblem(parameter: .temperature, range: "0 or more"))
            ),
            (
                .init(prompt: fine, maximumTokenCount: 1, sampling: .init(temperature: 1, topP: 0)),
                .invalidSampling(SamplingProblem(parameter: .topP, range: "above 0 and at most 1"))
            ),
        ]
        for (request, error) in refused {
            await #expect(throws: error) { try await model.engine.complete(request) }
            #expect(error.description.hasSuffix("."), "\(error)")
            await #expect(throws: error) {
                for try await event in model.engine.generate(request) { Issue.record("\(event)") }
            }
        }
        for count in [-1, 129] {
            let request = GenerationRequest(prompt: fine, maximumTokenCount: 1, topLogProbabilityCount: count)
            await #expect(throws: EngineError.self) { try await model.engine.complete(request) }
        }
        #expect(try await model.engine.statistics().stepCount == 0)
    }

    @Test("Numbers of any size are judged, never added up unchecked")
    func hugeNumbers() throws {
        let model = try EngineTests.load()
        let limits = RequestLimits(
            contextLength: .max, nativeLength: 2048, vocabularySize: 320, pageCapacity: 3, pageByteCount: 1 << 62,
            tokenizer: model.tokenizer)
        let request = EngineJob.Request.generation(GenerationRequest(prompt: [5], maximumTokenCount: .max))
        #expect(limits.tokenLimit(of: request) == .max)
        #expect(throws: EngineError.memoryExceeded(byteCount: .max, limit: .max)) { try limits.check(request) }
        #expect(KeyValuePool.pageCount(forTokens: .max) == 1 << 57)
        for count in [0, 1, 63, 64, 65, 128] {
            #expect(KeyValuePool.pageCount(forTokens: count) == (count + 63) / 64)
        }
        // An engine with options of any size starts, and answers.
        let engine = try InferenceEngine(
            model: model.engine.model, tokenizer: model.tokenizer, team: ThreadTeam(threadCount: 1),
            options: .init(
                keyValueByteLimit: 1 << 20, sequenceLimit: .max, rowLimit: 512, promptRowLimit: .max,
                queueLimit: .max, streamBufferLimit: .max))
        _ = try? engine.tokenizer.encode("x")
    }

    @Test func aMissingThreadIsAnError() throws {
        let model = try EngineTests.load()
        let none = ThreadStarter { _ in EAGAIN }
        #expect(throws: EngineError.threadUnavailable(code: EAGAIN)) {
            try InferenceEngine(
                model: model.engine.model, tokenizer: model.tokenizer, team: ThreadTeam(threadCount: 1),
                options: .init(),
                starter: none)
        }
        // What is computed beside something else is computed after it instead.
        let background = Background(starter: none) { () throws(EngineError) in 7 }
        #expect(background.result() == .success(7))
        #expect(background.result() == .success(7))
        let failing = Background(starter: none) { () throws(EngineError) -> Int in throw .shutDown }
        #expect(failing.result() == .failure(.shutDown))
    }

    /// Where the engine's thread waits, the first time that it comes by.
    private final class Gate: Sendable {
        let isReached = Atomic(false)
        private let semaphore = DispatchSemaphore(value: 0)

        func pass() { if !isReached.exchange(true, ordering: .relaxed) { semaphore.wait() } }
        func open() { semaphore.signal() }
    }

    @Test func asManyWaitAsMay() async throws {
        let model = try EngineTests.load(options: .init(queueLimit: 2))
        let engine = model.engine
        // The engine's thread stands still until the gate opens.
        let gate = Gate()
        let blocking = Task {
            try await engine.score(
                ScoringRequest(tokens: [5, 6], firstScored: 1) { _, _ in gate.pass() })
        }
        func wait(until isReached: @autoclosure () -> Bool) async {
            for _ in 0..<1_000_000 where !isReached() { await Task.yield() }
            #expect(isReached())
        }
        await wait(until: gate.isReached.load(ordering: .relaxed))
        #expect(engine.inbox.room.used == 0, "who is computed does not wait")
        let request = SchedulingTests.request(5, seed: 1, tokens: 3)
        let waiting = (0..<2).map { _ in Task { try await engine.complete(request) } }
        await wait(until: engine.inbox.room.used == 2)

        await #expect(throws: EngineError.overloaded(limit: 2)) {
            try await engine.complete(request, whenFull: .refuse)
        }
        await #expect(throws: EngineError.overloaded(limit: 2)) {
            try await engine.score(ScoringRequest(tokens: [5, 6], firstScored: 1), whenFull: .refuse)
        }
        await #expect(throws: EngineError.overloaded(limit: 2)) { for try await _ in engine.generate(request) {} }
        let patient = (0..<5).map { _ in Task { try await engine.complete(request) } }
        let cancelled = Task { try await engine.complete(request) }
        cancelled.cancel()
        await #expect(throws: EngineError.cancelled) { try await cancelled.value }
        #expect(engine.inbox.room.used == 2)

        gate.open()
        let expected = try await waiting[0].value.tokens
        for task in waiting + patient { #expect(try await task.value.tokens == expected) }
        _ = try await blocking.value
        #expect(engine.inbox.room.used == 0)
    }

    @Test func aConstraintThatNoTokenMeetsIsAnError() async throws {
        let model = try EngineTests.load()
        let constraint = try OutputConstraint(OutputGrammar(answers: ["zzz"]), tokenizer: model.tokenizer)
        let generation = Generation(
            request: GenerationRequest(prompt: [5], maximumTokenCount: 4, constraint: constraint),
            tokenizer: model.tokenizer)
        // A row of logits that ends before any token that the answer could begin with.
        var logits: [Float] = [1]
        #expect(logits.withUnsafeMutableBufferPointer { generation.sample(from: $0) } == nil)
        let outcome = Handover<EngineJob.Output, EngineError>()
        #expect(
            generation.deliver(
                to: EngineJob(.generation(.init(prompt: [5], maximumTokenCount: 4)), deliver: outcome.fulfil)))
        await #expect(throws: EngineError.constraintImpossible(tokenCount: 0)) { try await outcome.value {} }
    }

    @Test func aRoomLetsInByTheOrderOfAsking() async throws {
        let room = QueueRoom(limit: 10)
        #expect(room.tryEnter(6) && !room.tryEnter(5) && room.tryEnter(4))
        let large = Task { await room.enter(8) }
        while room.waiterCount < 1 { await Task.yield() }
        room.leave(4)
        let small = Task { await room.enter(1) }
        while room.waiterCount < 2 { await Task.yield() }
        #expect(room.used == 6, "whoever asks later does not pass, even if there is room for it")
        #expect(!room.tryEnter())
        room.leave(6)
        #expect(await large.value)
        #expect(await small.value)
        #expect(room.used == 9)
        room.leave(9)
        #expect(await room.enter(1000), "something larger than the room is let in alone")
        #expect(!room.tryEnter())
        let waiting = Task { await room.enter() }
        waiting.cancel()
        #expect(await !waiting.value)
        let last = Task { await room.enter() }
        room.close()
        #expect(await last.value, "a closed room lets everybody in, to be refused inside")
    }
}
