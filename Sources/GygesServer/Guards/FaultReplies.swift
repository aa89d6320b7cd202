import GygesFiles
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Gives answers to requests that no route has answered the form that clients of this server read.
struct FaultReplies<Context: RequestContext>: RouterMiddleware {
    let body: @Sendable (_ status: Int, _ message: String) -> JSON

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let fault: HTTPError
        do {
            return try await next(request, context)
        } catch let error as HTTPError {
            fault = error
        } catch let error as any HTTPResponseError {
            fault = HTTPError(error.status)
        } catch let error as HTTPParserError {
            // A request that is no HTTP: Hummingbird answers, and closes.
            throw error
        } catch {
            // What goes wrong inside is nobody else's affair.
            fault = HTTPError(.internalServerError)
        }
        let message = fault.body ?? fault.status.reasonPhrase
        var headers = fault.headers
        headers[.contentType] = "application/json; charset=utf-8"
        return Response(
            status: fault.status, headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: body(fault.status.code, message).serialized())))
    }
}
