import GygesCheckpoints
public import GygesKernels

/// How close a precision's vectors of some texts come to those in f32.
public struct PrecisionComparison: Sendable, Equatable {
    /// The precision.
    public var precision: MatmulPrecision
    /// The smallest cosine between a text's two vectors.
    public var minimumCosine: Double
    /// The mean of the cosines.
    public var meanCosine: Double
    /// Of the texts nearest to a text in f32, at most 10, the share that is among as many nearest here, on average; `nil` for
    /// fewer than two texts.
    public var neighbourAgreement: Double?
    /// Of a classifier's texts, the share with the same likeliest label; of one with a single label, of pairs of texts
    /// in the same order. `nil` if the model is no classifier of texts.
    public var scoreAgreement: Double?

    /// The cosine that a precision should keep on every text: what is below has lost more than rounding explains.
    public static func expectedCosine(_ precision: MatmulPrecision) -> Double {
        switch precision {
        case .exact: 1 - 1e-6
        case .fast, .bfloat16: 0.999
        case .int8: 0.995
        }
    }

    /// The texts that neighbours are sought for; more would take long and say little.
    static let queryLimit = 500

    /// Loads an encoder once for each precision and compares each with ``MatmulPrecision/exact``.
    ///
    /// Vectors are the folder's own embeddings, or means of hidden states.
    /// - Parameter progress: Told a precision and how many of its texts are done.
    /// - Throws: ``FileError`` or ``EncoderError``; what `progress` throws.
    /// - Complexity: O(texts²) beside running the model.
    public static func compare(
        path: String, texts: [String], precisions: [MatmulPrecision], options: TextEncoder.Options = .init(),
        progress: ((MatmulPrecision, Int) throws -> Void)? = nil
    ) throws -> [PrecisionComparison] {
        func results(_ precision: MatmulPrecision) throws -> (vectors: [[Float]], scores: [[Float]]?) {
            var options = options
            options.precision = precision
            let encoder = try TextEncoder(path: path, options: options)
            let tokens = try encoder.tokens(of: texts)
            let pooling: EmbeddingConfiguration.Pooling? = encoder.embedding?.pooling == nil ? .mean : nil
            let vectors = try encoder.runner.embeddings(of: tokens, pooling: pooling, normalizes: true) {
                try progress?(precision, $0)
            }
            let isClassifier = encoder.isCrossEncoder
            return (vectors, isClassifier ? try encoder.runner.classScores(of: tokens) : nil)
        }
        let reference = try results(.exact)
        return try precisions.map { precision in
            let (vectors, scores) = precision == .exact ? reference : try results(precision)
            let cosines = zip(reference.vectors, vectors).map { dot($0, $1) }
            return PrecisionComparison(
                precision: precision, minimumCosine: cosines.min() ?? 1,
                meanCosine: cosines.isEmpty ? 1 : cosines.reduce(0, +) / Double(cosines.count),
                neighbourAgreement: neighbourAgreement(reference.vectors, vectors),
                scoreAgreement: reference.scores.flatMap { a in scores.map { scoreAgreement(a, $0) } })
        }
    }

    private static func dot(_ a: [Float], _ b: [Float]) -> Double {
        var sum = 0.0
        for index in 0..<min(a.count, b.count) { sum += Double(a[index]) * Double(b[index]) }
        return sum
    }

    static func neighbourAgreement(_ a: [[Float]], _ b: [[Float]]) -> Double? {
        guard a.count > 1 else { return nil }
        let count = min(10, a.count - 1)
        func nearest(_ index: Int, _ vectors: [[Float]]) -> Set<Int> {
            let products = vectors.map { dot(vectors[index], $0) }
            let others = vectors.indices.filter { $0 != index }
            return Set(others.sorted { (-products[$0], $0) < (-products[$1], $1) }.prefix(count))
        }
        let queries = a.indices.prefix(queryLimit)
        let shared = queries.reduce(0) { $0 + nearest($1, a).intersection(nearest($1, b)).count }
        return Double(shared) / Double(count * queries.count)
    }

    static func scoreAgreement(_ a: [[Float]], _ b: [[Float]]) -> Double {
        guard let labelCount = a.first?.count else { return 1 }
        if labelCount > 1 {
            let same = zip(a, b).count { argmax($0.span) == argmax($1.span) }
            return Double(same) / Double(a.count)
        }
        // Pairs of texts, as Kendall's rank correlation counts them.
        let places = a.indices.prefix(queryLimit)
        var (same, all) = (0, 0)
        for i in places {
            for j in places where j > i && a[i][0] != a[j][0] {
                all += 1
                if (a[i][0] < a[j][0]) == (b[i][0] < b[j][0]) { same += 1 }
            }
        }
        return all == 0 ? 1 : Double(same) / Double(all)
    }
}
