import Dispatch
import Foundation
import Synchronization

/// Control-C as something that a command answers, instead of the end of the program.
///
/// From its creation on, and until the process ends, `SIGINT` goes to the action of the moment, or, where there is none, to
/// whoever reads ``descriptor``.
final class Interrupts: Sendable {
    /// A pipe that holds a byte for each interrupt that no action took.
    let descriptor: Int32
    private let writing: Int32
    private let action = Mutex<(@Sendable () -> Void)?>(nil)
    // Only kept alive; set up before the object is shared.
    nonisolated(unsafe) private let source: any DispatchSourceSignal

    /// Takes over `SIGINT`; `nil` if the system has no descriptors left for it.
    init?() {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, writing) = (ends[0], ends[1])
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global(qos: .userInteractive))
        source.setEventHandler { [self] in arrived() }
        source.resume()
    }

    /// Takes all interrupts that wait in ``descriptor``.
    func drain() {
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }

    /// Calls `action` for each interrupt while `body` runs.
    func during<Value>(_ action: @escaping @Sendable () -> Void, _ body: () async throws -> Value) async rethrows
        -> Value
    {
        self.action.withLock { $0 = action }
        defer { self.action.withLock { $0 = nil } }
        return try await body()
    }

    private func arrived() {
        if let action = action.withLock({ $0 }) { return action() }
        var byte: UInt8 = 1
        _ = Foundation.write(writing, &byte, 1)
    }
}
