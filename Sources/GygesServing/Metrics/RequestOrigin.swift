import GygesServer
import Synchronization

/// Where a request comes from, and when it came: what is known of it before it is understood.
final class RequestOrigin: Sendable {
    /// The name that the request's answer carries as `x-request-id`.
    let id: String
    /// What was asked for, such as `/v1/completions`.
    let path: String
    /// The name of the key that it came with; `nil` where there are none.
    let key: String?
    /// When it came.
    let arrival = ContinuousClock.now
    private let isCounted = Atomic(false)

    /// What batches ask, and others who are no clients.
    init(id: String, path: String, key: String? = nil) {
        self.id = id
        self.path = path
        self.key = key
    }

    /// A client's request.
    convenience init(_ request: ServerRequest) {
        // What stands behind the path is the client's own affair, and traces hold no text of it.
        let path = request.path.prefix { $0 != "?" }
        self.init(id: request.id, path: String(path.prefix(200)), key: request.keyName)
    }

    /// Notes that the request is counted from now on; says whether it was before.
    func count() -> Bool { isCounted.exchange(true, ordering: .relaxed) }
}
