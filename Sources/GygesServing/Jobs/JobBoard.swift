import GygesFiles
import GygesServer
import GygesWire

/// The jobs of a server: those that wait, those that are being done, and what came of others for as long as it is kept.
actor JobBoard {
    /// What is kept at most, and how long.
    struct Limits: Sendable {
        /// Jobs of a model that are done at a time; more wait.
        var running = 32
        /// Jobs of all models that wait or are done.
        var open = 1024
        /// All jobs.
        var count = 10_000
        /// What jobs ask and answer, in bytes.
        var bytes = 256 << 20
        /// How long the result of a job is kept that nobody waits for.
        var retention = Duration.seconds(1800)
        /// The same of a job that somebody waited for.
        var shortRetention = Duration.seconds(60)
    }

    /// How many jobs of a model there are.
    struct Counts: Sendable {
        var completed = 0
        var failed = 0
        var inProgress = 0
        var inQueue = 0
    }

    /// Does a job: hands over pieces of its output as they come.
    typealias Work =
        @Sendable (Job, JobRequest, _ take: @escaping @Sendable ([JSON]) async throws -> Void) async throws -> Void

    private let limits: Limits
    private let work: Work
    private let begin = ContinuousClock.now
    private var jobs: [String: Job] = [:]
    /// The names of jobs in the order in which they came.
    private var order: [String] = []
    private var byteCount = 0
    private var ended: [String: (completed: Int, failed: Int)] = [:]
    private var waiters: [Int: (id: String, continuation: CheckedContinuation<Void, Never>)] = [:]
    private var lastWaiter = 0
    private var timer: Task<Void, Never>?

    init(_ limits: Limits, work: @escaping Work) {
        self.limits = limits
        self.work = work
    }

    private var now: Duration { ContinuousClock.now - begin }

    // MARK: What clients ask

    /// Takes a job on.
    ///
    /// - Parameters:
    ///   - byteCount: The size of what it asks.
    ///   - isAwaited: Whether somebody waits for it.
    /// - Throws: ``ServingFault`` with status 429 if there is no room.
    func add(
        _ request: JobRequest, for endpoint: String, key: String?, byteCount: Int, isAwaited: Bool
    ) throws(ServingFault) -> Job {
        timeHasPassed()
        makeRoom(for: byteCount)
        guard jobs.values.count(where: { !$0.status.isFinal }) < limits.open, jobs.count < limits.count,
            self.byteCount + byteCount <= limits.bytes
        else {
            throw ServingFault(
                status: 429,
                .init(
                    message: "As many jobs wait as may. Ask again later.", type: "rate_limit_error",
                    code: "overloaded"), retryAfter: 1)
        }
        let job = Job(
            id: (isAwaited ? "sync-" : "") + Self.newName(), endpoint: endpoint, key: key, request: request,
            retention: isAwaited ? limits.shortRetention : limits.retention, created: now,
            deadline: now + request.timeToLive, byteCount: byteCount)
        jobs[job.id] = job
        order.append(job.id)
        self.byteCount += byteCount
        beginWaiting(of: endpoint)
        setTimer()
        return jobs[job.id] ?? job
    }

    /// A job as it stands; `nil` if there is none, or it is another key's.
    func job(_ id: String, for endpoint: String, key: String?) -> Job? {
        timeHasPassed()
        guard let job = jobs[id], job.endpoint == endpoint, job.key == key else { return nil }
        return job
    }

    /// What has come of a job since its stream was last read; waits a while if there is nothing yet.
    func news(_ id: String, for endpoint: String, key: String?, within time: Duration) async -> (Job, [JSON])? {
        guard let job = job(id, for: endpoint, key: key) else { return nil }
        if job.readCount == job.output.count, !job.status.isFinal { await waitForNews(of: id, within: time) }
        guard var job = self.job(id, for: endpoint, key: key) else { return nil }
        let pieces = Array(job.output[job.readCount...])
        job.readCount = job.output.count
        jobs[id]?.readCount = job.readCount
        return (job, pieces)
    }

    /// A job once it has ended, or as it stands after a time; one that nobody waits for any more is cancelled, since nobody knows its name.
    func end(of job: Job, within time: Duration) async -> Job {
        let end = now + time
        while let job = jobs[job.id], !job.status.isFinal, now < end, !Task.isCancelled {
            await waitForNews(of: job.id, within: end - now)
        }
        if Task.isCancelled { finish(job.id, .cancelled) }
        return jobs[job.id] ?? job
    }

    /// Ends a job that has not ended.
    func cancel(_ id: String, for endpoint: String, key: String?) -> Job? {
        guard let job = job(id, for: endpoint, key: key) else { return nil }
        if !job.status.isFinal { finish(id, .cancelled) }
        return jobs[id]
    }

    /// Ends a key's jobs that wait.
    ///
    /// - Returns: How many there were.
    func purge(_ endpoint: String, key: String?) -> Int {
        let waiting = jobs.values.filter { $0.status == .inQueue && $0.endpoint == endpoint && $0.key == key }
        for job in waiting { finish(job.id, .cancelled) }
        return waiting.count
    }

    /// How many jobs of a model there are, and were.
    func counts(of endpoint: String) -> Counts {
        timeHasPassed()
        var counts = Counts(completed: ended[endpoint]?.completed ?? 0, failed: ended[endpoint]?.failed ?? 0)
        for job in jobs.values where job.endpoint == endpoint {
            if job.status == .inQueue { counts.inQueue += 1 }
            if job.status == .inProgress { counts.inProgress += 1 }
        }
        return counts
    }

    // MARK: What happens

    private func beginWaiting(of endpoint: String) {
        var running = jobs.values.count { $0.endpoint == endpoint && $0.status == .inProgress }
        for id in order where running < limits.running {
            guard let job = jobs[id], job.endpoint == endpoint, job.status == .inQueue, let request = job.request
            else { continue }
            running += 1
            jobs[id]?.status = .inProgress
            jobs[id]?.begun = now
            let work = work
            jobs[id]?.task = Task {
                do {
                    try await withTimeLimit(request.executionTimeout) {
                        try await work(job, request) { try await self.take($0, of: id) }
                    }
                    finish(id, .completed)
                } catch let failure as JobOutput.Failure {
                    finish(id, .failed, failure.message)
                } catch is TimeLimitPassed {
                    finish(id, .timedOut, "The job has taken as long as it may (executionTimeout).")
                } catch let refusal as Refusal {
                    finish(id, .failed, refusal.message)
                } catch {
                    finish(id, .failed, "Something went wrong in the server.")
                }
            }
        }
    }

    private func take(_ pieces: [JSON], of id: String) throws {
        guard let job = jobs[id], !job.status.isFinal else { throw CancellationError() }
        let count = pieces.reduce(0) { $0 + $1.serialized().utf8.count }
        makeRoom(for: count)
        guard byteCount + count <= limits.bytes else {
            throw JobOutput.Failure(message: "There is no room for the job's output.")
        }
        byteCount += count
        jobs[id]?.byteCount += count
        jobs[id]?.output += pieces
        wake(waitingFor: id)
    }

    /// Notes that a job has ended, the first time.
    private func finish(_ id: String, _ status: Job.Status, _ problem: String? = nil) {
        guard let job = jobs[id], !job.status.isFinal else { return }
        jobs[id]?.status = status
        jobs[id]?.ended = now
        jobs[id]?.problem = problem
        jobs[id]?.request = nil
        jobs[id]?.task = nil
        job.task?.cancel()
        ended[job.endpoint, default: (0, 0)].completed += status == .completed ? 1 : 0
        ended[job.endpoint, default: (0, 0)].failed += status == .failed || status == .timedOut ? 1 : 0
        wake(waitingFor: id)
        beginWaiting(of: job.endpoint)
        setTimer()
    }

    /// Forgets the oldest results until there is room, or none is left.
    private func makeRoom(for count: Int) {
        while byteCount + count > limits.bytes || jobs.count >= limits.count,
            let oldest = order.first(where: { jobs[$0]?.status.isFinal ?? false })
        {
            forget(oldest)
        }
    }

    private func forget(_ id: String) {
        byteCount -= jobs.removeValue(forKey: id)?.byteCount ?? 0
        order.removeAll { $0 == id }
        wake(waitingFor: id)
    }

    private func timeHasPassed() {
        let now = now
        for job in jobs.values {
            if let ended = job.ended {
                if now >= ended + job.retention { forget(job.id) }
            } else if now >= job.deadline {
                finish(job.id, .timedOut, "The job was there for as long as it may (ttl).")
            }
        }
    }

    private func setTimer() {
        timer?.cancel()
        guard let next = jobs.values.map({ job in job.ended.map { $0 + job.retention } ?? job.deadline }).min()
        else { return }
        let delay = max(next - now, .milliseconds(1))
        timer = Task { [weak self] in
            guard (try? await Task.sleep(for: delay)) != nil else { return }
            await self?.look()
        }
    }

    private func look() {
        timeHasPassed()
        setTimer()
    }

    // MARK: Waiting

    private func waitForNews(of id: String, within time: Duration) async {
        lastWaiter += 1
        let waiter = lastWaiter
        let timer = Task {
            try? await Task.sleep(for: time)
            wake(waiter)
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume() }
                waiters[waiter] = (id, continuation)
            }
        } onCancel: {
            Task { await self.wake(waiter) }
        }
    }

    private func wake(_ waiter: Int) { waiters.removeValue(forKey: waiter)?.continuation.resume() }

    private func wake(waitingFor id: String) {
        for (number, waiter) in waiters where waiter.id == id { wake(number) }
    }

    private static func newName() -> String {
        let digits = (0..<2).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        let cuts = [8, 12, 16, 20]
        return digits.enumerated().map { (cuts.contains($0.offset) ? "-" : "") + String($0.element) }.joined()
    }
}
