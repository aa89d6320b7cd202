#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// How well a model predicts a text that is cut into windows.
public struct PerplexityMeasurement: Sendable, Equatable {
    /// The sum of the negative log-probabilities of all tokens that count, in nats.
    public internal(set) var negativeLogProbability = 0.0
    /// How many tokens count: all but each window's first.
    public internal(set) var tokenCount = 0

    /// The mean negative log-probability of a token, in nats.
    public var natsPerToken: Double { negativeLogProbability / Double(tokenCount) }
    /// exp of ``natsPerToken``.
    public var perplexity: Double { exp(natsPerToken) }
}

extension LanguageModel {
    /// Measures how well the model predicts windows of tokens, each read from an empty context.
    ///
    /// - Parameters:
    ///   - windows: Token ids; at least two each.
    ///   - observer: Sees the logits behind every token that counts, window after window.
    ///   - progress: Told how many tokens of all windows are read.
    /// - Throws: ``EngineError`` if a window is too short or too long or has a token that the model does not know.
    /// - Complexity: That of reading every token once.
    public func perplexity(
        ofWindows windows: [[Int32]], observer: ScoringRequest.LogitsObserver? = nil,
        progress: (_ tokenCount: Int) -> Void = { _ in }
    ) async throws -> PerplexityMeasurement {
        var measurement = PerplexityMeasurement()
        var readCount = 0
        for window in windows {
            let scores = try await engine.score(
                ScoringRequest(tokens: window, firstScored: 1, observer: observer))
            measurement.negativeLogProbability -= scores.reduce(0) { $0 + $1.logProbability }
            measurement.tokenCount += scores.count
            readCount += window.count
            progress(readCount)
        }
        return measurement
    }
}
