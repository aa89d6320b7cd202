import GygesConstraints
import GygesTokenizer
import GygesKernels

/// What a request must keep to in order to be served at all.
struct RequestLimits {
    /// The most positions of a request.
    var contextLength: Int
    /// Those that the model was trained on.
    var nativeLength: Int
    /// The rows of the embedding table.
    var vocabularySize: Int
    /// The most pages of keys and values.
    var pageCapacity: Int
    /// The bytes of each.
    var pageByteCount: Int
    /// The model's tokenizer, for which constraints must be made.
    var tokenizer: Tokenizer

    /// The most tokens a request can grow to.
    func tokenLimit(of request: EngineJob.Request) -> Int {
        switch request {
        case .generation(let request):
            // Without adding up: the count may be anything.
            request.prompt.count + min(request.maximumTokenCount, max(0, contextLength - request.prompt.count))
        case .scoring(let request): request.tokens.count
        }
    }

    /// Why a request can never be served, if so.
    func problem(with request: EngineJob.Request) -> String? {
        let tokens: [Int32]
        switch request {
        case .generation(let request):
            tokens = request.prompt
            if let problem = request.sampling.problems.first { return "Sampling: \(problem)." }
            if request.maximumTokenCount < 1 { return "At least one token must be asked for." }
            if let constraint = request.constraint, constraint.tokenizer !== tokenizer {
                return "The constraint was made for another tokenizer; make it for this model's."
            }
            if tokens.count >= contextLength {
                return contextProblem("prompt", tokens.count)
            }
        case .scoring(let request):
            tokens = request.tokens
            if !(1..<max(2, tokens.count)).contains(request.firstScored) || tokens.count < 2 {
                return "Scoring needs at least one token of context and one to score."
            }
        }
        if tokens.isEmpty { return "The prompt has no tokens." }
        if tokens.count > contextLength {
            return contextProblem("text", tokens.count)
        }
        if let token = tokens.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
            return "Token \(token) is not in the model's vocabulary of \(vocabularySize)."
        }
        let pages = KeyValuePool.pageCount(forTokens: tokenLimit(of: request))
        if pages > pageCapacity {
            return "The request needs \(pages * pageByteCount) bytes of keys and values; the limit is "
                + "\(pageCapacity * pageByteCount). Ask for fewer tokens or raise the limit."
        }
        return nil
    }

    private func contextProblem(_ name: String, _ count: Int) -> String {
        "The \(name) has \(count) tokens and the context is limited to \(contextLength) (the model's own is \(nativeLength)). "
            + "Shorten it, or raise the limit (--context-length, or the engine's option longContext)."
    }
}
