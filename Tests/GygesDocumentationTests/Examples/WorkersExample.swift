import GygesFiles
import GygesServer
import GygesWorkers
import Testing

@Suite struct WorkersExample {
    @Test func preparesAFront() async throws {
        let (program, folder) = ("gyges", "/tmp")
        let launcher = ProgramLauncher(
            command: [program, "serve-worker", "chat=model.gguf"], environment: [:], folder: folder, name: "chat")
        let pool = WorkerPool(PoolSettings(maximumCount: 2, idleTimeout: .seconds(60)), launcher: launcher)
        let front = FrontRoutes([PooledModel("chat", pool: pool)]) { status, message in
            ["error": ["message": .string(message)]]
        }
        let routes = front.handing(on: [(.post, "/v1/chat/completions")]) + front.own
        let server = HTTPServer(routes: routes, host: "127.0.0.1", port: 8000, access: .everybody)
        // Nobody has asked, and nothing was started.
        #expect(await pool.statistics.workerCounts["starting"] == 0 && server.host == "127.0.0.1")
    }
}
