import GygesServer
import Testing

/// Work is cancelled when its time is over, and what it throws itself comes through.
@Suite struct TimeLimitTests {
    private struct Own: Error {}

    @Test func workThatTakesTooLongIsCancelled() async throws {
        await #expect(throws: TimeLimitPassed.self) {
            try await withTimeLimit(.milliseconds(10)) { try await Task.sleep(for: .seconds(600)) }
        }
    }

    @Test(arguments: [nil, Duration.seconds(600)])
    func otherWorkIsNot(_ limit: Duration?) async throws {
        try await withTimeLimit(limit) {}
        await #expect(throws: Own.self) { try await withTimeLimit(limit) { throw Own() } }
    }
}
