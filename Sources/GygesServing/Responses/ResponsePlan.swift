import GygesBulk
import GygesFiles
import GygesInference
import GygesServer
import GygesWire

/// What a response's request asks of an engine: the chat that it is, answered in other words.
struct ResponsePlan: GenerationPlan {
    static let namePrefix = "resp_"

    /// The request.
    let asked: ResponseRequest
    /// The same as a chat.
    let chat: ChatPlan

    var model: ServedModel { chat.model }
    var generator: BulkGenerator { chat.generator }
    var settings: GenerationSettings { chat.settings }

    /// Chats call the members otherwise that are at fault.
    private static let names = [
        "response_format": "text.format", "messages": "input", "max_tokens": "max_output_tokens",
    ]

    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    init(_ asked: ResponseRequest, on shelf: ModelShelf) throws {
        self.asked = asked
        do { chat = try ChatPlan(asked.chat, on: shelf) } catch {
            var fault = ServingFault(of: error)
            guard fault.status < 500 else { throw error }
            fault.reply.parameter = fault.reply.parameter.map { Self.names[$0] ?? $0 }
            throw fault
        }
    }

    func body(head: ReplyHead, record: RequestRecord, whenFull: WhenFull) async throws -> JSON {
        let completions = try await generator.model.engine.completions(
            of: chat.generations, whenFull: whenFull, record: record)
        var items = items(head)
        for completion in completions {
            var tokens = chat.tokens(of: completion.tokens)
            for piece in AnswerPieces.all(of: completion.text, chat.calls) {
                _ = events(piece, &tokens, &items)
            }
            _ = items.finish(tokens: tokens, isCut: completion.finishReason == .length)
        }
        var reply = reply(head)
        reply.head.usage = Usage(completions)
        record.finish(reply.head.usage, reasons: completions.map(\.finishReason.rawValue))
        return reply.json(status(completions), output: items.output)
    }

    func stream(head: ReplyHead, record: RequestRecord, keepAlive: Duration, write: ByteWriter) async throws {
        var items = items(head)
        var reply = reply(head)
        func send(_ events: [JSON]) async throws {
            for event in events { try await write(EventStream.namedBytes(event)) }
        }
        let begun = reply.json(.inProgress, output: [])
        try await send([items.event("response.created", [("response", begun)])])
        try await send([items.event("response.in_progress", [("response", begun)])])
        var pieces = AnswerPieces(chat.calls)
        // Tokens whose text is held back go out with the next piece.
        var tokens = chat.tokens(of: [])
        var completions: [Completion] = []
        do {
            try await forEachEvent(
                of: chat.generations.map { generator.model.engine.generate($0.telling(record)) }, keepAlive: keepAlive,
                tick: { try await write(EventStream.keepAlive) }
            ) { _, event in
                switch event {
                case .delta(let text, let scored):
                    record.sawToken(scored.count, prompt: chat.generations[0].prompt.count)
                    tokens?.append(contentsOf: chat.tokens(of: scored) ?? [])
                    for piece in pieces.take(text) { try await send(events(piece, &tokens, &items)) }
                case .finished(let completion):
                    completions.append(completion)
                    for piece in pieces.finish() { try await send(events(piece, &tokens, &items)) }
                    try await send(items.finish(tokens: tokens, isCut: completion.finishReason == .length))
                }
            }
        } catch let error as EngineError where error != .cancelled {
            let fault = ServingFault(of: error)
            record.fail(fault.status)
            let failed = reply.json(.failed(fault.reply), output: items.output)
            try await send([items.event("response.failed", [("response", failed)])])
            return
        }
        reply.head.usage = Usage(completions)
        record.finish(reply.head.usage, reasons: completions.map(\.finishReason.rawValue))
        let status = status(completions)
        let whole = reply.json(status, output: items.output)
        try await send([
            items.event(status == .cut ? "response.incomplete" : "response.completed", [("response", whole)])
        ])
    }

    private func status(_ completions: [Completion]) -> ResponseReply.Status {
        completions.contains { $0.finishReason == .length } ? .cut : .completed
    }

    private func reply(_ head: ReplyHead) -> ResponseReply {
        let sampling = chat.generations[0].sampling
        return ResponseReply(
            asked: asked, head: head, drawnBy: (temperature: sampling.temperature, topP: sampling.topP))
    }

    /// Items whose names follow from the response's.
    private func items(_ head: ReplyHead) -> ResponseItems {
        let response = head.id ?? ""
        return ResponseItems { kind, index in "\(kind)_" + Digest.sha256("\(response) \(kind) \(index)").prefix(24) }
    }

    private func events(
        _ piece: ToolCallReader.Piece, _ tokens: inout [GygesWire.ScoredToken]?, _ items: inout ResponseItems
    ) -> [JSON] {
        switch piece {
        case .text(let text):
            defer { tokens = chat.tokens(of: []) }
            return items.append(text, tokens: tokens)
        case .call(let name, let arguments): return items.append(call: name, arguments: arguments)
        }
    }
}
