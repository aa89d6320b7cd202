import CGygesCurl
import Glibc
import Synchronization

/// The thread that makes all calls: it owns libcurl's set of transfers and whatever belongs to one that is under way.
///
/// Others reach it by an inbox alone. It is started with the first call and lives as long as the process.
final class TransferLoop: Sendable {
    private struct Inbox {
        var isStarted = false
        var nextNumber: UInt64 = 0
        var begun: [Transfer] = []
        var cancelled: [UInt64] = []
        /// Those whose readers have room again.
        var resumed: [UInt64] = []
    }

    private let inbox = Mutex(Inbox())
    /// libcurl's set; `nil` if it could not be made.
    ///
    /// Made before the loop and never changed. Only the loop's thread calls anything with it but `gyges_set_wake`, which libcurl allows
    /// from any thread.
    nonisolated(unsafe) private let set: UnsafeMutableRawPointer?

    init() { set = gyges_curl_start() == 0 ? gyges_set_new() : nil }

    /// Makes a call.
    ///
    /// - Throws: ``TransportError``, or `CancellationError`.
    func answer(to call: HTTPCall) async throws -> HTTPAnswer {
        let number = newNumber()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                begin(Transfer(call, number: number, receiver: .whole(continuation)))
                // Whoever was cancelled before there was something to cancel.
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            cancel(number)
        }
    }

    /// Begins a call whose answer is read as it comes.
    func stream(_ call: HTTPCall) -> TransferStream {
        let number = newNumber()
        let stream = TransferStream(
            onRoom: { [weak self] in self?.tell(number) { $0.resumed.append($1) } },
            onLeave: { [weak self] in self?.cancel(number) })
        begin(Transfer(call, number: number, receiver: .stream(stream)))
        return stream
    }

    private func newNumber() -> UInt64 {
        inbox.withLock { inbox in
            inbox.nextNumber += 1
            return inbox.nextNumber
        }
    }

    private func tell(_ number: UInt64, _ note: (inout Inbox, UInt64) -> Void) {
        inbox.withLock { note(&$0, number) }
        if let set { _ = gyges_set_wake(set) }
    }

    private func begin(_ transfer: Transfer) {
        let isRunning = inbox.withLock { inbox in
            if !inbox.isStarted { inbox.isStarted = start() }
            if inbox.isStarted { inbox.begun.append(transfer) }
            return inbox.isStarted
        }
        guard isRunning else {
            return transfer.end(throwing: TransportError.connection("the system gives no thread or memory for it"))
        }
        if let set { _ = gyges_set_wake(set) }
    }

    private func cancel(_ number: UInt64) { tell(number) { $0.cancelled.append($1) } }

    /// Starts the thread; `false` if the system gives none.
    private func start() -> Bool {
        guard set != nil else { return false }
        var thread = pthread_t()
        // The thread keeps the loop; it never ends.
        let context = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue().run()
                return nil
            }, context)
        guard code == 0 else {
            Unmanaged<TransferLoop>.fromOpaque(context).release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    // MARK: - On the thread

    private func run() {
        guard let set else { return }
        // Signals go to other threads. A write to a connection that the other side has closed would otherwise end the process.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        var active: [UnsafeMutableRawPointer: Transfer] = [:]
        while true {
            takeInbox(set, &active)
            var failure = gyges_set_advance(set)
            var code: Int32 = 0
            while let handle = gyges_set_ended(set, &code) {
                _ = gyges_set_remove(set, handle)
                active.removeValue(forKey: handle)?.end(code: code)
            }
            // Whoever hands something over wakes the set; a minute is only for the case that libcurl loses a socket.
            if failure == 0 { failure = gyges_set_wait(set, active.isEmpty ? 60_000 : 1000) }
            // Only memory that is exhausted leads here; without a pause this would be a busy loop.
            if failure != 0 { usleep(100_000) }
        }
    }

    private func takeInbox(_ set: UnsafeMutableRawPointer, _ active: inout [UnsafeMutableRawPointer: Transfer]) {
        let (begun, cancelled, resumed) = inbox.withLock { inbox in
            defer { (inbox.begun, inbox.cancelled, inbox.resumed) = ([], [], []) }
            return (inbox.begun, inbox.cancelled, inbox.resumed)
        }
        for transfer in begun {
            guard let handle = transfer.prepare(), gyges_set_add(set, handle) == 0 else {
                transfer.end(throwing: TransportError.connection("libcurl does not take the call"))
                continue
            }
            active[handle] = transfer
        }
        // A number that is not there has an answer already.
        for number in cancelled {
            guard let entry = active.first(where: { $0.value.number == number }) else { continue }
            _ = gyges_set_remove(set, entry.key)
            active[entry.key] = nil
            entry.value.end(throwing: CancellationError())
        }
        for number in resumed {
            guard let entry = active.first(where: { $0.value.number == number }) else { continue }
            _ = gyges_transfer_go_on(entry.key)
        }
    }
}
