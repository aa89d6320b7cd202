import Synchronization

/// An answer that is read as it comes; the connection ends with it if it was not read to its end.
public final class HTTPStream: Sendable {
    /// The status.
    public let status: Int
    /// Values by lower-case name; the last of several counts.
    public let headers: [String: String]
    private let stream: TransferStream

    init(status: Int, headers: [String: String], stream: TransferStream) {
        (self.status, self.headers, self.stream) = (status, headers, stream)
    }

    /// What has come since it was last asked for; waits if there is nothing, and is `nil` at the end. For one reader.
    ///
    /// - Throws: ``TransportError`` if the connection breaks, or `CancellationError`, after which nothing comes any more.
    public func next() async throws -> [UInt8]? { try await stream.next() }

    deinit { stream.leave() }
}

/// Where a transfer puts what arrives, and a reader takes it: bounded, so that a slow reader slows the sender.
final class TransferStream: Sendable {
    private typealias Head = (status: Int, headers: [String: String])

    private struct State {
        var head: Head?
        var bytes: [UInt8] = []
        /// Whether the transfer waits for room.
        var isPaused = false
        var end: Result<Void, any Error>?
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let onRoom: @Sendable () -> Void
    private let onLeave: @Sendable () -> Void
    /// How many bytes wait for the reader before the transfer is paused: one piece of libcurl's more may come.
    private static let room = 1 << 18

    /// - Parameters:
    ///   - onRoom: Called when a paused transfer may go on.
    ///   - onLeave: Called when nobody reads any more.
    init(onRoom: @escaping @Sendable () -> Void, onLeave: @escaping @Sendable () -> Void) {
        (self.onRoom, self.onLeave) = (onRoom, onLeave)
    }

    // MARK: - On the thread of transfers

    /// Notes the answer's head, the first time.
    func begin(status: Int, headers: [String: String]) {
        wake { state in if state.head == nil { state.head = (status, headers) } }
    }

    /// Takes bytes, unless there is no room for them.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var isTaken = true
        wake { state in
            if state.bytes.count >= Self.room {
                (state.isPaused, isTaken) = (true, false)
            } else {
                state.bytes += bytes
            }
        }
        return isTaken
    }

    /// Nothing comes any more.
    func end(_ error: (any Error)?) {
        wake { state in if state.end == nil { state.end = error.map { .failure($0) } ?? .success(()) } }
    }

    private func wake(_ change: (inout State) -> Void) {
        let reader = state.withLock { state in
            change(&state)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    // MARK: - The reader's

    func head() async throws -> (status: Int, headers: [String: String]) {
        try await wait { state in
            if let head = state.head { return .success(head) }
            if case .failure(let error) = state.end { return .failure(error) }
            return nil
        }
    }

    func next() async throws -> [UInt8]? {
        let (bytes, wasPaused): ([UInt8]?, Bool) = try await wait { state in
            if !state.bytes.isEmpty {
                defer { (state.bytes, state.isPaused) = ([], false) }
                return .success((state.bytes, state.isPaused))
            }
            switch state.end {
            case .success: return .success((nil, false))
            case .failure(let error): return .failure(error)
            case nil: return nil
            }
        }
        if wasPaused { onRoom() }
        return bytes
    }

    /// Waits until there is something; a cancelled reader's transfer ends.
    private func wait<Value>(_ look: (inout State) -> Result<Value, any Error>?) async throws -> Value {
        try await withTaskCancellationHandler {
            var result: Result<Value, any Error>?
            while result == nil {
                await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                    // Looked and noted in one: what comes in between would wake nobody.
                    let found = state.withLock { state in
                        let found = look(&state)
                        if found == nil { state.reader = continuation }
                        return found
                    }
                    result = found
                    if found != nil { continuation.resume() }
                }
            }
            guard let result else { throw CancellationError() }
            return try result.get()
        } onCancel: {
            leave()
        }
    }

    /// Nobody reads any more.
    func leave() {
        guard state.withLock({ $0.end == nil }) else { return }
        onLeave()
        end(CancellationError())
    }
}
