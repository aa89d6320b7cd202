import GygesText

/// The growing text of one generation: sampling, decoding and the search for stops.
struct Generation {
    private let request: GenerationRequest
    private var sampler: Sampler
    private var decoder: TokenDecoder
    private var completion = Completion()
    /// Text that was decoded and not yet delivered because it may be the beginning of a stop string.
    private var held = ""
    private var newText = ""
    private var isFinished = false

    init(request: GenerationRequest, reusedTokenCount: Int, tokenizer: Tokenizer) {
        self.request = request
        sampler = Sampler(parameters: request.sampling, prompt: request.prompt)
        decoder = TokenDecoder(tokenizer: tokenizer)
        completion.promptTokenCount = request.prompt.count
        completion.reusedTokenCount = reusedTokenCount
    }

    /// Chooses the next token and takes in its text.
    mutating func sample(from logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
        let scored = sampler.sample(from: logits)
        completion.tokens.append(scored)
        if request.stopTokens.contains(scored.token) {
            finish(.stop)
        } else {
            held += decoder.append(scored.token)
            if let cut = firstStop(in: held) {
                held = String(held[..<cut])
                finish(.stop, flushesDecoder: false)
            } else if completion.tokens.count >= request.maximumTokenCount {
                finish(.length)
            } else {
                release()
            }
        }
        return scored.token
    }

    /// Delivers what is new; returns whether this was the end.
    mutating func deliver(to job: EngineJob) -> Bool {
        if !newText.isEmpty { job.deliver(.success(.text(newText))) }
        newText = ""
        if isFinished { job.deliver(.success(.completion(completion))) }
        return isFinished
    }

    private mutating func finish(_ reason: FinishReason, flushesDecoder: Bool = true) {
        if flushesDecoder {
            held += decoder.finish()
            if let cut = firstStop(in: held) { held = String(held[..<cut]) }
        }
        completion.finishReason = reason
        emit(held)
        held = ""
        isFinished = true
    }

    /// Lets go of the held text except for an ending that a stop string could begin with.
    private mutating func release() {
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

    private mutating func emit(_ text: String) {
        newText += text
        completion.text += text
    }

    /// Where the earliest stop string begins, compared scalar by scalar.
    private func firstStop(in text: String) -> String.Index? {
        let scalars = text.unicodeScalars
        return request.stopStrings.compactMap { stop -> String.Index? in
            let stop = Array(stop.unicodeScalars)
            guard !stop.isEmpty else { return nil }
            var start = scalars.startIndex
            while start != scalars.endIndex {
                if scalars[start...].starts(with: stop) { return start }
                start = scalars.index(after: start)
            }
            return nil
        }.min()
    }
}
