import GygesClient
import GygesFiles
import GygesWire
import Testing

/// An endpoint that serves one model.
private struct OneModel: HTTPTransport {
    func answer(to call: HTTPCall) async throws -> HTTPAnswer {
        HTTPAnswer(status: 200, body: Array(#"{"data": [{"id": "a-model"}]}"#.utf8))
    }
}

@Suite struct ClientExample {
    private let transport = OneModel()

    @Test func callsAnEndpoint() async throws {
        let address = try EndpointAddress("http://localhost:8000/v1#a-model")
        let policy = RetryPolicy(attempts: 4, firstPause: .seconds(1))
        let caller = EndpointCaller(
            address: address, settings: CallSettings(policy: policy, concurrency: 8), transport: transport)
        let models = try await caller.call("/models", body: nil, seed: 1) { json, source in
            (json["data"]?[0]?["id"]?.string, nil)
        }
        print(address.host, models ?? "none")

        #expect(models == "a-model")
    }
}
