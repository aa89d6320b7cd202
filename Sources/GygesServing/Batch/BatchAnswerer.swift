import GygesBulk
public import GygesFiles
import GygesInference
import GygesWire

/// Answers the lines of files in the form of OpenAI's batches: `{"custom_id", "method", "url", "body"}`.
///
/// What a line is answered follows from the line, its place and the model alone, names and times of answers included, so that a file that is
/// gone on with after a kill is that of a run which nobody killed. A request that cannot be answered has its error in its own line.
public struct BatchAnswerer: Sendable {
    /// A line's answer.
    public struct Answer: Sendable {
        /// The line, its end included.
        public var bytes: [UInt8]
        /// Why it could not be answered, with the place of its input; `nil` if it was.
        public var problem: String?
    }

    private let shelf: ModelShelf
    private let asksFirstModel: Bool
    private let metrics = ServingMetrics(now: { 0 })

    /// Answers by models.
    ///
    /// - Parameter asksFirstModel: Whether all requests are the first model's, whatever model they name.
    public init(_ shelf: ModelShelf, asksFirstModel: Bool = false) {
        self.shelf = shelf
        self.asksFirstModel = asksFirstModel
    }

    /// The answer to a line.
    ///
    /// - Parameter number: The line's place, from 0, which draws follow from if it names no seed.
    /// - Throws: `EngineError` or `EncoderError` if the model itself cannot go on, or the task is cancelled.
    public func answer(_ row: InputRow, number: Int) async throws -> Answer {
        var id = JSON.null
        do {
            let json = try row.json()
            id = json["custom_id"].flatMap { $0.string == nil ? nil : $0 } ?? .null
            let line = try BatchLine(json)
            return Self.line(id, number, status: 200, body: try await body(line, number), problem: nil)
        } catch {
            switch error {
            case EngineError.shutDown, EngineError.cancelled, EncoderError.shutDown, EncoderError.cancelled: throw error
            case is CancellationError: throw error
            case let error as FileError:
                let fault = ServingFault.invalid("line", error.problems.joined(separator: "; "))
                return Self.line(
                    id, number, status: 400, body: fault.reply.json, problem: "\(row.place): \(fault.reply.message)")
            default:
                let fault = ServingFault(of: error)
                if fault.status >= 500 { throw error }
                return Self.line(
                    id, number, status: fault.status, body: fault.reply.json,
                    problem: "\(row.place): \(fault.reply.message)")
            }
        }
    }

    private func body(_ line: BatchLine, _ number: Int) async throws -> JSON {
        var body = line.body
        if asksFirstModel { body["model"] = .string(shelf.models[0].name) }
        let json = JSON.object(body)
        func head(_ kind: String, _ model: ServedModel) -> ReplyHead {
            ReplyHead(id: "\(kind)-\(Self.name(line.id, number))", created: model.created, model: model.name)
        }
        switch line.url {
        case .chat:
            var asked = try ChatRequest(json)
            try Self.check(asked.settings)
            asked.settings.seed = asked.settings.seed ?? number
            let plan = try ChatPlan(asked, on: shelf)
            var reply = try await plan.reply(
                head: head("chatcmpl", plan.model), record: metrics.begin(plan.model.name), whenFull: .wait)
            // What was known already depends on what else was asked.
            reply.head.usage?.cachedTokens = nil
            return reply.json
        case .completion:
            var asked = try CompletionRequest(json)
            try Self.check(asked.settings)
            asked.settings.seed = asked.settings.seed ?? number
            let plan = try CompletionPlan(asked, on: shelf)
            var reply = try await plan.reply(
                head: head("cmpl", plan.model), record: metrics.begin(plan.model.name), whenFull: .wait)
            reply.head.usage?.cachedTokens = nil
            return reply.json
        case .embedding:
            let asked = try EmbeddingRequest(json)
            return try await shelf.vectors(asked, whenFull: .wait, record: { metrics.begin($0) })
                .json(encoding: asked.encoding ?? .numbers)
        }
    }

    private static func check(_ settings: GenerationSettings) throws(ServingFault) {
        if settings.isStreamed {
            throw .invalid("stream", "A line has one answer, written as a whole: leave “stream” out.")
        }
    }

    private static func name(_ id: JSON, _ number: Int) -> String {
        String(Digest.sha256("\(number) \(id.serialized())").prefix(24))
    }

    private static func line(_ id: JSON, _ number: Int, status: Int, body: JSON, problem: String?) -> Answer {
        let name = name(id, number)
        let line: JSON = [
            "id": .string("batch_req_" + name), "custom_id": id,
            "response": ["status_code": .integer(status), "request_id": .string("req_" + name), "body": body],
            "error": .null,
        ]
        return Answer(bytes: Array((line.serialized() + "\n").utf8), problem: problem)
    }
}
