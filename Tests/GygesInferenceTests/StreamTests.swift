import Dispatch
import GygesKernels
import Testing

@testable import GygesInference

/// What a reader of events gets, and what becomes of those who stop reading.
@Suite struct StreamTests {
    @Test func deltasJoinToTheCompletion() async throws {
        let model = try EngineTests.load()
        for (index, request) in try EngineTests.requests(model).enumerated() {
            var request = request
            request.topLogProbabilityCount = index % 3 * 4
            if index % 2 == 0 { request.stopTokens = Set((0..<320).filter { $0 % 40 == 3 }) }
            var text = ""
            var tokens: [ScoredToken] = []
            var completion: Completion?
            for try await event in model.engine.generate(request) {
                switch event {
                case .delta(let more, let some):
                    #expect(completion == nil && !(more.isEmpty && some.isEmpty))
                    text += more
                    tokens += some
                case .finished(let whole): completion = whole
                }
            }
            #expect(text == completion?.text)
            #expect(tokens == completion?.tokens)
            #expect(tokens.allSatisfy { $0.alternatives.count == request.topLogProbabilityCount })
            for token in tokens where request.topLogProbabilityCount > 0 {
                #expect(token.isGreedy == (token.alternatives[0].token == token.token))
                let told = token.alternatives.first { $0.token == token.token }
                #expect(told == nil || told?.logProbability == token.logProbability)
            }
            // What is asked beside changes nothing.
            request.topLogProbabilityCount = 0
            #expect(try await model.engine.complete(request).tokens.map(\.token) == tokens.map(\.token))
        }
    }

    /// Asks until `isReached`, between two steps each time.
    static func wait(for isReached: (EngineStatistics) -> Bool, in engine: InferenceEngine) async throws {
        for _ in 0..<200_000 where try await !isReached(engine.statistics()) { await Task.yield() }
        let statistics = try await engine.statistics()
        #expect(isReached(statistics), "\(statistics)")
    }

    @Test func whoStopsReadingStopsNobodyElse() async throws {
        let request = SchedulingTests.request(100, seed: 4, tokens: 400)
        let expected = try await SchedulingTests.load().engine.complete(request)
        // Room for one sequence, and for the pages of one.
        let model = try EngineTests.load(
            options: .init(
                keyValueByteLimit: 10 * SchedulingTests.pageByteCount, sequenceLimit: 1, streamBufferLimit: 16))
        let stream = model.engine.generate(request)
        var iterator = stream.makeAsyncIterator()
        var tokens: [ScoredToken] = []
        for round in 0..<4 {
            guard case .delta(_, let some) = try await iterator.next() else {
                Issue.record("no tokens in round \(round)")
                return
            }
            #expect(some.count <= 16 + DraftLength.longest + 1, "what waits is bounded")
            tokens += some
            try await Self.wait(for: { $0.unreadCount == 1 }, in: model.engine)
            let rows = try await model.engine.statistics().rowCount
            let other = try await model.engine.complete(SchedulingTests.request(500, seed: 90 + round, tokens: 20))
            #expect(other.tokens.count == 20)
            let statistics = try await model.engine.statistics()
            #expect(statistics.rowCount - rows < 700, "nothing was computed for whoever does not read")
            #expect(statistics.unreadCount == 1 && statistics.liveCount == 0 && statistics.usedPageCount == 0)
        }
        var completion: Completion?
        while let event = try await iterator.next() {
            switch event {
            case .delta(_, let some): tokens += some
            case .finished(let whole): completion = whole
            }
        }
        #expect(tokens == expected.tokens, "stopping and going on changes no bit")
        #expect(completion?.tokens == expected.tokens && completion?.text == expected.text)
        #expect(completion?.reusedTokenCount == 0, "as much as was known at first")
    }

    @Test func lettingGoOfAStreamFreesItsMemory() async throws {
        let model = try EngineTests.load(options: .init(streamBufferLimit: 8))
        var streams: [GenerationStream] = []
        for seed in 0..<3 {
            streams.append(model.engine.generate(SchedulingTests.request(70, seed: seed, tokens: 900)))
        }
        try await StreamTests.wait(for: { $0.unreadCount == 3 }, in: model.engine)
        #expect(try await model.engine.statistics().usedPageCount == 0)
        streams = []
        try await StreamTests.wait(for: { $0.unreadCount == 0 && $0.liveCount == 0 }, in: model.engine)
        try await model.engine.forgetPrefixes()
        #expect(try await model.engine.statistics().cachedPageCount == 0, "no page is lost")
    }

    @Test func aCancelledReaderIsTold() async throws {
        let model = try EngineTests.load(options: .init(streamBufferLimit: 8))
        let stream = model.engine.generate(SchedulingTests.request(70, seed: 1, tokens: 1900))
        let reading = Task {
            var count = 0
            for try await _ in stream {
                count += 1
                if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        await #expect(throws: EngineError.cancelled) { try await reading.value }
        try await StreamTests.wait(for: { $0.unreadCount == 0 && $0.liveCount == 0 }, in: model.engine)
        await #expect(throws: EngineError.cancelled) {
            let task = Task { try await model.engine.complete(SchedulingTests.request(5, seed: 1, tokens: 1900)) }
            task.cancel()
            return try await task.value
        }
    }

    @Test func eventsHaveOneReader() async throws {
        let buffer = EventBuffer(tokenLimit: 4) {}
        // One of the two waits, and the other is refused; nothing is lost and nobody waits for ever.
        let outcomes = await withTaskGroup(of: Result<GenerationEvent?, EngineError>.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do throws(EngineError) { return .success(try await buffer.next()) } catch { return .failure(error) }
                }
            }
            var outcomes = [await group.next()]
            buffer.end(.success(Completion()))
            outcomes.append(await group.next())
            return outcomes.compactMap(\.self)
        }
        #expect(
            outcomes == [
                .failure(.invalidRequest("Events are read by one task at a time.")), .success(.finished(Completion())),
            ])
    }

    @Test func eventsGrowTogetherUntilTheyAreRead() async throws {
        let woken = Handover<Void, Never>()
        let buffer = EventBuffer(tokenLimit: 2) { woken.fulfil(.success(())) }
        let tokens = (0..<3).map { ScoredToken(token: $0, logProbability: 0, isGreedy: true) }
        for (index, token) in tokens.enumerated() {
            #expect(buffer.isFull == (index >= 2))
            buffer.append(text: "\(index)", tokens: [token])
        }
        #expect(try await buffer.next() == .delta(text: "012", tokens: tokens))
        await woken.value {}
        #expect(!buffer.isFull)
        buffer.end(.failure(.shutDown))
        buffer.end(.success(Completion()))
        await #expect(throws: EngineError.shutDown) { try await buffer.next() }
        #expect(try await buffer.next() == nil, "an end is told once")
    }
}
