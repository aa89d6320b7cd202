import GygesFiles
import GygesServer
import GygesTestSupport
import Synchronization
import Testing

@testable import GygesWorkers

/// Requests through a front to workers that are servers of this process.
@Suite struct FrontTests {
    @Test func answersComeThrough() async throws {
        try await LocalFront.run() { front async throws in
            let (probe, pool, launcher) = (front.probe, front.pool, front.launcher)
            #expect(await pool.statistics.workerCounts["starting"] == 0)
            let echo = try await probe.ask("POST", "/echo", body: #"{"model":"one","a":[1]}"#)
            #expect(echo.status == 201 && echo.text == #"{"model":"one","a":[1]}"#)
            #expect(echo.headers["content-type"]?.hasPrefix("application/json") == true)
            let stream = try await probe.ask("POST", "/stream", body: #"{"model":"one"}"#)
            #expect(stream.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n")
            #expect(try await probe.ask("POST", "/echo", body: #"{"model":"two"}"#).status == 404)
            #expect(try await probe.ask("POST", "/echo", body: "{").status == 400)
            // An adapter is its model's workers' affair.
            #expect(try await probe.ask("POST", "/echo", body: #"{"model":"one:two"}"#).status == 201)
            #expect(launcher.log.withLock { $0 } == ["start 1"])
            let report = try await probe.ask("GET", "/v1/workers").text
            #expect(report.contains(#""running":0"#) && report.contains(#""idle":1"#), "\(report)")
        }
    }

    @Test func aWorkerThatIsGoneIsReplacedAndTheRequestTriedOnceMore() async throws {
        try await LocalFront.run(.init(), failing: [1]) { front async throws in
            let (probe, launcher) = (front.probe, front.launcher)
            let echo = try await probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            #expect(echo.status == 201 && launcher.served.withLock { $0 } == [2])
            #expect(launcher.log.withLock { $0 } == ["start 1", "end 1", "start 2"])
        }
        try await LocalFront.run(.init(), failing: [1, 2, 3, 4, 5, 6]) { front async throws in
            let probe = front.probe
            let lost = try await probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            #expect([502, 503].contains(lost.status), "\(lost)")
        }
    }

    @Test func aStreamThatBreaksSaysSo() async throws {
        try await LocalFront.run() { front async throws in
            let probe = front.probe
            let stream = try await probe.ask("POST", "/stream", body: #"{"model":"one","breaks":true}"#)
            #expect(stream.text.hasPrefix("data: 0\n\n") && stream.text.contains(#"data: {"error""#), "\(stream)")
        }
    }

    @Test func timeIsLimited() async throws {
        try await LocalFront.run(.init(), executionTimeout: .milliseconds(200)) { front async throws in
            let (probe, pool, launcher) = (front.probe, front.pool, front.launcher)
            #expect(try await probe.ask("POST", "/wait", body: #"{"model":"one"}"#).status == 504)
            for _ in 0..<3000 where !launcher.log.withLock({ $0.contains("cancelled") }) {
                try await Task.sleep(for: .milliseconds(20))
            }
            // The worker was told to give up, and is free again.
            #expect(launcher.log.withLock { $0 } == ["start 1", "cancelled"])
            #expect(await pool.statistics.runningCount == 0)
        }
    }

    @Test func idleWorkersAreParkedAndWoken() async throws {
        try await LocalFront.run(.init(idleTimeout: .milliseconds(50))) { front async throws in
            let (probe, pool, launcher) = (front.probe, front.pool, front.launcher)
            _ = try await probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            for _ in 0..<3000 where await pool.statistics.workerCounts["parked"] != 1 {
                try await Task.sleep(for: .milliseconds(20))
            }
            _ = try await probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            #expect(Array(launcher.log.withLock { $0 }.prefix(3)) == ["start 1", "park 1", "wake 1"])
        }
    }

    @Test func whoLeavesAStreamThatIsQuietEndsItsRequest() async throws {
        try await LocalFront.run { front async throws in
            let head = try await front.probe.leave("POST", "/quiet", body: #"{"model":"one"}"#, after: "data: 0\n\n")
            #expect(!head.contains("gyges-usage"))
            try await front.waitFor("cancelled")
            for _ in 0..<3000 where await front.pool.statistics.runningCount > 0 {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(await front.pool.statistics.runningCount == 0)
            #expect(try await front.notes(4) == ["one /quiet", "begin", "5+2 -", "499"])
        }
    }

    @Test func whatWorkersReportIsNotedAndNotHandedOn() async throws {
        try await LocalFront.run { front async throws in
            let name = [(name: "X-Request-Id", value: "mine")]
            let whole = try await front.probe.ask("POST", "/counted", headers: name, body: #"{"model":"one:two"}"#)
            #expect(whole.text == #"{"name":"mine"}"# && whole.headers["gyges-usage"] == nil, "\(whole)")
            let stream = try await front.probe.ask("POST", "/counted", body: #"{"model":"one:other","stream":true}"#)
            #expect(stream.text == "data: 1\n\ndata: 2\n\ndata: [DONE]\n\n", "\(stream)")
            let broken = try await front.probe.ask("POST", "/counted", body: #"{"stream":true,"breaks":true}"#)
            #expect(broken.text.hasPrefix("data: 1\n\ndata: 2\n\ndata: {\"error\""), "\(broken)")
            _ = try await front.probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            #expect(
                try await front.notes(14) == [
                    "one:two /counted", "begin", "3+4 200",
                    // Names that nobody knows are not kept.
                    "one /counted", "begin", "3+1 -", "3+4 200", "drop", "one /counted", "begin", "3+1 -", "502",
                    "one /echo", "begin", "drop",
                ])
        }
    }

    @Test func aModelThatCannotIsNotAsked() async throws {
        try await LocalFront.run(kind: .encoder) { front async throws in
            let named = try await front.probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            #expect(named.status == 400 && named.text.contains("is an encoder"), "\(named)")
            #expect(try await front.probe.ask("POST", "/echo", body: "{}").status == 400)
            #expect(front.launcher.log.withLock { $0 } == [])
            #expect(try await front.probe.ask("POST", "/counted", body: "{}").status == 200)
        }
    }

    @Test func modelsAreListedAsTheirWorkersDo() async throws {
        try await LocalFront.run { front async throws in
            let before = try await front.probe.ask("GET", "/v1/models").text
            #expect(before.contains(#""id":"one:two""#) && before.contains(#""parent":"one""#), "\(before)")
            #expect(front.launcher.log.withLock { $0 } == [])
            _ = try await front.probe.ask("POST", "/echo", body: #"{"model":"one"}"#)
            let after = try await front.probe.ask("GET", "/v1/models").text
            #expect(after == #"{"object":"list","data":[{"id":"one","max_model_len":64}]}"#, "\(after)")
            #expect(try await front.probe.ask("GET", "/v1/models/one").text == #"{"id":"one","max_model_len":64}"#)
            #expect(try await front.probe.ask("GET", "/v1/models/three").status == 404)
        }
    }
}
