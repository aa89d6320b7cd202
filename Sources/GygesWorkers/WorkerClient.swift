import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a worker over its socket, and hands its answer over as it comes.
struct WorkerClient {
    /// The beginning of an answer.
    struct Head: Sendable {
        var status: Int
        var contentType: String
        var headers: [(name: String, value: String)]
        /// What the worker tells of the request; `nil` if the answer says nothing, or is a stream.
        var report: WorkerReport?
    }

    private typealias Exchange = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// The path of the socket.
    let address: String

    /// Sends a request, under a name if it has one, and gives the answer's beginning to `take` and the rest to `write`.
    ///
    /// - Throws: ``WorkerLost`` if the worker was gone before it answered anything; what `take` and `write` throw; a network's error if it was
    ///   lost later.
    func ask(
        _ method: String, _ path: String, name: String? = nil, body: [UInt8],
        take: @Sendable (Head) async throws -> Void,
        write: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        let exchange: Exchange
        do {
            exchange = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(unixDomainSocketPath: address) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try Exchange(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError where [ECONNREFUSED, ENOENT, ECONNRESET].contains(error.errnoCode) {
            throw WorkerLost()
        }
        var head = HTTPRequestHead(version: .http1_1, method: .RAW(value: method), uri: path)
        head.headers.add(name: "Host", value: "localhost")
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: "\(body.count)")
        head.headers.add(name: "Connection", value: "close")
        if let name { head.headers.add(name: "X-Request-Id", value: name) }
        var hasBegun = false
        do {
            try await exchange.executeThenClose { inbound, outbound in
                try await outbound.write(.head(head))
                if !body.isEmpty { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
                try await outbound.write(.end(nil))
                for try await part in inbound {
                    switch part {
                    case .head(let head):
                        hasBegun = true
                        try await take(Self.head(head))
                    case .body(let buffer): try await write(Array(buffer.readableBytesView))
                    case .end: return
                    }
                }
                // The connection ended before the answer did.
                throw ChannelError.eof
            }
        } catch  where !hasBegun && !(error is CancellationError) {
            throw WorkerLost()
        }
    }

    private static func head(_ head: HTTPResponseHead) -> Head {
        let passed = ["retry-after", "x-accel-buffering"]
        return Head(
            status: Int(head.status.code), contentType: head.headers.first(name: "content-type") ?? "application/json",
            headers: head.headers.filter { passed.contains($0.name.lowercased()) }.map { ($0.name, $0.value) },
            report: head.headers.first(name: WorkerReport.field).flatMap { WorkerReport($0) })
    }
}
