import GygesCheckpoints

/// How fast an encoder makes vectors.
public struct EncoderSpeed: Sendable, Equatable {
    /// The tokens of all texts together; padding is not counted, because there is none.
    public var tokenCount: Int
    /// The seconds of each repetition, ascending.
    public var seconds: [Double]

    /// The seconds in the middle.
    public var medianSeconds: Double { seconds.isEmpty ? .nan : seconds[seconds.count / 2] }
    /// Tokens a second in the middle.
    public var median: Double { Double(tokenCount) / medianSeconds }
    /// Tokens a second at best.
    public var best: Double { Double(tokenCount) / (seconds.first ?? .nan) }
}

extension TextEncoder {
    /// Measures making a normalised mean vector of each of some texts together.
    ///
    /// - Parameters:
    ///   - lengths: The texts' tokens. What they are makes no difference to the time.
    ///   - repetitions: How often that is done; one time before is not counted.
    /// - Throws: ``EncoderError`` if a text is longer than the model reads.
    public func measureSpeed(lengths: [Int], repetitions: Int) throws -> EncoderSpeed {
        let limit = max(1, min(configuration.vocabularySize, 16_000))
        let texts = lengths.enumerated().map { index, length in
            (0..<length).map { Int32(($0 * 37 + index * 131 + 11) % limit) }
        }
        let seconds = try (0...max(0, repetitions)).map { _ in try secondsOfEmbedding(texts) }
        return EncoderSpeed(tokenCount: lengths.reduce(0, +), seconds: seconds.dropFirst().sorted())
    }

    /// The seconds that a normalised mean vector of each text takes.
    ///
    /// - Parameter texts: Token ids.
    /// - Throws: ``EncoderError`` if a text is longer than the model reads.
    public func secondsOfEmbedding(_ texts: [[Int32]]) throws -> Double {
        let start = ContinuousClock.now
        _ = try runner.embeddings(of: texts, pooling: .mean, normalizes: true)
        return start.duration(to: .now) / .seconds(1)
    }
}
