import Foundation
import GygesTestSupport
import Testing
import UnixSignals

@testable import GygesServer

/// A server that is told to end lets answers come to their end, and waits no longer than it may. Signals are this whole process's: one at a time.
@Suite(.serialized) struct ShutdownTests {
    private static let routes = [
        Route(.get, "/short") { _ in
            try await Task.sleep(for: .milliseconds(300))
            return .text("whole")
        },
        // Heeds nothing, not even that it is cancelled.
        Route(.get, "/long") { _ in
            let end = ContinuousClock.now + .seconds(600)
            while ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
            return .text("late")
        },
    ]

    /// How long a server takes to end after a signal while a path is asked for, and what the answer is.
    private func end(grace: Duration, asking path: String) async throws -> (time: Duration, answer: HTTPProbe.Answer?) {
        let server = HTTPServer(routes: Self.routes, host: "127.0.0.1", port: 0, access: .everybody)
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        let serving = Task {
            try await server.run(endedBy: [.sigusr2], grace: grace) { continuation.yield($0) }
            return ContinuousClock.now
        }
        var starts = addresses.makeAsyncIterator()
        let probe = HTTPProbe(try #require(await starts.next()))
        let asking = Task { try await probe.ask("GET", path) }
        try await Task.sleep(for: .milliseconds(150))
        let start = ContinuousClock.now
        kill(getpid(), SIGUSR2)
        let time = try await serving.value - start
        // Who was cut may wait for longer.
        return (time, path == "/short" ? try await asking.value : nil)
    }

    @Test func answersComeToTheirEnd() async throws {
        let (_, answer) = try await end(grace: .seconds(30), asking: "/short")
        #expect(answer?.status == 200 && answer?.text == "whole")
    }

    @Test func whatTakesTooLongIsCut() async throws {
        let (time, _) = try await end(grace: .milliseconds(300), asking: "/long")
        // Without a limit it would end with the answer, after ten minutes.
        #expect(time > .milliseconds(250) && time < .seconds(300), "\(time)")
    }
}
