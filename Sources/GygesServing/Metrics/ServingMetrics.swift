import GygesInference
import GygesWire
import GygesWorkers
import Synchronization

/// What a server has done since it was started, as Prometheus reads it.
///
/// Counters only grow; a gauge returns to zero when nothing is under way. Every figure is counted once, when a request begins or ends.
public final class ServingMetrics: Sendable {
    struct Counts {
        var runningCount = 0
        var requestCounts: [Int: Int] = [:]
        var finishReasons: [String: Int] = [:]
        var promptTokenCount = 0
        var cachedTokenCount = 0
        var generatedTokenCount = 0
        var firstToken = Histogram(bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
        var duration = Histogram(bounds: [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600])
    }

    private struct State {
        var counts: [String: Counts] = [:]
        var recent: [UsageBook.Row] = []
    }

    private static let recentLimit = 20

    private let state = Mutex(State())
    private let start = ContinuousClock.now
    private let now: @Sendable () -> Int
    /// What happened to the last requests.
    let traces = RequestTraces()
    /// Where requests are noted.
    let book: UsageBook?

    /// Creates metrics at zero.
    ///
    /// - Parameters:
    ///   - now: The time, in seconds since 1970.
    ///   - book: Where every request is noted when it is over.
    public init(now: @escaping @Sendable () -> Int, book: UsageBook? = nil) {
        self.now = now
        self.book = book
    }

    /// Begins to count a request of a model.
    func begin(_ model: String, of origin: RequestOrigin) -> RequestRecord {
        _ = origin.count()
        update(model) { $0.runningCount += 1 }
        let trace = RequestTrace(origin, now: now())
        trace.note(.queued, model: model)
        traces.append(trace)
        return RequestRecord(model: model, key: origin.key, trace: trace, metrics: self)
    }

    /// Counts a request that was refused before a model had it, unless it was counted already. Names of models that it may have brought
    /// are the sender's, and without number: all such requests count under none.
    func refuse(_ origin: RequestOrigin, status: Int) {
        guard !origin.count() else { return }
        let trace = RequestTrace(origin, now: now())
        traces.append(trace)
        trace.end(status, nil, reasons: [])
        update("") { $0.runningCount += 1 }
        let seconds = (ContinuousClock.now - origin.arrival) / .seconds(1)
        end(
            .init(
                ended: 0, key: origin.key, model: "", status: status, usage: nil, firstToken: nil, duration: seconds,
                requestID: origin.id),
            reasons: [])
    }

    func update(_ model: String, _ change: (inout Counts) -> Void) {
        state.withLock { change(&$0.counts[model, default: Counts()]) }
    }

    /// Takes a request back that is not to be counted.
    func drop(_ model: String) { update(model) { $0.runningCount -= 1 } }

    /// Counts a request as over.
    func end(_ request: UsageBook.Row, reasons: [String]) {
        var request = request
        request.ended = now()
        state.withLock { state in
            state.counts[request.model, default: Counts()].add(request, reasons: reasons)
            state.recent.append(request)
            if state.recent.count > Self.recentLimit { state.recent.removeFirst() }
        }
        book?.append(request)
    }

    /// What was done, by model.
    var counts: [String: Counts] { state.withLock { $0.counts } }

    /// The last requests, the latest at the end.
    var recent: [UsageBook.Row] { state.withLock { $0.recent } }

    /// How long there have been metrics.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// The metrics in Prometheus's text format.
    ///
    /// - Parameters:
    ///   - models: All models, so that those which nobody has asked are there with zeros.
    ///   - engines: What engines hold, by model.
    ///   - workers: What workers do, by model, where they answer.
    ///   - namesOfVLLM: Whether the same figures stand there under the names that vLLM has for them, too.
    func text(
        models: [String], engines: [String: EngineStatistics], workers: [(String, WorkerPool.Statistics)] = [],
        namesOfVLLM: Bool
    ) -> String {
        let counts = counts
        var text = PrometheusText()
        let all = models.map { ($0, counts[$0] ?? Counts()) }
        let waiting = Dictionary(workers.map { ($0, $1.waitingCount) }, uniquingKeysWith: { first, _ in first })
        for prefix in namesOfVLLM ? ["gyges_", "vllm:"] : ["gyges_"] {
            text.gauge(prefix + "num_requests_running", "Requests that are being answered.", all) { $0.runningCount }
            text.gauge(
                prefix + "num_requests_waiting", "Requests that wait for memory or a place.", models.map { ($0, $0) }
            ) {
                engines[$0]?.waitingCount ?? waiting[$0] ?? 0
            }
            text.fraction(
                prefix + "kv_cache_usage_perc", "The share of the KV cache that requests use, 0 to 1.",
                models.map { ($0, $0) }
            ) { model in
                engines[model].map { Double($0.usedPageCount) / Double(max(1, $0.pageCapacity)) } ?? 0
            }
            text.counter(prefix + "prompt_tokens_total", "Tokens of prompts.", all) { $0.promptTokenCount }
            text.counter(prefix + "generation_tokens_total", "Tokens that were generated.", all) {
                $0.generatedTokenCount
            }
            text.labelled(
                prefix + "request_success_total", "Answers, by why they ended.", "finished_reason",
                all.map { ($0, $1.finishReasons) })
            text.histogram(
                prefix + "time_to_first_token_seconds", "From a request to its first token.",
                all.map { ($0, $1.firstToken) })
            text.histogram(
                prefix + "e2e_request_latency_seconds", "From a request to the end of its answer.",
                all.map { ($0, $1.duration) })
        }
        text.counter("gyges_cached_prompt_tokens_total", "Tokens of prompts that were known already.", all) {
            $0.cachedTokenCount
        }
        text.labelled(
            "gyges_requests_total",
            "Requests that are over, by status; without a model those that were refused before one had them.", "status",
            (all + [("", counts[""] ?? Counts())]).map { name, counts in
                (name, Dictionary(uniqueKeysWithValues: counts.requestCounts.map { ("\($0)", $1) }))
            })
        if !workers.isEmpty {
            text.labelled(
                "gyges_workers", "Worker processes, by what they do.", "state", workers.map { ($0, $1.workerCounts) },
                type: "gauge")
            text.counter("gyges_worker_crashes_total", "Workers that ended without having been asked to.", workers) {
                $0.crashCount
            }
        }
        return text.text
    }
}

extension ServingMetrics.Counts {
    fileprivate mutating func add(_ request: UsageBook.Row, reasons: [String]) {
        runningCount -= 1
        requestCounts[request.status, default: 0] += 1
        duration.add(request.duration)
        promptTokenCount += request.usage?.promptTokens ?? 0
        cachedTokenCount += request.usage?.cachedTokens ?? 0
        generatedTokenCount += request.usage?.completionTokens ?? 0
        for reason in reasons { finishReasons[reason, default: 0] += 1 }
    }
}
