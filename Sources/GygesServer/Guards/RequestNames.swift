import HTTPTypes
import Hummingbird

/// Gives every request a name, which its answer carries: the client's own, where it is one that can be shown anywhere.
struct RequestNames<Context: RequestContext>: RouterMiddleware {
    /// The field's name.
    static var field: String { "X-Request-Id" }

    /// The longest name of a client's own, in bytes.
    private static var limit: Int { 128 }

    /// Whether a name may be said again: visible ASCII, and not long.
    static func isSane(_ name: String) -> Bool {
        (1...limit).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let field = HTTPField.Name(Self.field) else { return try await next(request, context) }
        let own = request.headers[values: field]
        let name =
            own.count == 1 && Self.isSane(own[0])
            ? own[0]
            : "req_" + String(UInt64.random(in: .min ... .max), radix: 16)
                + String(UInt64.random(in: .min ... .max), radix: 16)
        // Whoever looks further in sees the name that the answer will have.
        var head = request.head
        head.headerFields[field] = name
        var response = try await next(Request(head: head, body: request.body), context)
        response.headers[field] = name
        return response
    }
}
