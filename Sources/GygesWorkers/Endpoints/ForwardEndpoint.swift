public import GygesClient
import GygesFiles

/// Another server to which requests are handed on: its address is this server's settings' alone, and never a request's.
public struct ForwardEndpoint: Sendable {
    /// Where it answers, and what the model is called there.
    public let address: EndpointAddress
    private let key: String?
    private let transport = NetworkTransport()

    /// The statuses of which a client is told that the endpoint failed: redirects, which nobody follows; those that are this server's
    /// affair, as whether it has the right key; and those that say so.
    private static func isFailure(_ status: Int) -> Bool {
        !(200..<500).contains(status) || (300..<400).contains(status) || [401, 403, 407].contains(status)
    }

    /// - Parameters:
    ///   - address: Where it answers.
    ///   - key: What it is sent as a bearer token; the client's own key is never sent on.
    public init(_ address: EndpointAddress, key: String? = nil) {
        self.address = address
        self.key = key
    }

    /// Where a route is answered; `nil` if the address has no place for it.
    func url(of route: String) -> String? {
        let version = "/v1"
        if route.hasPrefix(version + "/") { return address.base + route.dropFirst(version.count) }
        guard address.base.hasSuffix(version) else { return nil }
        return address.base.dropLast(version.count) + route
    }

    /// Sends a request and gives the answer's beginning to `take` and the rest to `write`.
    ///
    /// What was used is reported as workers report it, so that it is noted whoever has answered.
    ///
    /// - Parameters:
    ///   - route: The route's own path.
    ///   - body: The request; its model is called as the endpoint knows it.
    ///   - byteLimit: The most that is accepted of an answer that comes as a whole.
    /// - Throws: ``EndpointFault`` if there is no answer, or none that means something to the client; what `take` and `write` throw.
    func ask(
        _ route: String, body: JSON, byteLimit: Int, take: @Sendable (WorkerClient.Head) async throws -> Void,
        write: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        guard let url = url(of: route), var members = body.object else {
            throw EndpointFault(problem: "has no place for \(route)", isReached: true)
        }
        members["model"] = .string(address.model)
        var usage = EndpointUsage(&members, route: route)
        var headers = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")]
        if let key { headers.append(("Authorization", "Bearer \(key)")) }
        let call = HTTPCall(
            .post, url, headers: headers, body: Array(JSON.object(members).serialized().utf8), byteLimit: .max)
        var isReached = false
        do {
            let answer = try await transport.stream(call)
            isReached = true
            guard !Self.isFailure(answer.status) else {
                throw EndpointFault(problem: "answers with status \(answer.status)", isReached: true)
            }
            let passed = ["retry-after": "Retry-After", "x-accel-buffering": "X-Accel-Buffering"]
            var head = WorkerClient.Head(
                status: answer.status, contentType: answer.headers["content-type"] ?? "application/json",
                headers: passed.compactMap { name, shown in answer.headers[name].map { (shown, $0) } })
            if head.contentType.hasPrefix("text/event-stream") {
                try await take(head)
                while let bytes = try await answer.next() { try await write(usage.stream(bytes)) }
                try await write(usage.end())
            } else {
                var body: [UInt8] = []
                while let bytes = try await answer.next() {
                    body += bytes
                    guard body.count <= byteLimit else {
                        throw EndpointFault(problem: "answers with more than \(byteLimit) bytes", isReached: true)
                    }
                }
                head.report = usage.report(of: body, status: answer.status)
                try await take(head)
                try await write(body)
            }
        } catch let error as TransportError {
            throw EndpointFault(problem: "does not answer: \(error)", isReached: isReached)
        }
    }
}

/// An endpoint has not answered. What is wrong with it is for this server's log, not for clients.
struct EndpointFault: Error {
    var problem: String
    /// Whether it has said anything.
    var isReached: Bool
}

/// Why a request is handed to another server.
public enum FallbackReason: String, CaseIterable, Sendable {
    /// As many wait as may.
    case queueFull = "queue_full"
    /// It has waited for as long as it may.
    case waitedTooLong = "waited_too_long"
    /// Workers have crashed one after another.
    case broken
    /// The worker that had it was lost, and so was another, before they said anything.
    case unavailable
}

/// Who is asked where no worker can take a request, and when.
public struct Fallback: Sendable {
    /// Who is asked.
    public var endpoint: ForwardEndpoint
    /// When.
    public var reasons: Set<FallbackReason>

    /// Names an endpoint.
    public init(_ endpoint: ForwardEndpoint, reasons: Set<FallbackReason> = Set(FallbackReason.allCases)) {
        self.endpoint = endpoint
        self.reasons = reasons
    }

    /// The header by which an answer says that it is a fallback's.
    static let mark = (name: "x-gyges-fallback", value: "1")

    /// Whether it is asked after a failure.
    func isFor(_ error: any Error) -> Bool {
        switch error {
        case WorkerPool.Failure.queueIsFull: reasons.contains(.queueFull)
        case WorkerPool.Failure.waitedTooLong: reasons.contains(.waitedTooLong)
        case WorkerPool.Failure.isBroken: reasons.contains(.broken)
        case is WorkerLost: reasons.contains(.unavailable)
        case let fault as EndpointFault: !fault.isReached && reasons.contains(.unavailable)
        default: false
        }
    }
}

/// Stands for the workers of a model that is another server's: there is one, it is always there, and it is that server.
public struct EndpointLauncher: WorkerLauncher {
    /// Creates a launcher.
    public init() {}

    /// Says at once that the endpoint can be asked.
    public func start(
        _ number: Int, onReady: @escaping @Sendable () -> Void, onEnd: @escaping @Sendable (_ lastWords: String) -> Void
    ) -> any WorkerProcess {
        onReady()
        return Process(onEnd: onEnd)
    }

    private struct Process: WorkerProcess {
        let onEnd: @Sendable (String) -> Void
        var address: String { "" }

        func park() {}
        func wake() {}
        func end() { onEnd("the endpoint does not answer") }
    }
}
