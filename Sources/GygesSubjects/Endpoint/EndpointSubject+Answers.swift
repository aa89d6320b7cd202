import FoundationEssentials
import GygesClient
import GygesFiles
public import GygesStudy
import GygesTemplates
import GygesWire

/// What an endpoint is asked, and what becomes of its answers.
extension EndpointSubject {
    /// Asks once; a reply that was cut off, filtered or badly formed is a reply.
    public func respond(to request: SubjectRequest) async throws -> SubjectReply {
        do {
            if settings.responsePrefix == .completions, request.schema == nil {
                return try await completion(of: request)
            }
            return try await chat(request)
        } catch CallFailure.exhausted(let reason, let detail) {
            // Servers whose template raises an error answer with 500 as well.
            try requireSystemRole(of: request, notDeniedBy: reason)
            throw RequestFailure(reason, detail: detail)
        } catch CallFailure.refused(let status, let reply) {
            try requireSystemRole(of: request, notDeniedBy: reply.message)
            if reply.code == "content_filter" || reply.type == "content_filter" {
                return SubjectReply(text: "", finishReason: .filtered)
            }
            throw RequestFailure(explain(status, reply))
        }
    }

    private func chat(_ request: SubjectRequest) async throws -> SubjectReply {
        let sampling = request.sampling
        if !request.responsePrefix.isEmpty, settings.responsePrefix == .none {
            throw cannot(
                "its answers cannot be made to begin with a given text, and a mode of the study demands that.",
                "Leave that mode out (modes: [...]), or set endpoint.responsePrefix.")
        }
        let body = ChatRequest(
            model: model, messages: messages(request), settings: generationSettings(of: request),
            responseFormat: request.schema.map { .jsonSchema(name: "answer", schema: $0) },
            continuesLastMessage: !request.responsePrefix.isEmpty)
        let answer = try await ask(body, seed: request.seed, answerTokens: sampling.maximumTokens)
        // A reply that was read has a choice.
        let reply = answer.choices[0]
        // A refusal beside content is a remark; in its place it is all that there is.
        if reply.content.isEmpty, let refusal = reply.refusal, !refusal.isEmpty {
            return SubjectReply(
                text: refusal, finishReason: .refused, promptTokenCount: answer.head.usage?.promptTokens ?? 0,
                generatedTokenCount: answer.head.usage?.completionTokens ?? 0)
        }
        var text = reply.content
        // Some servers repeat what they were to continue.
        if !request.responsePrefix.isEmpty, text.hasPrefix(request.responsePrefix) {
            text.removeFirst(request.responsePrefix.count)
        }
        if let reasoning = reply.reasoning, !reasoning.isEmpty { text = "<think>\n\(reasoning)\n</think>\n\n\(text)" }
        return subjectReply(text, reply.finishReason, stopString: reply.stopString, request, answer.head.usage)
    }

    private func completion(of request: SubjectRequest) async throws -> SubjectReply {
        let sampling = request.sampling
        let body = CompletionRequest(
            model: model, prompt: .text(try text(of: request)),
            // These interfaces know the older name alone.
            settings: generationSettings(of: request, lengthMember: .maximumTokens), addsSpecialTokens: false)
        let answer = try await ask(body, seed: request.seed, answerTokens: sampling.maximumTokens)
        guard let reply = answer.choices.first else { throw RequestFailure("its reply has no choice") }
        return subjectReply(reply.text, reply.finishReason, stopString: reply.stopString, request, answer.head.usage)
    }

    func ask(_ body: ChatRequest, seed: UInt64, answerTokens: Int) async throws -> ChatReply {
        try await caller.call("/chat/completions", body: body.json, seed: seed, answerTokens: answerTokens) {
            json, source throws(FileError) in
            let reply = try ChatReply(json, source: source)
            return (reply, reply.head.usage)
        }
    }

    func ask(_ body: CompletionRequest, seed: UInt64, answerTokens: Int) async throws -> CompletionReply {
        try await caller.call("/completions", body: body.json, seed: seed, answerTokens: answerTokens) {
            json, source throws(FileError) in
            let reply = try CompletionReply(json, source: source)
            return (reply, reply.head.usage)
        }
    }

    private func subjectReply(
        _ text: String, _ finishReason: String?, stopString: String?, _ request: SubjectRequest, _ usage: Usage?
    ) -> SubjectReply {
        let reason: SubjectReply.FinishReason =
            switch finishReason {
            case "stop", "eos", "end_turn", "stop_sequence": .stop
            case "length", "max_tokens", "model_length": .length
            case "content_filter": .filtered
            default: .unknown
            }
        let found = stopString.flatMap { request.stop.contains($0) ? $0 : nil }
        return SubjectReply(
            text: text, finishReason: reason, stopString: reason == .stop ? found : nil,
            promptTokenCount: usage?.promptTokens ?? 0, generatedTokenCount: usage?.completionTokens ?? 0)
    }

    // MARK: - What is sent

    /// How a request wants tokens drawn, and its end.
    private func generationSettings(
        of request: SubjectRequest, lengthMember: GenerationSettings.LengthMember? = nil
    ) -> GenerationSettings {
        let sampling = request.sampling
        let chosen: GenerationSettings.LengthMember =
            settings.lengthName == .maxTokens ? .maximumTokens : .maximumCompletionTokens
        return GenerationSettings(
            temperature: sampling.temperature, topP: sampling.topP, topK: sampling.topK > 0 ? sampling.topK : nil,
            maximumTokens: sampling.maximumTokens, lengthMember: lengthMember ?? chosen, seed: Self.seed(request),
            stop: request.stop)
    }

    /// Servers read seeds as 32-bit numbers, some of them with a sign.
    static func seed(_ request: SubjectRequest) -> Int { Int(request.seed >> 33) }

    func messages(_ request: SubjectRequest, continuation: String = "") -> [ChatMessage] {
        let opening = request.responsePrefix + continuation
        return request.messages + (opening.isEmpty ? [] : [ChatMessage(role: .assistant, content: opening)])
    }

    func text(of request: SubjectRequest) throws -> String {
        guard let template else {
            throw cannot("there is no template to make a text of a conversation.", "Set endpoint.template.")
        }
        // A template that prints the date would otherwise ask something else tomorrow.
        let clock = TemplateClock(Date(timeIntervalSince1970: 1_735_689_600))
        do {
            return try template.render(messages: request.messages, clock: clock).text + request.responsePrefix
        } catch  where error.kind == .raised {
            try requireSystemRole(of: request, notDeniedBy: error.message)
            throw error
        }
    }

    /// Throws if an error says that there is no system role, which every request of a study would meet again.
    private func requireSystemRole(of request: SubjectRequest, notDeniedBy message: String) throws(EndpointError) {
        guard Self.namesSystemRole(message), request.messages.contains(where: { $0.role == .system }) else { return }
        throw cannot("it takes no system messages (\(message.legible(limit: 200))).", SystemRole.remedy)
    }

    private func cannot(_ problem: String, _ remedy: String) -> EndpointError {
        EndpointError(kind: .unsupported, address: caller.address.description, problem: problem, remedy: remedy)
    }

    private func explain(_ status: Int, _ reply: ErrorReply) -> String {
        let hint: String =
            switch (status, reply.code) {
            case (_, "context_length_exceeded"): "; the prompt and sampling.maximumTokens are longer than its context"
            case (413, _): "; the request is too large for it"
            case _ where reply.message.contains("max_completion_tokens"):
                "; set endpoint.lengthName to max_completion_tokens"
            case _ where reply.message.contains("continue_final_message"):
                "; it continues no message: set endpoint.responsePrefix"
            default: ""
            }
        return "it refuses the request (status \(status): \(reply.message))\(hint)"
    }

    /// Whether a message speaks of the role that system messages have: in quotation marks, or beside a word such as “role”. A server
    /// speaks of its own system as well.
    static func namesSystemRole(_ message: String) -> Bool {
        let text = message.lowercased()
        let words = text.split { !$0.isLetter }
        let companions: Set<Substring> = ["role", "roles", "message", "messages", "prompt", "prompts", "instructions"]
        return ["'system'", "\"system\"", "`system`", "“system”"].contains(where: text.contains)
            || zip(words, words.dropFirst()).contains { first, second in
                (first == "system" && companions.contains(second)) || (companions.contains(first) && second == "system")
            }
    }
}
