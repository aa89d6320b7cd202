import GygesCheckpoints
import GygesTokenizer
import GygesKernels
import Synchronization
import Testing

@testable import GygesInference

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// One encoder that many ask at the same time.
@Suite struct SharedEncoderTests {
    /// Gives a thread when it is told to.
    final class HeldThread: Sendable {
        private let body = Mutex<(@Sendable () -> Void)?>(nil)

        var starter: ThreadStarter {
            ThreadStarter { body in
                self.body.withLock { $0 = body }
                return 0
            }
        }

        func start() {
            if let body = body.withLock({ $0 }) { #expect(ThreadStarter.system.start(body) == 0) }
        }
    }

    static func runner(
        tokenBudget: Int = 1024, queueTokenLimit: Int = 1 << 20, starter: ThreadStarter
    ) throws -> EncoderRunner {
        let model = try TextEncoderTests.load("tiny-encoder").runner.model
        return EncoderRunner(
            model: model, tokenBudget: tokenBudget, queueTokenLimit: queueTokenLimit, team: ThreadTeam(threadCount: 2),
            starter: starter)
    }

    /// Texts of `count` tokens each.
    static func texts(_ counts: [Int], seed: Int) -> [EncoderText] {
        var random = SeededNumbers(seed: UInt64(seed))
        return counts.map { count in
            EncoderText(tokens: (0..<count).map { _ in Int32(random.next(in: 5...200)) })
        }
    }

    static let embeddings = EncoderWork.embeddings(.mean, dimension: nil, normalizes: true)

    static func wait(until isReached: @autoclosure () -> Bool) async {
        for _ in 0..<1_000_000 where !isReached() { await Task.yield() }
        #expect(isReached())
    }

    @Test("Texts of several callers share passes, and have the bits that they have alone")
    func sharedPasses() async throws {
        let held = HeldThread()
        let runner = try Self.runner(starter: held.starter)
        let alone = try Self.runner(starter: .system)
        let tokenWork = EncoderWork.tokenVectors(dimension: 7, normalizes: false)
        let jobs = (0..<12).map { index in
            (index % 4 == 3 ? tokenWork : Self.embeddings, Self.texts([3 + index, 40, 1, 20 - index], seed: index))
        }
        let callers = jobs.map { work, texts in
            Task { try await runner.results(of: work, texts, whenFull: .refuse) }
        }
        let tokenCount = jobs.reduce(0) { $0 + $1.1.reduce(0) { $0 + $1.tokens.count } }
        await Self.wait(until: runner.queue.room.used == tokenCount)
        held.start()
        for (caller, (work, texts)) in zip(callers, jobs) {
            let results = try await caller.value
            for (result, text) in zip(results, texts) {
                let expected = try alone.results(of: work, [text], progress: nil)[0]
                #expect(result.vector == expected.vector && result.rows == expected.rows)
                #expect(result.vector.count + result.rows.rowCount > 0)
            }
            #expect(results.count == texts.count)
        }
        let statistics = runner.statistics
        #expect(statistics.passCount == 2, "one for each kind of work, of 12 calls")
        #expect(statistics.textCount == 48 && statistics.tokenCount == tokenCount)
        await Self.wait(until: runner.queue.room.used == 0)
    }

    @Test func awaitedCallsAreWhatBlockingOnesAre() async throws {
        let encoder = try TextEncoderTests.load("tiny-encoder")
        let texts = TextEncoderTests.texts(try TextEncoderTests.expected("tiny-encoder"))
        func block() throws -> ([[Float]], [TokenVectors], [SparseVector]) {
            (
                try encoder.embeddings(of: texts), try encoder.tokenVectors(of: texts, as: .document),
                try encoder.sparseVectors(of: texts)
            )
        }
        let expected = try block()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<24 {
                group.addTask { () async throws in
                    let place = index % texts.count
                    #expect(try await encoder.embeddings(of: [texts[place]]) == [expected.0[place]])
                    #expect(try await encoder.tokenVectors(of: texts, as: .document) == expected.1)
                    #expect(try await encoder.sparseVectors(of: [texts[place]]) == [expected.2[place]])
                }
            }
            try await group.waitForAll()
        }
        #expect(try await encoder.embeddings(of: []) == [])

        let ranker = try TextEncoderTests.load("tiny-reranker")
        func ranked() throws -> [RankedText] { try ranker.rerank(query: texts[0], texts: texts) }
        let best = try ranked()
        #expect(try await ranker.rerank(query: texts[0], texts: texts) == best)
        let tagger = try TextEncoderTests.load("tiny-tagger")
        func tags() throws -> [[TaggedSpan]] {
            try tagger.tags(of: texts.map { .text($0) }, reader: TagReader(labels: tagger.labels))
        }
        let spans = try tags()
        #expect(try await tagger.tags(of: texts.map { .text($0) }, reader: TagReader(labels: tagger.labels)) == spans)
    }

    @Test func errorsGoToTheCallerConcerned() async throws {
        let held = HeldThread()
        let runner = try Self.runner(starter: held.starter)
        let fine = Self.texts([9, 5], seed: 1)
        let callers = (0..<3).map { _ in Task { try await runner.results(of: Self.embeddings, fine, whenFull: .wait) } }
        await Self.wait(until: runner.queue.room.used == 3 * 14)
        await #expect(throws: EncoderError.badTokens(index: 1)) {
            try await runner.results(
                of: Self.embeddings, fine.prefix(1) + [EncoderText(tokens: [-1])], whenFull: .wait)
        }
        await #expect(throws: EncoderError.self) { try await runner.results(of: .classScores, fine, whenFull: .wait) }
        await #expect(throws: EncoderError.badDimension(99, width: 32)) {
            try await runner.results(
                of: .embeddings(.mean, dimension: 99, normalizes: true), fine, whenFull: .wait)
        }
        callers[1].cancel()
        await #expect(throws: EncoderError.cancelled) { try await callers[1].value }
        held.start()
        let expected = try runner.results(of: Self.embeddings, fine, progress: nil).map(\.vector)
        #expect(try await callers[0].value.map(\.vector) == expected)
        #expect(try await callers[2].value.map(\.vector) == expected)
        await Self.wait(until: runner.queue.room.used == 0)
        #expect(runner.statistics.textCount == 6, "nothing is computed for those who do not want it")
    }

    @Test func asManyTextsWaitAsMay() async throws {
        let held = HeldThread()
        let runner = try Self.runner(queueTokenLimit: 30, starter: held.starter)
        let texts = Self.texts([20], seed: 1)
        let first = Task { try await runner.results(of: Self.embeddings, texts, whenFull: .refuse) }
        await Self.wait(until: runner.queue.room.used == 20)
        await #expect(throws: EncoderError.overloaded(limit: 30)) {
            try await runner.results(of: Self.embeddings, texts, whenFull: .refuse)
        }
        let patient = (0..<4).map { _ in
            Task { try await runner.results(of: Self.embeddings, texts, whenFull: .wait) }
        }
        await Self.wait(until: runner.queue.room.waiterCount == 4)
        held.start()
        let expected = try await first.value[0].vector
        for task in patient { #expect(try await task.value[0].vector == expected) }
    }

    @Test func aMissingThreadIsAnError() async throws {
        let runner = try Self.runner(starter: ThreadStarter { _ in EAGAIN })
        for _ in 0..<2 {
            await #expect(throws: EncoderError.threadUnavailable(code: EAGAIN)) {
                try await runner.results(of: Self.embeddings, Self.texts([5], seed: 1), whenFull: .refuse)
            }
        }
        #expect(runner.queue.room.used == 0)
        #expect(try runner.results(of: Self.embeddings, Self.texts([5], seed: 1), progress: nil).count == 1)
    }

    @Test func fewTextsDoNotWaitForManyOthers() throws {
        var random = SeededNumbers(seed: 3)
        let many = EncoderJob(
            Self.embeddings, texts: Self.texts((0..<200).map { _ in random.next(in: 1...90) }, seed: 2))
        // Alone, a job is cut as a caller's thread cuts it.
        var schedule = EncoderSchedule(tokenBudget: 256)
        schedule.add([many]) { _ in }
        var passes: [[Int]] = []
        while case let places = schedule.nextPass(), !places.isEmpty { passes.append(places.map(\.text)) }
        #expect(passes == batches(ofLengths: many.texts.map(\.tokens.count), tokenBudget: 256))

        schedule = EncoderSchedule(tokenBudget: 256)
        let few = EncoderJob(Self.embeddings, texts: Self.texts([100, 7], seed: 4))
        let other = EncoderJob(.classScores, texts: Self.texts([3], seed: 5))
        schedule.add([many, few, other]) { _ in }
        let first = schedule.nextPass()
        #expect(first.filter { $0.job.job === few }.map(\.text) == [0, 1], "within a share, all at once")
        #expect(first.contains { $0.job.job === many })
        #expect(first.reduce(0) { $0 + $1.job.job.texts[$1.text].tokens.count } <= 256)
        #expect(schedule.nextPass().map { $0.job.job === other } == [true], "other work comes in between")
        #expect(schedule.nextPass().allSatisfy { $0.job.job === many })
        // A text beyond the budget goes alone.
        schedule = EncoderSchedule(tokenBudget: 10)
        schedule.add([few]) { _ in }
        #expect(schedule.nextPass().map(\.text) == [0])
        #expect(schedule.nextPass().map(\.text) == [1])
    }
}
