import GygesBulk
import GygesFiles
import GygesInference
import GygesServer
import GygesWire

extension ChatPlan: GenerationPlan {
    static let namePrefix = "chatcmpl-"
    var settings: GenerationSettings { asked.settings }

    func body(head: ReplyHead, record: RequestRecord, whenFull: WhenFull) async throws -> JSON {
        let completions = try await generator.model.engine.completions(
            of: generations, whenFull: whenFull, record: record)
        var head = head
        head.usage = Usage(completions)
        record.finish(head.usage, reasons: completions.map(\.finishReason.rawValue))
        return ChatReply(
            head: head, choices: completions.enumerated().map { choice($0, $1, id: head.id ?? "") }
        ).json
    }

    private func choice(_ index: Int, _ completion: Completion, id: String) -> ChatReply.Choice {
        var choice = ChatReply.Choice(
            index: index, content: "", finishReason: completion.finishReason.rawValue,
            stopString: completion.stopString, tokens: tokens(of: completion.tokens))
        for piece in AnswerPieces.all(of: completion.text, calls) {
            switch piece {
            case .text(let text): choice.content += text
            case .call(let name, let arguments):
                choice.toolCalls.append(
                    ToolCall(
                        id: Self.callID(id, index, choice.toolCalls.count), name: name, arguments: arguments))
            }
        }
        if !choice.toolCalls.isEmpty, choice.finishReason == "stop" { choice.finishReason = "tool_calls" }
        return choice
    }

    /// The log-probabilities of an answer's tokens, as far as they were asked for. The token that ends a turn is no part of it.
    func tokens(of tokens: [GygesInference.ScoredToken]) -> [GygesWire.ScoredToken]? {
        guard let count = asked.logProbabilities else { return nil }
        let ends = generations.first?.stopTokens ?? []
        return tokens.filter { !ends.contains($0.token) }
            .map { GygesWire.ScoredToken($0, of: generator.model.tokenizer, alternatives: count) }
    }

    /// A name for a call that follows from the answer's.
    static func callID(_ answer: String, _ choice: Int, _ call: Int) -> String {
        "call_" + Digest.sha256("\(answer) \(choice) \(call)").prefix(24)
    }

    // MARK: Streams

    func stream(
        head: ReplyHead, record: RequestRecord, keepAlive: Duration, write: ByteWriter
    ) async throws {
        var states = generations.map { _ in StreamState(pieces: AnswerPieces(calls)) }
        var completions: [Completion] = []
        for index in generations.indices {
            try await write(
                EventStream.bytes(
                    ChatChunk(head: head, choices: [.init(index: index, role: "assistant", content: "")]).json))
        }
        let streams = generations.map { generator.model.engine.generate($0.telling(record)) }
        do {
            try await forEachEvent(of: streams, keepAlive: keepAlive, tick: { try await write(EventStream.keepAlive) })
            {
                index, event in
                switch event {
                case .delta(let text, let tokens):
                    record.sawToken(tokens.count, prompt: generations[0].prompt.count)
                    let choices = choices(index, &states[index], text, tokens, id: head.id ?? "")
                    for choice in choices {
                        try await write(EventStream.bytes(ChatChunk(head: head, choices: [choice]).json))
                    }
                case .finished(let completion):
                    completions.append(completion)
                    for choice in endings(index, &states[index], completion, id: head.id ?? "") {
                        try await write(EventStream.bytes(ChatChunk(head: head, choices: [choice]).json))
                    }
                }
            }
        } catch let error as EngineError where error != .cancelled {
            record.fail(ServingFault(of: error).status)
            try await write(EventStream.bytes(ServingFault(of: error).reply.json))
            return
        }
        let usage = Usage(completions)
        record.finish(usage, reasons: completions.map(\.finishReason.rawValue))
        if asked.settings.streamsUsage {
            var head = head
            head.usage = usage
            try await write(EventStream.bytes(ChatChunk(head: head, choices: []).json))
        }
        try await write(EventStream.end)
    }

    /// What of an answer was sent.
    private struct StreamState {
        var pieces: AnswerPieces
        var callCount = 0
        /// Tokens whose text is held back go out with the next piece.
        var tokens: [GygesInference.ScoredToken] = []
    }

    private func choices(
        _ index: Int, _ state: inout StreamState, _ text: String, _ tokens: [GygesInference.ScoredToken], id: String
    ) -> [ChatChunk.Choice] {
        state.tokens += tokens
        return choices(index, &state, state.pieces.take(text), id: id)
    }

    private func choices(
        _ index: Int, _ state: inout StreamState, _ pieces: [ToolCallReader.Piece], id: String
    ) -> [ChatChunk.Choice] {
        var choices: [ChatChunk.Choice] = []
        for piece in pieces {
            switch piece {
            case .text(let text):
                choices.append(.init(index: index, content: text, tokens: self.tokens(of: state.tokens)))
                state.tokens = []
            case .call(let name, let arguments):
                // Name and arguments come apart, as clients expect them.
                let call = state.callCount
                state.callCount += 1
                let callID = Self.callID(id, index, call)
                choices.append(
                    .init(index: index, toolCalls: [.init(index: call, id: callID, name: name, arguments: "")]))
                choices.append(.init(index: index, toolCalls: [.init(index: call, arguments: arguments)]))
            }
        }
        return choices
    }

    private func endings(
        _ index: Int, _ state: inout StreamState, _ completion: Completion, id: String
    ) -> [ChatChunk.Choice] {
        var choices = choices(index, &state, state.pieces.finish(), id: id)
        let reason =
            state.callCount > 0 && completion.finishReason == .stop ? "tool_calls" : completion.finishReason.rawValue
        let rest = tokens(of: state.tokens)
        choices.append(.init(index: index, tokens: rest?.isEmpty == true ? nil : rest, finishReason: reason))
        return choices
    }
}
