import HTTPTypes
import Hummingbird

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
                .forbidden, message: "this server answers its own pages, at the address that the program printed")
        }
        return try await next(request, context)
    }
}
