import HTTPTypes
import Hummingbird

/// Lets in who knows the secret.
struct SecretGuard<Context: RequestContext>: RouterMiddleware {
    let secret: String

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        // All of it is compared, whatever differs first, so that time tells nothing.
        let given = Array((request.headers[.authorization] ?? "").utf8)
        let expected = Array("Bearer \(secret)".utf8)
        let isSame = given.count == expected.count && zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
        guard isSame else {
            throw HTTPError(.forbidden, message: "open the whole address that the program printed, with what follows #")
        }
        return try await next(request, context)
    }
}
