/// Why the engine refused or ended a request.
///
/// `description` says what is wrong and what to do next; the cases carry the numbers, for whoever answers over a network.
public enum EngineError: Error, Sendable, Equatable {
    /// More tokens than a request may have. `nativeLimit` is what the model was trained on.
    case contextExceeded(tokenCount: Int, limit: Int, nativeLimit: Int)
    /// A sampling parameter out of its range.
    case invalidSampling(SamplingProblem)
    /// A prompt without tokens.
    case emptyPrompt
    /// A token that the model does not have.
    case unknownToken(Int32, vocabularySize: Int)
    /// Keys and values beyond the memory that the engine has for all requests together, in bytes.
    case memoryExceeded(byteCount: Int, limit: Int)
    /// Something else about the request that can never be served; the text says what, and what to do.
    case invalidRequest(String)
    /// No token of the model leads on from where the constraint stands, after so many tokens.
    case constraintImpossible(tokenCount: Int)
    /// After so many tokens the model's logits are infinite or no numbers, for the cause given.
    case logitsNotFinite(tokenCount: Int, cause: NonFiniteCause)
    /// As many requests as may are waiting already.
    case overloaded(limit: Int)
    /// Whoever asked does not want the answer any more.
    case cancelled
    /// The engine was shut down.
    case shutDown
    /// The system gave no thread to compute on, for the reason that `errno` numbers.
    case threadUnavailable(code: Int32)
}

extension EngineError: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .contextExceeded(let count, let limit, let native):
            "The request has \(count) tokens and the context is limited to \(limit) (the model's own is \(native)). "
                + "Shorten it, or raise the limit (--context-length, or the engine's option longContext)."
        case .invalidSampling(let problem): "Sampling: \(problem)."
        case .emptyPrompt: "The prompt has no tokens. Give at least one."
        case .unknownToken(let token, let size):
            "Token \(token) is not in the model's vocabulary of \(size). Use this model's tokenizer."
        case .memoryExceeded(let bytes, let limit):
            "The request needs \(bytes) bytes of keys and values; the limit is \(limit). "
                + "Ask for fewer tokens or raise the limit."
        case .invalidRequest(let reason): reason
        case .constraintImpossible(let count):
            "After \(count) tokens no token of the model can continue what the constraint asks for. Change the constraint, or "
                + "use a model with a byte-level tokenizer."
        case .logitsNotFinite(let count, let cause):
            "After \(count) tokens the model's logits are not finite, so that no token can be chosen or scored. \(cause)"
        case .overloaded(let limit):
            "\(limit) requests are waiting already, as many as may. Ask again later, or raise the engine's option queueLimit."
        case .cancelled: "The request was cancelled."
        case .shutDown: "The engine was shut down."
        case .threadUnavailable(let code):
            "The system gives no thread to compute on (error \(code)). Raise the limit of processes (ulimit -u), or end others."
        }
    }
}
