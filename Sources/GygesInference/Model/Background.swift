import Dispatch

/// A value that is computed on a thread of its own while the caller does something else.
final class Background<Value: Sendable, Failure: Error>: @unchecked Sendable {
    // Sendable: written once before the semaphore is signalled, read only after.
    private var outcome: Result<Value, Failure>?
    private let isDone = DispatchSemaphore(value: 0)

    /// Begins to compute.
    init(_ compute: @escaping @Sendable () throws(Failure) -> Value) {
        startThread(named: "gyges-background") { [self] in
            outcome = Result(catching: compute)
            isDone.signal()
        }
    }

    /// Waits until the value is there.
    func result() -> Result<Value, Failure> {
        isDone.wait()
        isDone.signal()
        return outcome!  // Set before the signal.
    }
}
