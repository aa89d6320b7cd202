import Dispatch
import Synchronization

/// Where callers leave what the engine's thread is to do.
///
/// Requests enter ``room`` first, which bounds how many wait; the loop takes them out of it when it first computes them or
/// lets go of them.
final class EngineInbox: Sendable {
    enum Message: Sendable {
        case job(EngineJob)
        /// Done between two steps; gets the reason if the engine has ended.
        case betweenSteps(@Sendable (Result<EngineLoop, EngineError>) -> Void)

        /// Tells the sender that nothing will come of it.
        func refuse(_ error: EngineError) {
            switch self {
            case .job(let job): job.deliver(.failure(error))
            case .betweenSteps(let work): work(.failure(error))
            }
        }
    }

    private struct State {
        var messages: [Message] = []
        /// Whether the loop is to look around although there is no message.
        var isWoken = false
        /// Why nothing is taken any more.
        var end: EngineError?
    }

    /// The requests that wait, messages and those that the loop has taken in.
    let room: QueueRoom
    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    init(queueLimit: Int = .max) { room = QueueRoom(limit: queueLimit) }

    func submit(_ message: Message) {
        let end = state.withLock { state in
            if state.end == nil { state.messages.append(message) }
            return state.end
        }
        if let end { message.refuse(end) } else { signal.signal() }
    }

    /// Has the loop look around: somebody reads again, or wants nothing more.
    func wake() {
        state.withLock { $0.isWoken = true }
        signal.signal()
    }

    /// Takes nothing from now on; ``take(waits:)`` ends the loop.
    func close(_ reason: EngineError = .shutDown) {
        let left = state.withLock { state in
            state.end = state.end ?? reason
            // Without a loop, nobody else would refuse them.
            defer { state.messages = [] }
            return state.messages
        }
        for message in left { message.refuse(reason) }
        room.close()
        signal.signal()
    }

    /// The messages left since the last call; waits for one, or to be woken, if `waits`. `nil` once the inbox is closed.
    func take(waits: Bool) -> [Message]? {
        while true {
            let (messages, isWoken, isClosed) = state.withLock { state in
                defer { (state.messages, state.isWoken) = ([], false) }
                return (state.messages, state.isWoken, state.end != nil)
            }
            if isClosed { return nil }
            if !messages.isEmpty || isWoken || !waits { return messages }
            signal.wait()
        }
    }
}
