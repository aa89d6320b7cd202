import GygesCheckpoints
import GygesClient
import GygesFiles
import GygesTemplates
import FoundationEssentials
public import GygesStudy
import GygesWire

/// A model behind an API in OpenAI's form (vLLM, SGLang, llama-server, OpenAI, and what imitates them) as a subject or a
/// judge.
///
/// What is asked is the same each time; what is answered is the endpoint's affair. Most do not answer twice alike even
/// with a seed, because what else they compute changes their rounding. A journal keeps each answer once, so that a run that
/// goes on has the answers that it had.
public struct EndpointSubject: Subject {
    /// The address, the model, what the endpoint says of it, and the settings that have a part in answers.
    public let identity: SubjectIdentity
    let caller: EndpointCaller
    private let model: String
    private let settings: EndpointSettings
    private let template: ChatTemplate?

    /// Asks an endpoint what it offers.
    ///
    /// - Parameters:
    ///   - reference: its address with the model, `http://host:port/v1#model`.
    ///   - settings: how it is asked.
    ///   - isReplica: whether it is one of several that are the same model to the study; its address is then no part of the
    ///     identity.
    ///   - concurrency: how many calls are under way at once.
    ///   - environment: where the key is looked up; `nil` for the process's.
    /// - Throws: `FileError` if the address or the template is none, ``EndpointError`` if the endpoint cannot be asked.
    public static func connect(
        to reference: String, settings: EndpointSettings = .init(), isReplica: Bool = false, concurrency: Int = 16,
        environment: [String: String]? = nil
    ) async throws -> EndpointSubject {
        let address = try EndpointAddress(reference)
        let key = try EndpointCaller.key(
            named: settings.keyVariable, for: address, in: environment ?? ProcessInfo.processInfo.environment)
        let caller = EndpointCaller(
            address: address,
            settings: CallSettings(
                keyVariable: settings.keyVariable, timeout: settings.timeout,
                policy: RetryPolicy(attempts: settings.attempts), concurrency: concurrency,
                requestsPerMinute: settings.requestsPerMinute, tokensPerMinute: settings.tokensPerMinute), key: key)
        return try await EndpointSubject(caller, settings: settings, isReplica: isReplica)
    }

    init(_ caller: EndpointCaller, settings: EndpointSettings, isReplica: Bool = false) async throws {
        self.caller = caller
        self.settings = settings
        model = caller.address.model
        template = try settings.template.map(Self.template)
        let facts = try await Self.facts(caller)
        var details = facts
        details["address"] = caller.address.base
        details["kind"] = "endpoint"
        details["repeatable"] = "the endpoint decides: replies may differ from one call to the next"
        // Sorted, so that the order of a dictionary decides nothing.
        let said = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let decisive = [
            "endpoint 1", isReplica ? "replicas" : caller.address.base, model, settings.prefill.rawValue,
            settings.lengthName.rawValue, template.map { Digest.sha256($0.source) } ?? "no template",
        ]
        identity = SubjectIdentity(
            name: isReplica ? model : caller.address.description,
            digest: Digest.sha256((decisive + said).joined(separator: "\n")), details: details)
    }

    /// What the endpoint says of the model; nothing if it does not list its models.
    private static func facts(_ caller: EndpointCaller) async throws -> [String: String] {
        let list: ModelList
        do {
            list = try await caller.call("/models", body: nil, seed: 0) { json, source throws(FileError) in
                (try ModelList(json, source: source), nil)
            }
        } catch let error as EndpointError where error.kind == .missing {
            return [:]
        } catch CallFailure.refused {
            return [:]
        } catch CallFailure.exhausted(let reason) {
            throw EndpointError(
                kind: .unavailable, address: caller.address.description, problem: "\(reason).",
                remedy: "Start it, or check the address: http://host:port/v1#model.")
        }
        return list.models.first { $0.id == caller.address.model }?.facts ?? [:]
    }

    private static func template(at path: String) throws -> ChatTemplate {
        if path.hasSuffix(".jinja") || path.hasSuffix(".jinja2") || path.hasSuffix(".txt") {
            let source = try MappedFile(path: path).withBytes { String(validating: $0, as: UTF8.self) }
            guard let source else { throw FileError(path, "is not UTF-8", remedy: "Give a Jinja template.") }
            return try ChatTemplate(source: source, name: path)
        }
        guard let template = try ChatTemplate(folder: ModelFolder(path: path)) else {
            throw FileError(
                path, "has no chat template", remedy: "Give a Jinja file, or a folder with the model's tokenizer.")
        }
        return template
    }

    // MARK: - Answers

    /// Asks once; a reply that was cut off, filtered or badly formed is a reply.
    public func respond(to request: SubjectRequest) async throws -> SubjectReply {
        do {
            if settings.prefill == .completions, request.schema == nil { return try await completion(of: request) }
            return try await chat(request)
        } catch CallFailure.exhausted(let reason) {
            throw RequestFailure(reason)
        } catch CallFailure.refused(let status, let reply) {
            if reply.code == "content_filter" || reply.type == "content_filter" {
                return SubjectReply(text: "", finishReason: .filtered)
            }
            throw RequestFailure(explain(status, reply))
        }
    }

    private func chat(_ request: SubjectRequest) async throws -> SubjectReply {
        let sampling = request.sampling
        if !request.prefill.isEmpty, settings.prefill == .none {
            throw cannot(
                "its answers cannot be made to begin with a given text, and a mode of the study demands that.",
                "Leave that mode out (modes: [...]), or set endpoint.prefill.")
        }
        let body = ChatRequest(
            model: model, messages: messages(request), temperature: sampling.temperature, topP: sampling.topP,
            topK: sampling.topK > 0 ? sampling.topK : nil, maximumTokens: sampling.maximumTokens,
            lengthMember: settings.lengthName == .maxTokens ? .maximumTokens : .maximumCompletionTokens,
            seed: Self.seed(request), stop: request.stop,
            responseFormat: request.schema.map { .jsonSchema(name: "answer", schema: $0) },
            continuesLastMessage: !request.prefill.isEmpty)
        let reply = try await caller.call(
            "/chat/completions", body: body.json, seed: request.seed, answerTokens: sampling.maximumTokens
        ) { json, source throws(FileError) in
            let reply = try ChatReply(json, source: source)
            return (reply, reply.usage)
        }
        var text = reply.content.isEmpty ? reply.refusal ?? "" : reply.content
        // Some servers repeat what they were to continue.
        if !request.prefill.isEmpty, text.hasPrefix(request.prefill) { text.removeFirst(request.prefill.count) }
        if let reasoning = reply.reasoning, !reasoning.isEmpty { text = "<think>\n\(reasoning)\n</think>\n\n\(text)" }
        return subjectReply(text, reply.finishReason, stopString: reply.stopString, request, reply.usage)
    }

    private func completion(of request: SubjectRequest) async throws -> SubjectReply {
        let sampling = request.sampling
        let body = CompletionRequest(
            model: model, prompt: try text(of: request), temperature: sampling.temperature, topP: sampling.topP,
            topK: sampling.topK > 0 ? sampling.topK : nil, maximumTokens: sampling.maximumTokens,
            seed: Self.seed(request), stop: request.stop, addsSpecialTokens: false)
        let reply = try await caller.call(
            "/completions", body: body.json, seed: request.seed, answerTokens: sampling.maximumTokens
        ) { json, source throws(FileError) in
            let reply = try CompletionReply(json, source: source)
            return (reply, reply.usage)
        }
        return subjectReply(reply.text, reply.finishReason, stopString: reply.stopString, request, reply.usage)
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

    /// Servers read seeds as 32-bit numbers, some of them with a sign.
    static func seed(_ request: SubjectRequest) -> Int { Int(request.seed >> 33) }

    private func messages(_ request: SubjectRequest, continuation: String = "") -> [ChatRequest.Message] {
        let opening = request.prefill + continuation
        return request.messages.map { ChatRequest.Message(role: $0.role.rawValue, content: $0.content) }
            + (opening.isEmpty ? [] : [ChatRequest.Message(role: "assistant", content: opening)])
    }

    private func text(of request: SubjectRequest) throws -> String {
        guard let template else {
            throw cannot("there is no template to make a text of a conversation.", "Set endpoint.template.")
        }
        let messages = request.messages.map { ChatMessage(role: $0.role.rawValue, content: $0.content) }
        // A template that prints the date would otherwise ask something else tomorrow.
        let clock = TemplateClock(Date(timeIntervalSince1970: 1_735_689_600))
        let rendered = try template.render(messages: messages, clock: clock)
        return rendered.text + request.prefill
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
                "; it continues no message: set endpoint.prefill"
            default: ""
            }
        return "it refuses the request (status \(status): \(reply.message))\(hint)"
    }

    // MARK: - Log-probabilities

    /// Scores each continuation by what the endpoint says of a prompt's tokens, where it says so.
    ///
    /// The tokens of the context alone must begin those of the context with the continuation; what follows them is the
    /// continuation.
    public func tokenLogProbabilities(
        of continuations: [String], after request: SubjectRequest
    ) async throws -> [[Double]] {
        let context = try await scoredTokens(request, continuation: "")
        return try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
            for (index, continuation) in continuations.enumerated() {
                group.addTask {
                    let tokens = try await scoredTokens(request, continuation: continuation)
                    guard tokens.count > context.count, zip(tokens, context).allSatisfy({ $0.name == $1.name }) else {
                        throw unavailable("its tokenizer joins “\(continuation)” with the text before it")
                    }
                    let values = tokens[context.count...].compactMap(\.logProbability)
                    guard values.count == tokens.count - context.count else {
                        throw unavailable("a token has no value")
                    }
                    return (index, values)
                }
            }
            var values = [[Double]](repeating: [], count: continuations.count)
            for try await (index, value) in group { values[index] = value }
            return values
        }
    }

    private func unavailable(_ reason: String) -> StudyError {
        .noLogProbabilities(subject: identity.name, reason: reason)
    }

    /// The tokens of a request's text and a continuation, with their log-probabilities.
    private func scoredTokens(_ request: SubjectRequest, continuation: String) async throws -> [ScoredToken] {
        do {
            switch settings.logProbabilities {
            case .none: throw unavailable("endpoint.logProbabilities is none")
            case .echo: return try await echoedTokens(request, continuation: continuation)
            case .automatic where template != nil:
                return try await echoedTokens(request, continuation: continuation)
            case .automatic, .promptLogProbabilities:
                return try await promptTokens(request, continuation: continuation)
            }
        } catch CallFailure.exhausted(let reason) {
            throw RequestFailure(reason)
        } catch CallFailure.refused(let status, let reply) {
            throw unavailable("it refuses to give them (status \(status): \(reply.message))")
        } catch let error as EndpointError where error.kind == .missing {
            throw unavailable(error.problem)
        }
    }

    private func promptTokens(_ request: SubjectRequest, continuation: String) async throws -> [ScoredToken] {
        let messages = messages(request, continuation: continuation)
        let body = ChatRequest(
            model: model, messages: messages, temperature: 0, maximumTokens: 1,
            continuesLastMessage: messages.last?.role == "assistant", promptLogProbabilities: 0)
        let reply = try await caller.call("/chat/completions", body: body.json, seed: request.seed, answerTokens: 1) {
            json, source throws(FileError) in
            let reply = try ChatReply(json, source: source)
            return (reply, reply.usage)
        }
        guard let tokens = reply.promptLogProbabilities else {
            throw unavailable(
                "it does not know `prompt_logprobs`, which vLLM does; with endpoint.template, `echo` is tried instead")
        }
        return tokens
    }

    private func echoedTokens(_ request: SubjectRequest, continuation: String) async throws -> [ScoredToken] {
        let body = CompletionRequest(
            model: model, prompt: try text(of: request) + continuation, temperature: 0, maximumTokens: 1, echoes: true,
            logProbabilities: 1, addsSpecialTokens: false)
        let reply = try await caller.call("/completions", body: body.json, seed: request.seed, answerTokens: 1) {
            json, source throws(FileError) in
            let reply = try CompletionReply(json, source: source)
            return (reply, reply.usage)
        }
        // The one generated token may be there or not; only the usage tells.
        guard let tokens = reply.tokens, let count = reply.usage?.promptTokens, count > 0, tokens.count >= count,
            tokens.count <= count + 1
        else { throw unavailable("it does not repeat the prompt's tokens with `echo` and `logprobs`") }
        return Array(tokens.prefix(count))
    }
}
