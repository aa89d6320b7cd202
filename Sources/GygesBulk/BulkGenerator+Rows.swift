import GygesConstraints
public import GygesFiles
import GygesInference
import GygesTemplates
import GygesTokenizer
import GygesWire

extension BulkGenerator {
    /// A row that was answered, or could not be.
    public struct Answer: Sendable {
        /// The row, its end of line included.
        public var bytes: [UInt8]
        /// Why it could not be answered, with the place of its input; `nil` if it was.
        public var problem: String?
    }

    /// The answer to a row, computed with whatever else the engine is asked meanwhile.
    ///
    /// A row that is no request, or one that cannot be served, is answered by what is wrong with it: `{"id", "line", "error"}`.
    /// - Parameter number: The row's place, from 0, which names it if it has no name.
    /// - Throws: ``EngineError`` if the engine itself cannot go on, or the task is cancelled.
    public func answer(_ row: InputRow, number: Int) async throws -> Answer {
        var id = JSON.integer(number)
        do {
            let json = try row.isJSON ? row.json() : .string(row.text())
            id = BulkRequest.id(of: json) ?? id
            let asked = try BulkRequest(json)
            let completion = try await model.engine.complete(try request(asked, number: number))
            let prefix = asked.responsePrefix ?? defaults.prompt.responsePrefix
            let row = completion.row(id: id, prefix: prefix, notes: try notes(on: asked))
            return Answer(bytes: Self.line(row), problem: nil)
        } catch {
            let problem = try Self.problem(of: error)
            return Answer(bytes: Self.line(row.refusal(id: id, problem)), problem: "\(row.place): \(problem)")
        }
    }

    /// What a row's error says; what is no row's fault is thrown on.
    private static func problem(of error: any Error) throws -> String {
        switch error {
        case let error as ErrorReply: error.message
        case let error as FileError: error.problems.joined(separator: "; ")
        case let error as EngineError where error.isOfRequest: error.description
        case is ConstraintError, is TemplateError, is TokenizerError: "\(error)"
        default: throw error
        }
    }

    private static func line(_ json: JSON) -> [UInt8] { Array((json.serialized() + "\n").utf8) }

    /// All that decides the rows' bytes apart from the input, so that a file is only gone on with by what began it.
    ///
    /// - Throws: ``FileError`` if the model's files cannot be read any more.
    /// - Complexity: O(size of the model's files), which are digested.
    public func identity() throws(FileError) -> JSONObject {
        var identity = try model.identity()
        let prompt = defaults.prompt
        identity["system"] = prompt.system.map(JSON.string) ?? .null
        identity["response prefix"] = .string(prompt.responsePrefix)
        identity["suffix"] = prompt.suffix.map(JSON.string) ?? .null
        identity["raw"] = .bool(prompt.isPlain)
        identity["special tokens"] = .bool(prompt.recognisesSpecialTokens)
        identity["tools"] = .array(prompt.tools)
        identity["template variables"] = .object(prompt.variables)
        let sampling = defaults.sampling
        identity["temperature"] = .double(sampling.temperature)
        identity["top-k"] = .integer(sampling.topK)
        identity["top-p"] = .double(sampling.topP)
        identity["min-p"] = .double(sampling.minP)
        identity["repetition penalty"] = .double(sampling.repetitionPenalty)
        identity["seed"] = .string("\(sampling.seed)")
        identity["most tokens"] = .integer(defaults.maximumTokenCount)
        identity["stop"] = .array(defaults.stopStrings.map(JSON.string))
        identity["constraint"] = defaults.form?.json ?? .null
        return identity
    }
}

extension Completion {
    /// The row of an answer. It holds nothing that depends on the time or on what else was computed.
    fileprivate func row(id: JSON, prefix: String, notes: [String]) -> JSON {
        var row = JSONObject([
            ("id", id), ("text", .string(prefix + text)), ("finish_reason", .string(finishReason.rawValue)),
            ("prompt_tokens", .integer(promptTokenCount)), ("generated_tokens", .integer(tokens.count)),
        ])
        if !notes.isEmpty { row["notes"] = .array(notes.map { .string("the schema, \($0)") }) }
        return .object(row)
    }
}
