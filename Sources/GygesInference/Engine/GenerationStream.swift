/// The events of one generation, as they come.
///
/// Whoever stops reading has the engine stop computing this request, and no other, once ``InferenceEngine/Options-swift.struct/streamBufferLimit``
/// tokens wait; reading on goes on with the same tokens. Letting go of the stream and its iterator, or cancelling the task that
/// reads, cancels the request and frees its memory. Events are read once, by one task at a time.
public struct GenerationStream: AsyncSequence, Sendable {
    /// What comes.
    public typealias Element = GenerationEvent
    /// What may be thrown.
    public typealias Failure = EngineError

    /// Cancels the request when nobody can read any more.
    fileprivate final class Reader: Sendable {
        let job: EngineJob
        let buffer: EventBuffer
        let inbox: EngineInbox

        init(job: EngineJob, buffer: EventBuffer, inbox: EngineInbox) {
            self.job = job
            self.buffer = buffer
            self.inbox = inbox
        }

        deinit { cancel() }

        func cancel() {
            job.cancel()
            buffer.cancel()
            inbox.wake()
        }
    }

    private let reader: Reader

    init(job: EngineJob, buffer: EventBuffer, inbox: EngineInbox) {
        reader = Reader(job: job, buffer: buffer, inbox: inbox)
    }

    /// Reads the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let reader: Reader

        /// The next event; `nil` after the end.
        ///
        /// - Throws: ``EngineError`` if the request failed, ``EngineError/cancelled`` if the task was cancelled.
        public mutating func next() async throws(EngineError) -> GenerationEvent? {
            try await next(isolation: nil)
        }

        /// As ``next()``, for callers that belong to an actor.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(EngineError) -> GenerationEvent?
        {
            let reader = reader
            let outcome = await withTaskCancellationHandler {
                do throws(EngineError) {
                    return Result<GenerationEvent?, EngineError>.success(try await reader.buffer.next())
                } catch {
                    return .failure(error)
                }
            } onCancel: {
                reader.cancel()
            }
            return try outcome.get()
        }
    }

    /// An iterator over the events that were not read yet.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }
}
