import HTTPTypes
import Hummingbird

/// Lets in who has a key, whatever is asked for: paths that need none are listed one by one, spelled exactly as they are here.
struct KeyGuard<Context: RequestContext>: RouterMiddleware {
    let keys: KeyRing
    let openPaths: Set<String>

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let isOpen = (request.method == .get || request.method == .head) && openPaths.contains(request.head.path ?? "")
        guard isOpen || Self.key(of: request).flatMap(keys.name) != nil else {
            throw HTTPError(
                .unauthorized, headers: [.wwwAuthenticate: "Bearer"],
                message: "send a key of this server as Authorization: Bearer KEY")
        }
        return try await next(request, context)
    }

    /// The key that a request brings, as OpenAI's clients send it.
    static func key(of request: Request) -> String? {
        let words = (request.headers[.authorization] ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }
}
