import GygesClient
public import GygesStudy
import GygesTemplates
import GygesWire

/// What an endpoint says of given texts' tokens.
extension EndpointSubject {
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
        } catch CallFailure.exhausted(let reason, let detail) {
            throw RequestFailure(reason, detail: detail)
        } catch CallFailure.refused(let status, let reply) {
            throw unavailable("it refuses to give them (status \(status): \(reply.message))")
        } catch let error as EndpointError where error.kind == .missing {
            throw unavailable(error.problem)
        }
    }

    private func promptTokens(_ request: SubjectRequest, continuation: String) async throws -> [ScoredToken] {
        let messages = messages(request, continuation: continuation)
        let body = ChatRequest(
            model: model, messages: messages, settings: GenerationSettings(temperature: 0, maximumTokens: 1),
            continuesLastMessage: messages.last?.role == .assistant, promptLogProbabilities: 0)
        let reply = try await ask(body, seed: request.seed, answerTokens: 1)
        guard let tokens = reply.promptLogProbabilities else {
            throw unavailable(
                "it does not know `prompt_logprobs`, which vLLM does; with endpoint.template, `echo` is tried instead")
        }
        return tokens
    }

    private func echoedTokens(_ request: SubjectRequest, continuation: String) async throws -> [ScoredToken] {
        let body = CompletionRequest(
            model: model, prompt: .text(try text(of: request) + continuation),
            settings: GenerationSettings(temperature: 0, maximumTokens: 1), echoes: true, logProbabilities: 1,
            addsSpecialTokens: false)
        let reply = try await ask(body, seed: request.seed, answerTokens: 1)
        // The one generated token may be there or not; only the usage tells.
        guard let tokens = reply.choices.first?.tokens, let count = reply.head.usage?.promptTokens, count > 0,
            tokens.count >= count,
            tokens.count <= count + 1
        else { throw unavailable("it does not repeat the prompt's tokens with `echo` and `logprobs`") }
        return Array(tokens.prefix(count))
    }
}
