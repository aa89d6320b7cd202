import GygesStatistics

/// Asks a subject for a number of five digits that stands somewhere in a long filler.
///
/// After Mohtashami & Jaggi (2023, arXiv 2305.16300, section 4.2) and the test of ChunkLlama (An et al. 2024, arXiv 2402.17463):
/// the answer counts if its first number is the one hidden.
public struct PasskeyEvaluation: Sendable {
    /// The lengths in tokens, the answer included.
    public var lengths: [Int]
    /// How far into the filler the number stands, from 0 to 1.
    public var depths: [Double]
    /// How many numbers are asked for at each length and depth.
    public var sampleCount: Int
    /// Decides the numbers.
    public var seed: UInt64

    /// The most tokens of an answer: five digits of a token each, and some words before them.
    public static let answerLimit = 16

    /// Creates an evaluation.
    public init(lengths: [Int], depths: [Double], sampleCount: Int, seed: UInt64 = 42) {
        self.lengths = lengths
        self.depths = depths
        self.sampleCount = sampleCount
        self.seed = seed
    }

    /// The question with a number at a depth, as long as fits.
    ///
    /// - Throws: ``EvaluationError`` if `length` is too short; what `count` throws.
    public func sample(
        depth: Double, index: Int, length: Int, guess: Int? = nil, count: (EvaluationPrompt) throws -> Int
    ) throws -> FittedItem {
        let stream = Int((depth * 1000).rounded())
        var generator = SampleSeed(seed: seed, task: 62, length: length, index: index << 10 | stream & 1023)
            .generator(for: .keys)
        let key = Int.random(in: 10_000...99_999, using: &generator)
        let recipe = Recipe(units: 1...(1 << 22), guess: guess) { units in
            let context = lines(
                Array(repeating: Haystack.noise, count: units),
                inserting: [(depth, "The pass key is \(key). Remember it. \(key) is the pass key.")])
            return EvaluationItem(
                prompt: EvaluationPrompt(
                    text: """
                        A piece of information is hidden in a lot of irrelevant text. Find it and memorize it. You will \
                        be asked about it at the end.

                        \(context)

                        What is the pass key?
                        """,
                    answerPrefix: " The pass key is"),
                references: [String(key)], metric: .firstNumber, answerLimit: Self.answerLimit, depths: [depth])
        }
        return try recipe.fitted(to: length, name: "passkey", count: count)
    }

    /// Asks everything.
    ///
    /// All samples begin alike, up to the number. So the longest and deepest come first, one after the other: a subject that
    /// keeps what it has read (``SubjectAnswer/reusedTokenCount``) then reads of each further sample what follows its number.
    /// - Parameter progress: called after every answer.
    /// - Returns: a result without label and model; its parts are the depths.
    public func run(
        _ subject: some EvaluationSubject, progress: (EvaluationProgress) -> Void = { _ in }
    ) async throws -> EvaluationResult {
        var state = EvaluationProgress(done: 0, total: lengths.reduce(0, +) * depths.count * sampleCount)
        var result = EvaluationResult(seed: seed, measures: [])
        var measure = EvaluationResult.Measure(.passkey)
        for length in lengths.sorted(by: >) {
            var all: [Double] = []
            var guess: Int?
            for depth in depths.sorted(by: >) {
                var items: [FittedItem] = []
                for index in 0..<sampleCount {
                    let item = try sample(depth: depth, index: index, length: length, guess: guess) {
                        try subject.tokens(of: $0).count
                    }
                    guess = item.unitCount
                    items.append(item)
                }
                let answered = try await subject.answers(to: items, atMost: 1) { _ in
                    state.done += length
                    progress(state)
                }
                let scores = answered.map(\.score)
                all += scores
                measure.parts.append(.init(length: length, part: "depth \(depth)", scores: scores))
                result.add(answered)
            }
            measure.points.insert(.init(length: length, scores: all), at: 0)
        }
        measure.parts.reverse()
        result.measures = [measure]
        return result
    }
}
