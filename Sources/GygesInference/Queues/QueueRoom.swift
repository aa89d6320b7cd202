import Synchronization

/// How much may wait in a queue: counts what is in it and lets no more in than a limit, in the order of asking.
///
/// Something larger than the limit is let in alone, so that nobody waits for ever.
final class QueueRoom: Sendable {
    private struct Waiter {
        var number: Int
        var amount: Int
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var used = 0
        var isClosed = false
        var waiters: [Waiter] = []
        var lastNumber = 0

        func fits(_ amount: Int, limit: Int) -> Bool { isClosed || used == 0 || amount <= limit - used }
    }

    /// The most that waits.
    let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = max(1, limit) }

    /// What is in the queue.
    var used: Int { state.withLock { $0.used } }

    /// How many wait to enter.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// Whether `amount` could enter at once; it is then counted.
    func tryEnter(_ amount: Int = 1) -> Bool {
        state.withLock { state in
            guard state.waiters.isEmpty, state.fits(amount, limit: limit) else { return false }
            state.used += amount
            return true
        }
    }

    /// Waits until `amount` fits and counts it; after ``close()`` at once.
    ///
    /// - Returns: Whether it was counted; `false` if the task was cancelled meanwhile.
    func enter(_ amount: Int = 1) async -> Bool {
        if tryEnter(amount) { return true }
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isIn: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.waiters.isEmpty, state.fits(amount, limit: limit) {
                        state.used += amount
                        return true
                    }
                    state.waiters.append(Waiter(number: number, amount: amount, continuation: continuation))
                    return nil
                }
                if let isIn { continuation.resume(returning: isIn) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: false)
        }
    }

    /// Takes out what was counted, and lets in whoever now fits.
    func leave(_ amount: Int = 1) { admit { $0.used = max(0, $0.used - amount) } }

    /// Lets everybody in from now on: the queue refuses them itself.
    func close() { admit { $0.isClosed = true } }

    private func admit(after change: (inout State) -> Void) {
        let admitted = state.withLock { state in
            change(&state)
            var admitted: [Waiter] = []
            while let first = state.waiters.first, state.fits(first.amount, limit: limit) {
                state.used += first.amount
                admitted.append(state.waiters.removeFirst())
            }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume(returning: true) }
    }
}
