import Synchronization
import Testing

@testable import GygesInference

/// Many requests of all kinds at once, in too little memory.
@Suite struct EngineStressTests {
    private enum Work: Sendable {
        case generation(GenerationRequest, cancelledAfterTokens: Int?)
        case scoring(ScoringRequest, isCancelled: Bool)
    }

    private enum Result: Equatable, Sendable {
        case tokens([ScoredToken], text: String)
        case scores([ScoredToken], observed: [Int])
        case cancelled
    }

    private static func work(count: Int) -> [Work] {
        var random = SeededNumbers(seed: 2026)
        let beginnings = [[], SchedulingTests.prompt(90, seed: 1), SchedulingTests.prompt(200, seed: 2)]
        return (0..<count).map { index in
            var prompt = beginnings[random.next(in: 0...2)]
            prompt += SchedulingTests.prompt(random.next(in: 1...150), seed: 1000 + index)
            if random.next(in: 0...9) == 0 { prompt += prompt.suffix(60) }
            let isCancelled = random.next(in: 0...4) == 0
            if random.next(in: 0...3) == 0 {
                let firstScored = random.next(in: max(1, prompt.count - 40)...prompt.count)
                let tokens = prompt + SchedulingTests.prompt(random.next(in: 1...60), seed: 2000 + index)
                return .scoring(ScoringRequest(tokens: tokens, firstScored: firstScored), isCancelled: isCancelled)
            }
            let request = GenerationRequest(
                prompt: prompt, maximumTokenCount: [3, 40, 120, 280][random.next(in: 0...3)],
                sampling: SamplingParameters(
                    temperature: [0, 0.7, 1][random.next(in: 0...2)], topP: index % 3 == 0 ? 0.9 : 1,
                    repetitionPenalty: index % 7 == 0 ? 1.1 : 1, seed: UInt64(index)),
                stopTokens: index % 4 == 0 ? Set((0..<320).filter { $0 % 40 == 3 }) : [])
            return .generation(request, cancelledAfterTokens: isCancelled ? random.next(in: 0...30) : nil)
        }
    }

    private static func result(of work: Work, cancels: Bool, from engine: InferenceEngine) async throws -> Result {
        switch work {
        case .generation(let request, let cancelledAfterTokens):
            var remaining = cancels ? cancelledAfterTokens ?? .max : .max
            if remaining == 0 {
                let task = Task { try await engine.complete(request) }
                task.cancel()
                _ = try? await task.value
                return .cancelled
            }
            for try await event in engine.generate(request) {
                switch event {
                case .finished(let completion): return .tokens(completion.tokens, text: completion.text)
                // Not deltas: the busier the machine, the more tokens one holds.
                case .delta(_, let tokens): remaining -= tokens.count
                }
                if remaining <= 0 { break }
            }
            return .cancelled
        case .scoring(var request, let isCancelled):
            let observed = Observed()
            if request.firstScored % 2 == 0 {
                request.observer = { position, _ in observed.positions.withLock { $0.append(position) } }
            }
            let task = Task { [request] in try await engine.score(request) }
            if cancels && isCancelled { task.cancel() }
            guard let scores = try? await task.value else { return .cancelled }
            return .scores(scores, observed: observed.positions.withLock { $0 })
        }
    }

    private final class Observed: Sendable { let positions = Mutex<[Int]>([]) }

    @Test func twoHundredRequestsInTooLittleMemory() async throws {
        let all = Self.work(count: 200)
        let alone = try EngineTests.load(threads: 1, options: .init(speculationRowLimit: 0))
        var expected: [Result] = []
        for work in all {
            expected.append(try await Self.result(of: work, cancels: false, from: alone.engine))
            try await alone.engine.forgetPrefixes()
        }

        for (threads, rowLimit, promptRowLimit, pages) in [(2, 512, 32, 40), (1, 40, 8, 14)] {
            let together = try EngineTests.load(
                threads: threads,
                options: .init(
                    keyValueByteLimit: pages * SchedulingTests.pageByteCount, sequenceLimit: 16, rowLimit: rowLimit,
                    promptRowLimit: promptRowLimit))
            var cancelledCount = 0
            try await withThrowingTaskGroup(of: (Int, Result).self) { group in
                for (index, work) in all.enumerated() {
                    group.addTask { (index, try await Self.result(of: work, cancels: true, from: together.engine)) }
                    if index % 20 == 19 { _ = try await together.engine.statistics() }
                }
                for try await (index, result) in group {
                    if result == .cancelled {
                        cancelledCount += 1
                    } else {
                        #expect(result == expected[index], "request \(index) of \(all[index])")
                    }
                }
            }
            let end = try await together.engine.statistics()
            #expect(cancelledCount > 10 && cancelledCount < 60)
            #expect(end.liveCount == 0 && end.waitingCount == 0)
            #expect(end.peakPageCount <= pages && end.pageCapacity == pages)
            #expect(end.evictedPageCount > 100 && (pages > 14 || end.preemptionCount > 0), "the bound was felt")
            #expect(end.reusedTokenCount > 0 && end.acceptedTokenCount > 0)
            #expect(end.usedPageCount == 0 && end.cachedPageCount > 0)
            try await together.engine.forgetPrefixes()
            #expect(try await together.engine.statistics().cachedPageCount == 0, "no page is lost")
        }
    }
}
