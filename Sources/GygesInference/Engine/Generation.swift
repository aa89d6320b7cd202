import GygesConstraints
import GygesTokenizer

/// The growing text of one generation: sampling, decoding and the search for stops. One thread at a time uses it.
final class Generation {
    private let request: GenerationRequest
    private var sampler: Sampler
    private var decoder: TokenDecoder
    private var matcher: ConstraintMatcher?
    /// What there is so far.
    var completion = Completion()
    /// Text that was decoded and not yet delivered because it may be the beginning of a stop string.
    private var held = ""
    // What `deliver` has not handed out yet.
    private var newText = ""
    private var deliveredTokenCount = 0
    private var outcome: Result<Completion, EngineError>?

    init(request: GenerationRequest, tokenizer: Tokenizer) {
        self.request = request
        sampler = Sampler(
            parameters: request.sampling, adjustments: request.adjustments, prompt: request.prompt,
            alternativeCount: request.topLogProbabilityCount)
        decoder = TokenDecoder(tokenizer: tokenizer, continuesText: true)
        matcher = request.constraint.map(ConstraintMatcher.init)
        completion.promptTokenCount = request.prompt.count
    }

    /// Tells whoever wants to know that the prompt begins to be read.
    func start() { request.onStart?() }

    /// Whether logits that are not finite ended the generation, without an outcome that ``deliver(to:)`` could give.
    var hasMetNonFinite: Bool { sampler.hasMetNonFinite }

    /// Chooses the next token and takes in its text; `nil` if the constraint allows none or the logits are not finite, either of
    /// which ends the generation.
    func sample(from logits: UnsafeMutableBufferPointer<Float>) -> Int32? {
        let sampled = sampler.sample(from: logits, allowed: allowedTokens())
        if hasMetNonFinite { return nil }
        guard let scored = sampled else {
            outcome = .failure(.constraintImpossible(tokenCount: completion.tokens.count))
            return nil
        }
        completion.tokens.append(scored)
        if request.stopTokens.contains(scored.token) {
            finish(.stop)
        } else {
            held += decoder.append(scored.token)
            matcher?.advance(by: scored.token)
            if cutAtStop() {
                finish(.stop, flushesDecoder: false)
            } else if matcher?.canContinue == false {
                finish(.stop)
            } else if completion.tokens.count >= request.maximumTokenCount {
                finish(.length)
            } else {
                release()
            }
        }
        return scored.token
    }

    /// The tokens that the constraint allows next, stop tokens where the text is complete; `nil` for all.
    private func allowedTokens() -> TokenMask? {
        guard matcher != nil, var allowed = matcher?.allowedTokens() else { return nil }
        let isComplete = matcher?.isComplete ?? false
        for token in request.stopTokens { allowed.set(token, isComplete) }
        return allowed
    }

    /// Delivers what is new; returns whether this was the end.
    func deliver(to job: EngineJob) -> Bool {
        if let buffer = job.buffer, deliveredTokenCount < completion.tokens.count || !newText.isEmpty {
            buffer.append(text: newText, tokens: Array(completion.tokens[deliveredTokenCount...]))
        }
        newText = ""
        deliveredTokenCount = completion.tokens.count
        if let outcome { job.deliver(outcome.map(EngineJob.Output.completion)) }
        return outcome != nil
    }

    private func finish(_ reason: FinishReason, flushesDecoder: Bool = true) {
        var reason = reason
        if flushesDecoder {
            held += decoder.finish()
            if cutAtStop() { reason = .stop }
        }
        completion.finishReason = reason
        emit(held)
        held = ""
        outcome = .success(completion)
    }

    /// Lets go of the held text except for an ending that a stop string could begin with.
    private func release() {
        let scalars = Array(held.unicodeScalars)
        var keep = 0
        for stop in request.stopStrings {
            let stop = Array(stop.unicodeScalars)
            for length in stride(from: min(stop.count - 1, scalars.count), to: keep, by: -1)
            where scalars.suffix(length).elementsEqual(stop.prefix(length)) {
                keep = length
                break
            }
        }
        emit(String(String.UnicodeScalarView(scalars.dropLast(keep))))
        held = String(String.UnicodeScalarView(scalars.suffix(keep)))
    }

    private func emit(_ text: String) {
        newText += text
        completion.text += text
    }

    /// Cuts the held text before the earliest stop string, compared scalar by scalar; returns whether there is one.
    private func cutAtStop() -> Bool {
        let scalars = held.unicodeScalars
        var earliest: (start: String.Index, stop: String)?
        for stop in request.stopStrings where !stop.isEmpty {
            let sought = stop.unicodeScalars
            var start = scalars.startIndex
            while start < earliest?.start ?? scalars.endIndex {
                if scalars[start...].starts(with: sought) { earliest = (start, stop) }
                start = scalars.index(after: start)
            }
        }
        guard let earliest else { return false }
        completion.stopString = earliest.stop
        held = String(held[..<earliest.start])
        return true
    }
}
