import GygesFiles
import GygesServer
import Testing

@Suite struct ServerExample {
    @Test func servesARoute() async throws {
        let (starts, start) = AsyncStream.makeStream(of: Void.self)
        @Sendable func print(_ address: String) { start.yield() }
        func serve() async throws {
            let route = Route(.get, "/health", isOpen: true) { _ in .json(["status": "ok"]) }
            let server = HTTPServer(routes: [route])
            try await server.run(heedsSignals: false) { address in
                print("\(address)/health")
            }
        }
        let serving = Task { try await serve() }
        for await _ in starts { break }
        serving.cancel()
        _ = await serving.result
    }
}
