import Dispatch
import Synchronization

/// What somebody asked an encoder for, on its way.
final class EncoderJob: Sendable {
    let work: EncoderWork
    let texts: [EncoderText]
    /// The tokens of all texts, which the queue counts.
    let tokenCount: Int
    let handover = Handover<[EncoderResult], EncoderError>()
    private let cancelled = Atomic<Bool>(false)

    init(_ work: EncoderWork, texts: [EncoderText]) {
        self.work = work
        self.texts = texts
        tokenCount = texts.reduce(0) { $0 + $1.tokens.count }
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        handover.fulfil(.failure(.cancelled))
    }
}

/// Where callers leave what an encoder's thread is to compute.
final class EncoderQueue: Sendable {
    private struct State {
        var jobs: [EncoderJob] = []
        var isClosed = false
        var hasThread = false
    }

    /// Counts the tokens of jobs that wait or are being computed.
    let room: QueueRoom
    private let starter: ThreadStarter
    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - tokenLimit: The most tokens that wait together.
    ///   - starter: Gives the thread, when the first job comes.
    init(tokenLimit: Int, starter: ThreadStarter) {
        room = QueueRoom(limit: tokenLimit)
        self.starter = starter
    }

    /// Waits for the results of a job.
    ///
    /// - Parameter serve: What the thread does, until ``take(waits:)`` gives `nil`.
    /// - Throws: ``EncoderError``
    func results(
        of job: EncoderJob, whenFull: WhenFull, serve: @escaping @Sendable () -> Void
    ) async throws(EncoderError) -> [EncoderResult] {
        switch whenFull {
        case .wait: guard await room.enter(job.tokenCount) else { throw .cancelled }
        case .refuse: guard room.tryEnter(job.tokenCount) else { throw .overloaded(limit: room.limit) }
        }
        let failure = state.withLock { state -> EncoderError? in
            if state.isClosed { return .shutDown }
            if !state.hasThread {
                let status = starter.start(serve)
                if status != 0 { return .threadUnavailable(code: status) }
                state.hasThread = true
            }
            state.jobs.append(job)
            return nil
        }
        if let failure {
            room.leave(job.tokenCount)
            throw failure
        }
        signal.signal()
        return try await job.handover.value { job.cancel() }
    }

    /// Takes nothing from now on; ends the thread.
    func close() {
        state.withLock { $0.isClosed = true }
        room.close()
        signal.signal()
    }

    /// The jobs left since the last call; waits for one if `waits`. `nil` once the queue is closed, and whoever is left was told.
    func take(waits: Bool) -> [EncoderJob]? {
        while true {
            let (jobs, isClosed) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isClosed)
            }
            if isClosed {
                for job in jobs { job.handover.fulfil(.failure(.shutDown)) }
                return nil
            }
            if !jobs.isEmpty || !waits { return jobs }
            signal.wait()
        }
    }
}
