import GygesCheckpoints
import GygesConstraints
import GygesTokenizer
import GygesKernels
import GygesModels

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
    /// What adapters must have been made for; `nil` for no adapter.
    var shape: AdaptedShape?

    /// The most tokens a request can grow to.
    func tokenLimit(of request: EngineJob.Request) -> Int {
        switch request {
        case .generation(let request):
            // Without adding up: the count may be anything.
            request.prompt.count + min(request.maximumTokenCount, max(0, contextLength - request.prompt.count))
        case .scoring(let request): request.tokens.count
        }
    }

    /// - Throws: ``EngineError`` if the request can never be served.
    func check(_ request: EngineJob.Request) throws(EngineError) {
        let tokens: [Int32]
        // Of a generation, one more must fit.
        var room = contextLength
        switch request {
        case .generation(let request):
            tokens = request.prompt
            room -= 1
            try check(request)
        case .scoring(let request):
            tokens = request.tokens
            if !(1..<max(2, tokens.count)).contains(request.firstScored) || tokens.count < 2 {
                throw .invalidRequest("Scoring needs at least one token of context and one to score.")
            }
            try check(topLogProbabilityCount: request.topLogProbabilityCount)
        }
        if tokens.isEmpty { throw .emptyPrompt }
        if let adapter = request.adapter, adapter.shape != shape {
            throw .invalidRequest("The adapter was loaded for another model; load it for this one.")
        }
        if tokens.count > room {
            throw .contextExceeded(tokenCount: tokens.count, limit: contextLength, nativeLimit: nativeLength)
        }
        if let token = tokens.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
            throw .unknownToken(token, vocabularySize: vocabularySize)
        }
        let pages = KeyValuePool.pageCount(forTokens: tokenLimit(of: request))
        if pages > pageCapacity {
            throw .memoryExceeded(
                byteCount: saturatingProduct(pages, pageByteCount),
                limit: saturatingProduct(pageCapacity, pageByteCount))
        }
    }

    private func check(topLogProbabilityCount count: Int) throws(EngineError) {
        guard !(0...GenerationRequest.topLogProbabilityLimit).contains(count) else { return }
        throw .invalidRequest(
            "Log-probabilities can be asked for 0 to \(GenerationRequest.topLogProbabilityLimit) tokens each, not \(count)."
        )
    }

    private func check(_ request: GenerationRequest) throws(EngineError) {
        do throws(SamplingProblem) {
            try request.sampling.validate()
        } catch {
            throw .invalidSampling(error)
        }
        if request.maximumTokenCount < 1 { throw .invalidRequest("At least one token must be asked for.") }
        try check(topLogProbabilityCount: request.topLogProbabilityCount)
        let adjustments = request.adjustments
        guard adjustments.frequencyPenalty.isFinite, adjustments.presencePenalty.isFinite,
            adjustments.bias.values.allSatisfy(\.isFinite)
        else {
            throw .invalidRequest("Penalties and biases of logits must be finite numbers.")
        }
        if let token = adjustments.bias.keys.filter({ $0 < 0 || Int($0) >= vocabularySize }).min() {
            throw .unknownToken(token, vocabularySize: vocabularySize)
        }
        if let constraint = request.constraint, constraint.tokenizer !== tokenizer {
            throw .invalidRequest("The constraint was made for another tokenizer; make it for this model's.")
        }
    }
}

extension RequestLimits {
    /// The limits of an engine.
    init(of model: DecoderModel, tokenizer: Tokenizer, longContext: LongContext, pool: KeyValuePool) {
        contextLength = longContext.limit
        nativeLength = longContext.nativeLength
        vocabularySize = model.decoder.configuration.vocabularySize
        pageCapacity = pool.capacity
        pageByteCount = pool.pageByteCount
        self.tokenizer = tokenizer
        shape = AdaptedShape(model.decoder)
    }
}

/// `a · b` of numbers above 0, or the largest number there is.
private func saturatingProduct(_ a: Int, _ b: Int) -> Int {
    let (product, overflows) = a.multipliedReportingOverflow(by: b)
    return overflows ? .max : product
}
