import Foundation
import GygesStatistics

/// How well a subject predicts the end of a text, by how much of what comes before it sees.
///
/// Every length predicts the same tokens: windows of all lengths end at the same places. The curve therefore shows what context
/// does, and not which passage is easy.
public struct PerplexityEvaluation: Sendable {
    /// The windows' lengths in tokens.
    public var lengths: [Int]
    /// At how many places windows end.
    public var windowCount: Int
    /// How many tokens at the end of a window are predicted.
    public var scoredCount: Int

    /// Tokens in a row that are drawn together for the interval: losses of neighbours are not independent.
    static let blockLength = 64

    /// Creates an evaluation.
    public init(lengths: [Int], windowCount: Int = 2, scoredCount: Int = 1024) {
        self.lengths = lengths
        self.windowCount = windowCount
        self.scoredCount = scoredCount
    }

    /// The places where windows end: apart as evenly as a text of so many tokens allows, the first after the longest window.
    ///
    /// - Throws: ``EvaluationError`` if the text is shorter than the longest window, or not a token would be scored.
    func ends(inTokenCount count: Int) throws -> [Int] {
        let longest = lengths.max() ?? 0
        guard let shortest = lengths.min(), scoredCount >= 1, shortest > scoredCount, windowCount >= 1 else {
            throw EvaluationError("Each length must be greater than the number of scored tokens, \(scoredCount).")
        }
        guard count >= longest else {
            throw EvaluationError(
                "The text has \(count) tokens and the longest window \(longest). Give a longer text or smaller lengths."
            )
        }
        guard windowCount > 1 else { return [longest] }
        let step = (count - longest) / (windowCount - 1)
        guard step >= scoredCount else {
            throw EvaluationError(
                "The text of \(count) tokens has no room for \(windowCount) windows of \(longest) tokens whose ends do not "
                    + "overlap. Ask for fewer windows or give a longer text.")
        }
        return (0..<windowCount).map { longest + $0 * step }
    }

    /// Scores all windows, the longest first, so that a length which the subject cannot take fails at once.
    ///
    /// The interval is a percentile bootstrap over blocks of 64 tokens in a row (Künsch 1989, doi:10.1214/aos/1176347265). It
    /// says how far another text of the kind could differ; lengths and settings share their tokens, so that differences between
    /// them are known much better.
    /// - Returns: a result without label and model.
    /// - Throws: ``EvaluationError`` as for the places, and where a loss is not a number; what the subject throws.
    public func run(
        _ subject: some EvaluationSubject, text: String, seed: UInt64 = 42,
        progress: (EvaluationProgress) -> Void = { _ in }
    ) async throws -> EvaluationResult {
        let tokens = try subject.tokens(ofText: text)
        let ends = try ends(inTokenCount: tokens.count)
        var state = EvaluationProgress(done: 0, total: lengths.reduce(0, +) * ends.count)
        var result = EvaluationResult(kind: .perplexity, label: "", model: "", seed: seed, points: [])
        for length in lengths.sorted(by: >) {
            var losses: [[Double]] = []
            for end in ends {
                let window = Array(tokens[(end - length)..<end])
                let logProbabilities = try await subject.logProbabilities(of: window, from: length - scoredCount)
                guard logProbabilities.allSatisfy(\.isFinite), !logProbabilities.isEmpty else {
                    throw EvaluationError("A log-probability at length \(length) is not a finite number.")
                }
                losses.append(logProbabilities.map { -$0 })
                result.promptTokens += length
                state.done += length
                progress(state)
            }
            result.points.insert(point(length: length, losses: losses, seed: seed), at: 0)
        }
        return result
    }

    private func point(length: Int, losses: [[Double]], seed: UInt64) -> EvaluationResult.Point {
        let blocks = losses.flatMap { window in
            stride(from: 0, to: window.count, by: Self.blockLength).map {
                Array(window[$0..<min($0 + Self.blockLength, window.count)])
            }
        }
        func perplexity(_ blocks: [[Double]]) -> Double {
            let count = blocks.reduce(0) { $0 + $1.count }
            return exp(blocks.reduce(0) { $0 + $1.reduce(0, +) } / Double(count))
        }
        var generator = SeededGenerator(seed: seed, stream: UInt64(length))
        return EvaluationResult.Point(
            length: length, count: losses.reduce(0) { $0 + $1.count }, value: perplexity(blocks),
            interval: blocks.count < 2
                ? nil : bootstrapInterval(of: blocks, draws: 2000, using: &generator, statistic: perplexity))
    }
}
