import Foundation
public import GygesFiles
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization

/// A request as a route sees it.
public struct ServerRequest: Sendable {
    /// The request, with its body once that was read: whoever waits for the client to leave goes on from there.
    private let request: RequestBox
    private let parameters: [String: String]
    /// The name of the key that the request came with; `nil` where the server has none.
    public let keyName: String?
    /// Whether it comes from this program itself: there is no client that could leave then.
    private let isInternal: Bool

    /// A request that this program makes of its own routes: nothing goes over a network, and nobody is asked for a key.
    ///
    /// - Parameters:
    ///   - path: The path, with what stands behind `?`.
    ///   - parameters: What stands for the parts of the route's path that take any text.
    ///   - body: The document that it sends.
    ///   - keyName: In whose name it is made: as of the request that it follows from.
    public init(
        _ method: Route.Method, _ path: String, parameters: [String: String] = [:], body: JSON? = nil,
        keyName: String? = nil
    ) {
        let head = HTTPRequest(method: method.type, scheme: "http", authority: "localhost", path: path)
        request = RequestBox(
            Request(head: head, body: .init(buffer: ByteBuffer(string: body?.serialized() ?? ""))))
        (self.parameters, self.keyName, isInternal) = (parameters, keyName, true)
    }

    init(_ request: Request, context: BasicRequestContext, keyName: String? = nil) {
        self.request = RequestBox(request)
        self.keyName = keyName
        isInternal = false
        parameters = Dictionary(
            context.parameters.map { (String($0.key), String($0.value).removingPercentEncoding ?? String($0.value)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The request's name, as its answer says it in `x-request-id`: the client's own, if it has sent one.
    public var id: String { header(RequestNames<BasicRequestContext>.field) ?? "" }

    /// Whether the connection ends with the answer. Clients must be told, or they would send their next request where nobody reads it.
    var endsConnection: Bool { request.endsConnection }

    /// The text that stands for a part of the path, percent-encoding undone.
    public func parameter(_ name: String) -> String? { parameters[name] }

    /// The value of a name in the address after `?`, the first if there are several.
    public func query(_ name: String) -> String? { request.value.uri.queryParameters[name[...]].map(String.init) }

    /// The path, with what stands behind `?`, as it was sent.
    public var path: String { request.value.head.path ?? "/" }

    /// The value of a header field.
    public func header(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { request.value.headers[$0] }
    }

    /// The body, a JSON document.
    ///
    /// - Throws: ``Refusal`` with status 413 if it is larger than `byteLimit`, without reading on, and 400 if it is no document
    ///   within `depth`.
    public func json(byteLimit: Int, depth: Int) async throws -> JSON {
        var request = request.value
        let body: ByteBuffer
        do {
            body = try await request.collectBody(upTo: byteLimit)
        } catch is NIOTooManyBytesError {
            throw Refusal(status: 413, "the request is larger than \(byteLimit) bytes")
        } catch is HTTPParserError {
            throw Refusal("the request's body is not HTTP")
        }
        self.request.value = request
        do throws(FileError) {
            return try JSON.parse(
                Array(body.readableBytesView), path: "the request", limits: .init(depth: depth, byteCount: byteLimit))
        } catch {
            throw Refusal(error.problems.joined(separator: "; "))
        }
    }

    /// Reads the body as it comes, for bodies that are kept elsewhere than in memory.
    ///
    /// - Parameter take: Gets what has come; whatever it throws ends the reading.
    /// - Throws: ``Refusal`` with status 413 if the body is larger than `byteLimit`, without reading on; what `take` throws.
    public func read(byteLimit: Int, _ take: ([UInt8]) throws -> Void) async throws {
        func refuse() -> Refusal { Refusal(status: 413, "the request is larger than \(byteLimit) bytes") }
        // What remains of the body is not read.
        func checked(_ work: () async throws -> Void) async throws {
            do { try await work() } catch {
                request.endConnection()
                throw error
            }
        }
        try await checked {
            if let length = header("Content-Length").flatMap({ Int($0) }), length > byteLimit { throw refuse() }
            var count = 0
            do {
                for try await buffer in request.value.body {
                    count += buffer.readableBytes
                    guard count <= byteLimit else { throw refuse() }
                    try take(Array(buffer.readableBytesView))
                }
            } catch is HTTPParserError {
                throw Refusal("the request's body is not HTTP")
            }
        }
    }

    /// Does something as long as the client is there: its leaving cancels the task.
    ///
    /// The body must have been read, or not be wanted. The connection ends with the answer.
    /// - Throws: What `work` throws; `CancellationError` if the client has left.
    public func whileConnected<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        guard !isInternal else { return try await work() }
        request.endConnection()
        return try await request.value.body.consumeWithCancellationOnInboundClose { _ in try await work() }
    }
}

/// A request whose body is read once.
private final class RequestBox: Sendable {
    private let state: Mutex<(request: Request, endsConnection: Bool)>

    init(_ request: Request) { state = Mutex((request, false)) }

    var value: Request {
        get { state.withLock { $0.request } }
        set { state.withLock { $0.request = newValue } }
    }

    var endsConnection: Bool { state.withLock { $0.endsConnection } }
    func endConnection() { state.withLock { $0.endsConnection = true } }
}
