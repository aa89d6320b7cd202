import GygesBulk
import GygesFiles
import GygesInference
import GygesServer
import GygesWire

/// What a request asks of an engine, and how its answer is written: chats, responses and completions.
protocol GenerationPlan: Sendable {
    /// What an answer's name begins with.
    static var namePrefix: String { get }
    /// The model.
    var model: ServedModel { get }
    /// What turned the request into tokens, and computes it.
    var generator: BulkGenerator { get }
    /// How tokens are drawn, and how the answer is sent.
    var settings: GenerationSettings { get }
    /// The body of the whole answer.
    ///
    /// - Parameter whenFull: What happens while as many requests as may are waiting.
    /// - Throws: `EngineError`.
    func body(head: ReplyHead, record: RequestRecord, whenFull: WhenFull) async throws -> JSON
    /// Sends the answer in pieces.
    ///
    /// - Throws: What `write` throws, when nobody reads any more; an engine's error is the stream's last event.
    func stream(head: ReplyHead, record: RequestRecord, keepAlive: Duration, write: ByteWriter) async throws
}
