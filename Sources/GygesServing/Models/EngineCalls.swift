import GygesInference

extension InferenceEngine {
    /// Scores, where they are wanted.
    ///
    /// - Throws: `EngineError`.
    func scores(of request: ScoringRequest?) async throws -> [ScoredToken] {
        guard let request else { return [] }
        return try await score(request)
    }

    /// Several answers, computed side by side.
    ///
    /// - Parameters:
    ///   - whenFull: What happens while as many requests as may are waiting; who waits hears of nothing but the end.
    ///   - record: Told when the model begins, and when something new has come.
    /// - Throws: `EngineError`, the first of all answers'; the others are then cancelled.
    func completions(
        of requests: [GenerationRequest], whenFull: WhenFull, record: RequestRecord
    ) async throws -> [Completion] {
        let requests = requests.map { $0.telling(record) }
        guard case .refuse = whenFull, requests.count == 1 else {
            return try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
                for (index, request) in requests.enumerated() {
                    group.addTask { (index, try await self.complete(request, whenFull: .wait)) }
                }
                var results = [Completion?](repeating: nil, count: requests.count)
                for try await (index, completion) in group {
                    record.sawToken()
                    results[index] = completion
                }
                return results.compactMap { $0 }
            }
        }
        var results = [Completion?](repeating: nil, count: requests.count)
        try await forEachEvent(of: requests.map(generate), keepAlive: .seconds(3600), tick: {}) { index, event in
            switch event {
            case .delta: record.sawToken()
            case .finished(let completion): results[index] = completion
            }
        }
        return results.compactMap { $0 }
    }
}

/// Reads several generations side by side, event by event as they come.
///
/// - Parameters:
///   - keepAlive: How long nothing may be heard of.
///   - tick: Called that often.
///   - body: Gets an event and the place of its generation.
/// - Throws: `EngineError` of any of them, or what `tick` and `body` throw; all are then cancelled.
func forEachEvent(
    of streams: [GenerationStream], keepAlive: Duration, tick: () async throws -> Void,
    body: (Int, GenerationEvent) async throws -> Void
) async throws {
    enum Signal: Sendable {
        case event(Int, GenerationEvent?)
        case tick
    }
    let iterators = streams.map { IteratorBox($0.makeAsyncIterator()) }
    try await withThrowingTaskGroup(of: Signal.self) { group in
        for (index, iterator) in iterators.enumerated() { group.addTask { .event(index, try await iterator.next()) } }
        group.addTask {
            try await Task.sleep(for: keepAlive)
            return .tick
        }
        var openCount = streams.count
        while openCount > 0, let signal = try await group.next() {
            switch signal {
            case .tick:
                try await tick()
                group.addTask {
                    try await Task.sleep(for: keepAlive)
                    return .tick
                }
            case .event(_, nil): openCount -= 1
            case .event(let index, let event?):
                try await body(index, event)
                let iterator = iterators[index]
                group.addTask { .event(index, try await iterator.next()) }
            }
        }
        group.cancelAll()
    }
}

/// An iterator that one task after another reads from.
private final class IteratorBox: @unchecked Sendable {
    // Invariant: a task is started only after the one before has ended.
    private var iterator: GenerationStream.AsyncIterator

    init(_ iterator: GenerationStream.AsyncIterator) { self.iterator = iterator }

    func next() async throws -> GenerationEvent? { try await iterator.next() }
}
