import GygesInference
import GygesWire
import GygesWorkers
import Synchronization

/// A request under way. It is counted as over when it is finished, failed or, where nobody wants the answer any more, let go of.
final class RequestRecord: Sendable {
    private struct State {
        var isOver = false
        var firstToken: Double?
        /// What was used so far, where an answer comes in pieces: whoever leaves has used it.
        var usage: Usage?
        /// When a worker was given it, where one answers.
        var begin = 0.0
    }

    private let model: String
    private let key: String?
    private let trace: RequestTrace
    private let metrics: ServingMetrics
    private let start = ContinuousClock.now
    private let state = Mutex(State())
    /// What a worker tells its front.
    private let report = ReportCollector.current

    init(model: String, key: String?, trace: RequestTrace, metrics: ServingMetrics) {
        self.model = model
        self.key = key
        self.trace = trace
        self.metrics = metrics
    }

    /// 499 is what others count clients under that have left.
    deinit { fail(499) }

    /// Notes that the model begins to read the prompt.
    func began() { trace.note(.prefillBegun) }

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
            defer { report?.note(state.usage, firstToken: state.firstToken) }
            guard state.firstToken == nil else { return false }
            state.firstToken = seconds
            return true
        }
        guard isFirst else { return }
        trace.note(.firstToken)
        metrics.update(model) { $0.firstToken.add(seconds) }
    }

    /// Notes that a worker has the request; what another has used that was lost is not true any more.
    func beginAnew() {
        let seconds = seconds
        state.withLock { state in (state.begin, state.firstToken, state.usage) = (seconds, nil, nil) }
    }

    /// Notes what a worker says; ends the record if it says that the request is over.
    func take(_ report: WorkerReport) {
        let usage = Usage(report)
        let first: Double? = state.withLock { state in
            state.usage = usage
            guard state.firstToken == nil, let first = report.firstToken else { return nil }
            state.firstToken = state.begin + first
            return state.firstToken
        }
        if let first {
            trace.note(.firstToken)
            metrics.update(model) { $0.firstToken.add(first) }
        }
        if let status = report.status { end(status, usage, report.finishReasons) }
    }

    /// Ends the record without counting the request.
    func drop() {
        let wasOver = state.withLock { state in
            defer { state.isOver = true }
            return state.isOver
        }
        if !wasOver { metrics.drop(model) }
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
        report?.note(usage ?? ending.usage, firstToken: ending.firstToken, status: status, reasons: reasons)
        trace.end(status, usage ?? ending.usage, reasons: reasons)
        metrics.end(
            .init(
                ended: 0, key: key, model: model, status: status, usage: usage ?? ending.usage,
                firstToken: ending.firstToken,
                duration: seconds, requestID: trace.id),
            reasons: reasons)
    }

    private var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
}

extension GenerationRequest {
    /// The same request, which tells a record when its turn has come.
    func telling(_ record: RequestRecord) -> GenerationRequest {
        var request = self
        request.onStart = { [weak record] in record?.began() }
        return request
    }
}
