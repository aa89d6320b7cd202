import GygesTokenizer
public import GygesCheckpoints
import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A word for a masked place.
public struct MaskCandidate: Sendable, Equatable {
    /// The token.
    public var token: Int32
    /// What it spells.
    public var text: String
    /// Its probability among all tokens.
    public var probability: Float
}

/// What may stand at a masked place, the likeliest first.
public struct MaskedPlace: Sendable, Equatable {
    /// The place among the text's tokens, its beginning included.
    public var position: Int
    /// The likeliest tokens.
    public var candidates: [MaskCandidate]
}

/// A text and how well it answers a query.
public struct RankedText: Sendable, Equatable {
    /// The text's number among those given.
    public var index: Int
    /// Higher is better.
    public var score: Float
}

extension TextEncoder {
    /// Scores of all tokens of the vocabulary at chosen places of texts.
    ///
    /// - Parameter positions: For each text, places among its tokens (``tokens(of:options:)``), ascending.
    /// - Returns: For each text `[positions, vocabulary]`: large; ``EncoderRunner/vocabularyScores(of:at:progress:_:)`` hands them out one by one.
    /// - Throws: ``EncoderError``
    public func maskedLogits(
        of texts: [String], at positions: [[Int]], options: TextOptions = .init()
    ) throws -> [RowMatrix] {
        var elements = [[Float]](repeating: [], count: texts.count)
        try runner.vocabularyScores(of: tokens(of: texts, options: options), at: positions) { text, _, scores in
            scores.withUnsafeBufferPointer { elements[text] += $0 }
        }
        return elements.map { RowMatrix(columnCount: configuration.vocabularySize, elements: $0) }
    }

    /// The token that stands for a masked place.
    public var maskToken: Int32? { tokenizer.maskToken }

    /// The likeliest tokens for each `[MASK]` in each text.
    ///
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func fill(
        _ texts: [String], count: Int = 5, options: TextOptions = .init(), progress: ((Int) throws -> Void)? = nil
    ) throws -> [[MaskedPlace]] {
        guard let maskToken else { throw EncoderError.missingToken("[MASK]") }
        let tokens = try tokens(of: texts, options: options)
        var result = [[MaskedPlace]](repeating: [], count: texts.count)
        let positions = tokens.map { tokens in tokens.indices.filter { tokens[$0] == maskToken } }
        try runner.vocabularyScores(of: tokens, at: positions, progress: progress) { text, position, scores in
            let total = logSumExp(scores)
            let best = largest(count, of: scores)
            result[text].append(
                MaskedPlace(
                    position: position,
                    candidates: best.map { index in
                        let token = Int32(index)
                        return MaskCandidate(
                            token: token, text: String(decoding: tokenizer.bytes(of: token), as: UTF8.self),
                            probability: expf(scores[index] - total))
                    }))
        }
        return result
    }

    /// The `count` largest, the largest first, of equals the first.
    private func largest(_ count: Int, of scores: Span<Float>) -> [Int] {
        let candidates = indicesOfLargest(count, of: scores) ?? Array(0..<scores.count)
        return Array(candidates.sorted { (-scores[$0], $0) < (-scores[$1], $1) }.prefix(max(0, count)))
    }

    /// Scores of labels for each text, as the classifier gives them; see ``probabilities(of:)``.
    ///
    /// - Returns: For each text as many as there are ``labels``.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func classScores(
        of texts: [String], options: TextOptions = .init(), progress: ((Int) throws -> Void)? = nil
    ) throws -> [[Float]] {
        try runner.classScores(of: tokens(of: texts, options: options), progress: progress)
    }

    /// Scores of labels for each pair of texts.
    ///
    /// - Throws: As ``classScores(of:options:progress:)``.
    public func classScores(
        ofPairs pairs: [(String, String)], options: TextOptions = .init(), progress: ((Int) throws -> Void)? = nil
    ) throws -> [[Float]] {
        try runner.results(of: .classScores, readTexts(ofPairs: pairs, options: options), progress: progress)
            .map(\.vector)
    }

    /// Scores of labels for each text, in passes with what others ask for; the same bits as without `await`.
    ///
    /// - Throws: ``EncoderError``, about these texts alone.
    public func classScores(
        of texts: [String], options: TextOptions = .init(), whenFull: WhenFull = .wait
    ) async throws -> [[Float]] {
        let tokens = try tokens(of: texts, options: options)
        return try await runner.results(of: .classScores, encoderTexts(tokens), whenFull: whenFull).map(\.vector)
    }

    /// Scores of labels for each pair of texts, in passes with what others ask for; the same bits as without `await`.
    ///
    /// - Throws: ``EncoderError``, about these texts alone.
    public func classScores(
        ofPairs pairs: [(String, String)], options: TextOptions = .init(), whenFull: WhenFull = .wait
    ) async throws -> [[Float]] {
        let texts = try readTexts(ofPairs: pairs, options: options)
        return try await runner.results(of: .classScores, texts, whenFull: whenFull).map(\.vector)
    }

    /// The labels' names; numbered where scores come from modules, which name none.
    public var labels: [String] {
        guard embedding?.kind == .scores, let count = embedding?.width else { return configuration.head.labels }
        return (0..<count).map { "LABEL_\($0)" }
    }

    /// What a classifier's scores mean: what its configuration says, else one label of several, or for a single label a
    /// probability of its own.
    public var problem: ClassificationProblem {
        configuration.head.problem ?? (labels.count == 1 ? .multipleLabels : .singleLabel)
    }

    /// Probabilities of scores, by softmax or sigmoid as the problem asks; a regression's values as they are.
    public func probabilities(of scores: [Float]) -> [Float] {
        switch problem {
        case .singleLabel:
            var result = scores
            var span = result.mutableSpan
            softmax(&span)
            return result
        case .multipleLabels: return scores.map(sigmoid)
        case .regression: return scores
        }
    }

    /// Scores of labels for each token of each text.
    ///
    /// - Returns: For each text `[tokens, labels]`, its beginning and end included.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func tokenScores(
        of texts: [String], options: TextOptions = .init(), progress: ((Int) throws -> Void)? = nil
    ) throws -> [RowMatrix] {
        try runner.tokenScores(of: tokens(of: texts, options: options), progress: progress)
    }

    /// For each token of each pair of a question and a text, how well an answer begins and ends there.
    ///
    /// - Returns: For each pair `[tokens, 2]`.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func answerScores(
        ofPairs pairs: [(String, String)], options: TextOptions = .init(), progress: ((Int) throws -> Void)? = nil
    ) throws -> [RowMatrix] {
        try runner.results(of: .answerScores, readTexts(ofPairs: pairs, options: options), progress: progress)
            .map(\.rows)
    }

    /// How well each text answers a query, by a cross-encoder: a classifier with one label that reads both, the query behind the
    /// model's default prompt, if it has one.
    ///
    /// - Parameter scoreFunction: What scores go through; `nil` for what the model says, or a sigmoid.
    /// - Returns: The texts from the best to the worst; of equal ones the first given first.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func rerank(
        query: String, texts: [String], scoreFunction: EncoderConfiguration.ScoreFunction? = nil,
        options: TextOptions = .init(),
        progress: ((Int) throws -> Void)? = nil
    ) throws -> [RankedText] {
        try checkRanks()
        let query = try promptText(.automatic) + query
        let scores = try classScores(ofPairs: texts.map { (query, $0) }, options: options, progress: progress)
        return ranked(scores, scoreFunction)
    }

    /// How well each text answers a query, in passes with what others ask for; the same as without `await`.
    ///
    /// - Throws: ``EncoderError``, about these texts alone.
    public func rerank(
        query: String, texts: [String], scoreFunction: EncoderConfiguration.ScoreFunction? = nil,
        options: TextOptions = .init(),
        whenFull: WhenFull = .wait
    ) async throws -> [RankedText] {
        try checkRanks()
        let query = try promptText(.automatic) + query
        let scores = try await classScores(ofPairs: texts.map { (query, $0) }, options: options, whenFull: whenFull)
        return ranked(scores, scoreFunction)
    }

    private func checkRanks() throws(EncoderError) {
        guard labels.count == 1 || !isCrossEncoder else {
            throw .wrongVectors(
                "the model has \(labels.count) labels, and ranking needs one score: use a re-ranker")
        }
    }

    private func ranked(
        _ scores: [[Float]], _ function: EncoderConfiguration.ScoreFunction?
    ) -> [RankedText] {
        let function = function ?? embedding?.scoreFunction ?? configuration.head.scoreFunction ?? .sigmoid
        return scores.enumerated()
            .map { RankedText(index: $0, score: function($1[0])) }
            .sorted { ($1.score, $0.index) < ($0.score, $1.index) }
    }
}

extension EncoderConfiguration.ScoreFunction {
    fileprivate func callAsFunction(_ x: Float) -> Float {
        switch self {
        case .identity: x
        case .sigmoid: 1 / (1 + expf(-x))
        case .tanh: tanhf(x)
        }
    }
}

private func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }
