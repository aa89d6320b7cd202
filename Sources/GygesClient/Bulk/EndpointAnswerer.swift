public import GygesFiles
public import GygesWire

/// Answers the lines of files in the form of OpenAI's batches by asking an endpoint, which need know nothing of batches.
///
/// A line's body is sent as it stands but for its model, which is the endpoint's. What comes back is written as it came: most endpoints do not
/// answer twice alike, and a line that has its answer is not asked again.
public struct EndpointAnswerer: Sendable {
    private let caller: EndpointCaller

    /// Answers by an endpoint.
    public init(_ caller: EndpointCaller) { self.caller = caller }

    /// All that decides answers besides lines, as far as it can be known from here.
    public var identity: JSONObject { JSONObject([("endpoint", .string(caller.address.description))]) }

    /// The answer to a line. A line that is no request, that the endpoint refuses, or to which every attempt failed has its error in its own
    /// line.
    ///
    /// - Parameter number: The line's place, from 0.
    /// - Throws: ``EndpointError`` if no line can be answered; `CancellationError`.
    public func answer(_ row: InputRow, number: Int) async throws -> BatchAnswer {
        var id = JSON.null
        func refused(_ status: Int, _ reply: ErrorReply) -> BatchAnswer {
            BatchAnswer(
                id: id, number: number, status: status, body: reply.json, problem: "\(row.place): \(reply.message)")
        }
        do {
            let json = try row.json()
            id = BatchAnswer.id(of: json)
            let line = try BatchLine(json)
            guard line.body["stream"]?.bool != true else {
                throw ErrorReply(
                    message: "A line has one answer, written as a whole: leave “stream” out.",
                    type: "invalid_request_error", parameter: "stream", code: "invalid_value")
            }
            let reply = try await ask(line, number)
            return BatchAnswer(id: id, number: number, status: 200, body: reply, problem: nil)
        } catch let reply as ErrorReply {
            return refused(400, reply)
        } catch let error as FileError {
            return refused(
                400,
                ErrorReply(
                    message: error.problems.joined(separator: "; "), type: "invalid_request_error", parameter: "line",
                    code: "invalid_value"))
        } catch let failure as CallFailure {
            switch failure {
            case .refused(let status, let reply): return refused(status, reply)
            case .exhausted(let reason, let detail):
                let message = reason + (detail.map { " (\($0))" } ?? "")
                return BatchAnswer(
                    id: id, number: number, unanswered: message, problem: "\(row.place): \(message)")
            }
        }
    }

    private func ask(_ line: BatchLine, _ number: Int) async throws -> JSON {
        var body = line.body
        body["model"] = .string(caller.address.model)
        let limit = body["max_completion_tokens"] ?? body["max_tokens"] ?? body["max_output_tokens"]
        // The address says the API's version already.
        return try await caller.call(
            String(line.url.rawValue.dropFirst("/v1".count)), body: .object(body), seed: UInt64(number),
            answerTokens: min(max(0, limit?.integer ?? 0), 1 << 20)
        ) { json, source throws(FileError) in
            (json, try Self.usage(of: json, line.url, source))
        }
    }

    /// What an answer has used; an answer that is none of the API's is an error.
    private static func usage(of json: JSON, _ url: BatchLine.URL, _ source: String) throws(FileError) -> Usage? {
        switch url {
        case .chat: return try ChatReply(json, source: source).head.usage
        case .completion: return try CompletionReply(json, source: source).head.usage
        case .embedding: return try EmbeddingReply(json, source: source).usage
        case .response:
            guard json["output"]?.array != nil else {
                throw FileError(source, "the reply has no “output”", remedy: "Check the address.")
            }
            let limit = 0...(1 << 40)
            guard let prompt = json["usage"]?["input_tokens"]?.integer, limit.contains(prompt),
                let answer = json["usage"]?["output_tokens"]?.integer, limit.contains(answer)
            else { return nil }
            return Usage(promptTokens: prompt, completionTokens: answer)
        }
    }
}
