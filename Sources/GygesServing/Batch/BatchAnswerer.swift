import GygesBulk
public import GygesFiles
import GygesInference
public import GygesWire

/// Answers the lines of files in the form of OpenAI's batches: `{"custom_id", "method", "url", "body"}`.
///
/// What a line is answered follows from the line, its place and the model alone, names and times of answers included, so that a file that is
/// gone on with after a kill is that of a run which nobody killed. A request that cannot be answered has its error in its own line.
public struct BatchAnswerer: Sendable {
    private let shelf: ModelShelf
    private let asksFirstModel: Bool
    private let created: Int?
    private let metrics: ServingMetrics
    private let key: String?

    /// Answers by models.
    ///
    /// - Parameter asksFirstModel: Whether all requests are the first model's, whatever model they name.
    public init(_ shelf: ModelShelf, asksFirstModel: Bool = false) {
        self.init(shelf, asksFirstModel: asksFirstModel, created: nil, metrics: ServingMetrics(now: { 0 }), key: nil)
    }

    /// Answers by models.
    ///
    /// - Parameters:
    ///   - created: When answers say that they were made, in seconds since 1970; `nil` for when their model was loaded.
    ///   - metrics: Counts what was asked.
    ///   - key: The name of the key under which it is counted.
    init(_ shelf: ModelShelf, asksFirstModel: Bool = false, created: Int?, metrics: ServingMetrics, key: String?) {
        self.shelf = shelf
        self.asksFirstModel = asksFirstModel
        self.created = created
        self.metrics = metrics
        self.key = key
    }

    /// The answer to a line.
    ///
    /// - Parameter number: The line's place, from 0, which draws follow from if it names no seed.
    /// - Throws: `EngineError` or `EncoderError` if the model itself cannot go on, or the task is cancelled.
    public func answer(_ row: InputRow, number: Int) async throws -> BatchAnswer {
        var id = JSON.null
        do {
            let json = try row.json()
            id = BatchAnswer.id(of: json)
            let line = try BatchLine(json)
            return BatchAnswer(id: id, number: number, status: 200, body: try await body(line, number), problem: nil)
        } catch {
            switch error {
            case EngineError.shutDown, EngineError.cancelled, EncoderError.shutDown, EncoderError.cancelled: throw error
            case is CancellationError: throw error
            case let error as FileError:
                let fault = ServingFault.invalid("line", error.problems.joined(separator: "; "))
                return BatchAnswer(
                    id: id, number: number, status: 400, body: fault.reply.json,
                    problem: "\(row.place): \(fault.reply.message)")
            default:
                let fault = ServingFault(of: error)
                if fault.status >= 500 { throw error }
                return BatchAnswer(
                    id: id, number: number, status: fault.status, body: fault.reply.json,
                    problem: "\(row.place): \(fault.reply.message)")
            }
        }
    }

    private func body(_ line: BatchLine, _ number: Int) async throws -> JSON {
        var body = line.body
        if asksFirstModel { body["model"] = .string(shelf.models[0].name) }
        // Draws follow from the line's place where it names no seed.
        if line.url != .embedding, body["seed"]?.isNull ?? true { body["seed"] = .integer(number) }
        let json = JSON.object(body)
        switch line.url {
        case .chat: return try await generated(try ChatPlan(ChatRequest(json), on: shelf), line, number)
        case .response: return try await generated(try ResponsePlan(ResponseRequest(json), on: shelf), line, number)
        case .completion:
            return try await generated(try CompletionPlan(CompletionRequest(json), on: shelf), line, number)
        case .embedding:
            let asked = try EmbeddingRequest(json)
            return try await shelf.vectors(
                asked, whenFull: .wait, record: { metrics.begin($0, of: origin(line, number)) }
            )
            .json(encoding: asked.encoding ?? .numbers)
        }
    }

    private func generated(_ plan: some GenerationPlan, _ line: BatchLine, _ number: Int) async throws -> JSON {
        guard !plan.settings.isStreamed else {
            throw ServingFault.invalid("stream", "A line has one answer, written as a whole: leave “stream” out.")
        }
        let head = ReplyHead(
            id: type(of: plan).namePrefix + BatchAnswer.name(line.id, number), created: created ?? plan.model.created,
            model: plan.model.name, systemFingerprint: plan.model.fingerprint)
        let record = metrics.begin(plan.model.name, of: origin(line, number))
        var body =
            try await record.noting { try await plan.body(head: head, record: record, whenFull: .wait) }.object
            ?? .init()
        // What was known already depends on what else was asked.
        if var usage = body["usage"]?.object {
            usage["prompt_tokens_details"] = nil
            usage["input_tokens_details"] = nil
            body["usage"] = .object(usage)
        }
        return .object(body)
    }

    private func origin(_ line: BatchLine, _ number: Int) -> RequestOrigin {
        RequestOrigin(id: "req_" + BatchAnswer.name(line.id, number), path: line.url.rawValue, key: key)
    }
}
