import GygesFiles
import GygesInference
import GygesServer
import GygesTestSupport
import Testing

@testable import GygesServing

/// A server of tiny random models, asked over the network.
struct ServingServer {
    let probe: HTTPProbe
    let routes: ModelRoutes

    /// Serves for as long as `body` runs.
    static func run(
        access: HTTPServer.Access = .everybody, queueLimit: Int = 1024, files: BatchQueue? = nil,
        _ body: (ServingServer) async throws -> Void
    ) async throws {
        var options = InferenceEngine.Options(threadCount: 2)
        options.queueLimit = queueLimit
        let decoder = try LanguageModel(path: fixturePath("tiny-chat", of: "GygesInference"), options: options)
        let encoder = try TextEncoder(path: fixturePath("tiny-encoder", of: "GygesInference"))
        let ranker = try TextEncoder(path: fixturePath("tiny-reranker", of: "GygesInference"))
        let shelf = try ModelShelf([
            try ServedModel(name: "chat", decoder: decoder, created: 7),
            ServedModel(name: "encoder", encoder: encoder, created: 7),
            ServedModel(name: "ranker", encoder: ranker, created: 7),
        ])
        let routes = ModelRoutes(
            shelf, settings: .init(requestByteLimit: 1 << 16, depthLimit: 32), batches: files, now: { 1234 })
        let server = HTTPServer(
            routes: routes.all + routes.page, host: "127.0.0.1", port: 0, access: access, faultReply: ModelRoutes.fault)
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(heedsSignals: false) { continuation.yield($0) } }
            group.addTask { await routes.answerBatches() }
            var starts = addresses.makeAsyncIterator()
            try await body(ServingServer(probe: HTTPProbe(try #require(await starts.next())), routes: routes))
            group.cancelAll()
        }
    }

    func post(_ path: String, _ body: JSON, headers: [(name: String, value: String)] = []) async throws
        -> HTTPProbe.Answer
    {
        try await probe.ask("POST", path, headers: headers, body: body.serialized())
    }

    /// The document that a request is answered with.
    func json(_ path: String, _ body: JSON) async throws -> JSON {
        let answer = try await post(path, body)
        try #require(answer.status == 200, "\(answer)")
        return try JSON.parse(Array(answer.text.utf8), path: path)
    }

    /// The events of a stream.
    func events(_ path: String, _ body: JSON) async throws -> [JSON] {
        let answer = try await post(path, body)
        try #require(answer.status == 200, "\(answer)")
        #expect(answer.headers["content-type"]?.hasPrefix("text/event-stream") == true)
        var lines = answer.text.split(separator: "\n\n").filter { !$0.hasPrefix(":") }
        #expect(lines.popLast() == "data: [DONE]")
        return try lines.map { try JSON.parse(Array($0.dropFirst("data: ".count).utf8), path: path) }
    }
}
