import Foundation
import GygesStatistics

/// How well a subject predicts the end of a text, by how much of what comes before it sees.
///
/// Every length predicts the same tokens: windows of all lengths end at the same places. The curve therefore shows what context
/// does, and not which passage is easy.
///
/// Reading long contexts is what takes time, so that the same reading can serve a second measure: pass keys are hidden in each window
/// and asked for after its end.
public struct PerplexityEvaluation: Sendable {
    /// The windows' lengths in tokens.
    public var lengths: [Int]
    /// At how many places windows end.
    public var windowCount: Int
    /// How many tokens at the end of a window are predicted.
    public var scoredCount: Int
    /// Where pass keys are hidden, as shares of what comes before the predicted tokens; empty to hide none.
    public var keyDepths: [Double]

    /// Tokens in a row that are drawn together for the interval: losses of neighbours are not independent.
    static let blockLength = 64

    /// Creates an evaluation.
    public init(lengths: [Int], windowCount: Int = 2, scoredCount: Int = 1024, keyDepths: [Double] = []) {
        self.lengths = lengths
        self.windowCount = windowCount
        self.scoredCount = scoredCount
        self.keyDepths = keyDepths.sorted()
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
        var result = EvaluationResult(seed: seed, measures: [])
        var perplexity = EvaluationResult.Measure(.perplexity)
        var found = EvaluationResult.Measure(.passkey)
        for length in lengths.sorted(by: >) {
            var losses: [[Double]] = []
            var scores = [[Double]](repeating: [], count: keyDepths.count)
            for (index, end) in ends.enumerated() {
                let keys = HiddenKeys(
                    depths: keyDepths, seed: SampleSeed(seed: seed, task: 61, length: length, index: index))
                let reading = try keys.hidden(in: tokens[..<end], length: length, untouched: scoredCount) {
                    try subject.tokens(ofText: $0)
                }
                // One after the other: what the first question reads, the others and the prediction know.
                for (number, question) in reading.questions.enumerated() {
                    let prompt = reading.text + question
                    let answer = try await subject.complete(prompt, limit: PasskeyEvaluation.answerLimit)
                    scores[number].append(EvaluationItem.containsFirst(keys.keys[number].number, answer.text) ? 1 : 0)
                    result.promptTokens += prompt.count
                    result.reusedTokens += answer.reusedTokenCount
                }
                let logProbabilities = try await subject.logProbabilities(
                    of: reading.text, from: reading.text.count - scoredCount)
                guard logProbabilities.allSatisfy(\.isFinite), !logProbabilities.isEmpty else {
                    throw EvaluationError("A log-probability at length \(length) is not a finite number.")
                }
                losses.append(logProbabilities.map { -$0 })
                // Asked for keys, it has been read already.
                if reading.questions.isEmpty { result.promptTokens += reading.text.count }
                state.done += length
                progress(state)
            }
            perplexity.points.insert(point(length: length, losses: losses, seed: seed), at: 0)
            guard !keyDepths.isEmpty else { continue }
            found.points.insert(.init(length: length, scores: scores.flatMap { $0 }), at: 0)
            found.parts.insert(
                contentsOf: zip(keyDepths, scores).map { .init(length: length, part: "depth \($0)", scores: $1) }, at: 0
            )
        }
        result.measures = keyDepths.isEmpty ? [perplexity] : [perplexity, found]
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
