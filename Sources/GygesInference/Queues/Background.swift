import Dispatch

/// A value that is computed on a thread of its own while the caller does something else.
final class Background<Value: Sendable, Failure: Error>: @unchecked Sendable {
    // Invariant: written once, before the semaphore is signalled, and read only after.
    private var outcome: Result<Value, Failure>?
    private let isDone = DispatchSemaphore(value: 0)
    private let compute: @Sendable () throws(Failure) -> Value

    /// Begins to compute; where the system has no thread to give, when the value is asked for.
    init(
        starter: ThreadStarter = .system, _ compute: @escaping @Sendable () throws(Failure) -> Value
    ) {
        self.compute = compute
        let status = starter.start { [self] in
            outcome = Result(catching: self.compute)
            isDone.signal()
        }
        if status != 0 { isDone.signal() }
    }

    /// Waits until the value is there.
    func result() -> Result<Value, Failure> {
        isDone.wait()
        defer { isDone.signal() }
        let result = outcome ?? Result(catching: compute)
        outcome = result
        return result
    }
}
