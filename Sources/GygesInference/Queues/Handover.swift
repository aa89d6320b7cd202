import Synchronization

/// A value that one task waits for and another thread hands over, once.
final class Handover<Value: Sendable, Failure: Error>: Sendable {
    private struct State {
        var outcome: Result<Value, Failure>?
        var waiting: CheckedContinuation<Result<Value, Failure>, Never>?
    }

    private let state = Mutex(State())

    /// Hands the outcome over. Only the first counts.
    func fulfil(_ outcome: Result<Value, Failure>) {
        let waiting = state.withLock { state -> CheckedContinuation<Result<Value, Failure>, Never>? in
            guard state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: outcome)
    }

    /// Waits for the outcome. To be called once.
    ///
    /// - Parameter onCancel: Called if the task is cancelled meanwhile; must see to it that an outcome comes.
    func value(onCancel: @escaping @Sendable () -> Void) async throws(Failure) -> Value {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state in
                    if state.outcome == nil { state.waiting = continuation }
                    return state.outcome
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            onCancel()
        }
        return try outcome.get()
    }
}
