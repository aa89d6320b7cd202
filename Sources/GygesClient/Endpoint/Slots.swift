import Synchronization

/// Lets a number of tasks in at once; others wait in order and can be cancelled meanwhile.
final class Slots: Sendable {
    private struct State {
        var free: Int
        var next: UInt64 = 0
        var waiting: [(number: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<UInt64> = []
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(free: max(1, count))) }

    /// Runs `body` in a slot of its own.
    func withSlot<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let continuation: CheckedContinuation<Bool, Never>? = state.withLock { state in
                if let place = state.waiting.firstIndex(where: { $0.number == number }) {
                    return state.waiting.remove(at: place).continuation
                }
                state.cancelled.insert(number)
                return nil
            }
            continuation?.resume(returning: false)
        }
        state.withLock { _ = $0.cancelled.remove(number) }
        guard isIn else { throw CancellationError() }
    }

    private func leave() {
        let continuation: CheckedContinuation<Bool, Never>? = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        continuation?.resume(returning: true)
    }
}
