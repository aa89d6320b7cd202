import Foundation
public import GygesFiles
import Hummingbird
import NIOCore

/// A request as a route sees it.
public struct ServerRequest: Sendable {
    private let request: Request
    private let parameters: [String: String]

    init(_ request: Request, context: BasicRequestContext) {
        self.request = request
        parameters = Dictionary(
            context.parameters.map { (String($0.key), String($0.value).removingPercentEncoding ?? String($0.value)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The text that stands for a part of the path, percent-encoding undone.
    public func parameter(_ name: String) -> String? { parameters[name] }

    /// The value of a name in the address after `?`, the first if there are several.
    public func query(_ name: String) -> String? { request.uri.queryParameters[name[...]].map(String.init) }

    /// The body, a JSON document.
    ///
    /// - Throws: ``Refusal`` with status 413 if it is larger than `byteLimit`, without reading on, and 400 if it is no document
    ///   within `depth`.
    public func json(byteLimit: Int, depth: Int) async throws -> JSON {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: byteLimit)
        } catch is NIOTooManyBytesError {
            throw Refusal(status: 413, "the request is larger than \(byteLimit) bytes")
        }
        do throws(FileError) {
            return try JSON.parse(
                Array(body.readableBytesView), path: "the request", limits: .init(depth: depth, byteCount: byteLimit))
        } catch {
            throw Refusal(error.problems.joined(separator: "; "))
        }
    }
}
