import GygesInference
import GygesWire
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
    ///
    /// - Parameter key: The name of the key that it came with.
    func begin(_ model: String, key: String? = nil) -> RequestRecord {
        update(model) { $0.runningCount += 1 }
        return RequestRecord(model: model, key: key, metrics: self)
    }

    func update(_ model: String, _ change: (inout Counts) -> Void) {
        state.withLock { change(&$0.counts[model, default: Counts()]) }
    }

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
    ///   - namesOfVLLM: Whether the same figures stand there under the names that vLLM has for them, too.
    func text(models: [String], engines: [String: EngineStatistics], namesOfVLLM: Bool) -> String {
        let counts = counts
        var text = PrometheusText()
        let all = models.map { ($0, counts[$0] ?? Counts()) }
        for prefix in namesOfVLLM ? ["gyges_", "vllm:"] : ["gyges_"] {
            text.gauge(prefix + "num_requests_running", "Requests that are being answered.", all) { $0.runningCount }
            text.gauge(
                prefix + "num_requests_waiting", "Requests that wait for memory or a place.", models.map { ($0, $0) }
            ) {
                engines[$0]?.waitingCount ?? 0
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
            "gyges_requests_total", "Requests that are over, by status.", "status",
            all.map { ($0, Dictionary(uniqueKeysWithValues: $1.requestCounts.map { ("\($0)", $1) })) })
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

/// A request under way. It is counted as over when it is finished, failed or, where nobody wants the answer any more, let go of.
final class RequestRecord: Sendable {
    private struct State {
        var isOver = false
        var firstToken: Double?
        /// What was used so far, where an answer comes in pieces: whoever leaves has used it.
        var usage: Usage?
    }

    private let model: String
    private let key: String?
    private let metrics: ServingMetrics
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(model: String, key: String?, metrics: ServingMetrics) {
        self.model = model
        self.key = key
        self.metrics = metrics
    }

    /// 499 is what others count clients under that have left.
    deinit { fail(499) }

    /// Notes that something of the answer has come.
    ///
    /// - Parameters:
    ///   - count: The tokens that have come, where they are counted as they come.
    ///   - prompt: The tokens of the prompt.
    func sawToken(_ count: Int = 0, prompt: Int = 0) {
        let seconds = seconds
        let isFirst = state.withLock { state in
            if count > 0 {
                let before = state.usage?.completionTokens ?? 0
                state.usage = Usage(promptTokens: prompt, completionTokens: before + count)
            }
            guard state.firstToken == nil else { return false }
            state.firstToken = seconds
            return true
        }
        if isFirst { metrics.update(model) { $0.firstToken.add(seconds) } }
    }

    /// Ends the record of a request that was answered.
    func finish(_ usage: Usage?, reasons: [String] = []) { end(200, usage, reasons) }

    /// Does something, and ends the record with the status that its error has for the client.
    ///
    /// - Throws: What `work` throws.
    func noting<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch {
            fail(error is CancellationError ? 499 : ServingFault(of: error).status)
            throw error
        }
    }

    /// Ends the record of a request that was not.
    func fail(_ status: Int) { end(status, nil, []) }

    private func end(_ status: Int, _ usage: Usage?, _ reasons: [String]) {
        let ending: State? = state.withLock { state in
            guard !state.isOver else { return nil }
            state.isOver = true
            return state
        }
        guard let ending else { return }
        metrics.end(
            .init(
                ended: 0, key: key, model: model, status: status, usage: usage ?? ending.usage,
                firstToken: ending.firstToken,
                duration: seconds),
            reasons: reasons)
    }

    private var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
}
