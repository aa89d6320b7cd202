public import GygesServer
import GygesWire
import GygesWorkers
import Synchronization

/// Collects what the records of one request say, to be told to whoever hands it on (``WorkerReport``).
final class ReportCollector: Sendable {
    private struct State {
        var report: WorkerReport?
        var isTold = true
    }

    private let state = Mutex(State())

    /// That of the request that is being answered; `nil` where nobody hands requests on.
    @TaskLocal static var current: ReportCollector?

    func note(_ usage: Usage?, firstToken: Double?, status: Int? = nil, reasons: [String] = []) {
        let report = WorkerReport(
            promptTokens: usage?.promptTokens ?? 0, completionTokens: usage?.completionTokens ?? 0,
            cachedTokens: usage?.cachedTokens, firstToken: firstToken, status: status, finishReasons: reasons)
        state.withLock { $0 = State(report: report, isTold: false) }
    }

    /// What has changed since it was asked for last.
    func news() -> WorkerReport? {
        state.withLock { state in
            defer { state.isTold = true }
            return state.isTold ? nil : state.report
        }
    }
}

extension ModelRoutes {
    /// The same routes as a worker has them: answers tell what they have used to whoever hands requests on.
    public static func reporting(_ routes: [Route]) -> [Route] {
        routes.map { route in
            var reporting = route
            reporting.handle = { request in
                let collector = ReportCollector()
                return try await ReportCollector.$current.withValue(collector) {
                    reported(try await route.handle(request), by: collector)
                }
            }
            return reporting
        }
    }

    private static func reported(_ reply: ServerReply, by collector: ReportCollector) -> ServerReply {
        var reply = reply
        switch reply.body {
        case .bytes:
            if let report = collector.news() { reply.headers.append((WorkerReport.field, report.text)) }
        case .stream(let stream):
            // Only streams of events have comments.
            guard reply.contentType.hasPrefix("text/event-stream") else { return reply }
            reply.body = .stream { write in
                try await ReportCollector.$current.withValue(collector) {
                    try await stream { bytes in try await write((collector.news()?.comment ?? []) + bytes) }
                }
                if let report = collector.news() { try await write(report.comment) }
            }
        }
        return reply
    }
}

extension Usage {
    init(_ report: WorkerReport) {
        self.init(
            promptTokens: report.promptTokens, completionTokens: report.completionTokens,
            cachedTokens: report.cachedTokens)
    }
}
