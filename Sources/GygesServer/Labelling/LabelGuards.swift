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

/// What every answer says of itself: it is kept nowhere, framed nowhere, and asks for nothing from elsewhere.
struct PageHeaders<Context: RequestContext>: RouterMiddleware {
    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as any HTTPResponseError {
            response = try error.response(from: request, context: context)
        }
        response.headers[.contentSecurityPolicy] = """
            default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
            form-action 'none'; frame-ancestors 'none'
            """
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.cacheControl] = "no-store"
        if let referrerPolicy = HTTPField.Name("Referrer-Policy") { response.headers[referrerPolicy] = "no-referrer" }
        return response
    }
}

/// Lets in requests that were sent to this server by its own page.
///
/// Another site cannot know the secret; this also refuses a site that gives its name to this machine's address (DNS rebinding), and
/// what a browser says was sent by another site.
struct SiteGuard<Context: RequestContext>: RouterMiddleware {
    /// Whether requests must name this machine as their host: those to a server that listens on the network name it as they like.
    let isLocal: Bool

    /// Whether a request may be answered that was sent to `authority` by a page of `origin`, if a browser tells one.
    static func admits(authority: String?, origin: String?, isLocal: Bool) -> Bool {
        if let origin {
            guard let authority, origin == "http://" + authority || origin == "https://" + authority else {
                return false
            }
        }
        guard isLocal else { return true }
        guard let authority else { return false }
        let port = authority.lastIndex(of: ":").flatMap { colon in
            authority[colon...].dropFirst().allSatisfy { ("0"..."9").contains($0) } ? colon : nil
        }
        return ["127.0.0.1", "localhost", "[::1]"].contains(authority[..<(port ?? authority.endIndex)])
    }

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard Self.admits(authority: request.head.authority, origin: request.headers[.origin], isLocal: isLocal) else {
            throw HTTPError(
                .forbidden, message: "this server answers its own page, at the address that the program printed")
        }
        return try await next(request, context)
    }
}
