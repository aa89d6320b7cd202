import Foundation
import GygesInference
import GygesServer
import GygesServing
import Testing

@Suite struct ServingExample {
    @Test func servesAModel() async throws {
        let (starts, start) = AsyncStream.makeStream(of: Void.self)
        @Sendable func print(_ address: String) { start.yield() }
        @Sendable func serve() async throws {
            let folder = tinyModel("tiny-chat")
            let model = try LanguageModel(path: folder)
            let shelf = try ModelShelf([try ServedModel(name: "chat", decoder: model, created: 0)])
            let routes = ModelRoutes(shelf, now: { Int(Date().timeIntervalSince1970) })
            let server = HTTPServer(
                routes: routes.all, host: "127.0.0.1", port: 0, access: .everybody, faultReply: ModelRoutes.fault)
            try await server.run(heedsSignals: false) { address in
                print("\(address)/v1")
            }
        }
        let serving = Task { try await serve() }
        for await _ in starts { break }
        serving.cancel()
        _ = await serving.result
    }
}
