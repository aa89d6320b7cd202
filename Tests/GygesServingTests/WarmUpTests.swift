import GygesFiles
import Testing

@testable import GygesServing

/// Models read something before they answer anybody.
@Suite struct WarmUpTests {
    @Test func everyKindOfModelAnswers() async throws {
        try await ServingServer.run { (server) async throws in
            try await server.routes.warmUp("the ring")
            #expect(server.routes.metrics.counts.keys.sorted().contains("chat"))
            #expect(server.routes.metrics.counts["chat"]?.generatedTokenCount ?? 0 > 0)
        }
    }

    @Test func oneThatCannotSaysWhy() async throws {
        try await ServingServer.run { (server) async throws in
            let text = String(repeating: "the ring ", count: 5000)
            let error = await #expect(throws: FileError.self) { try await server.routes.warmUp(text) }
            #expect(error?.path == "chat" && error?.remedy.contains("--warm-up") == true, "\(error as Any)")
        }
    }
}
