import GygesKernels

/// Scores of documents by the weights of the terms that they share with queries.
struct SparseScorer {
    /// For each term the queries that have it.
    private let postings: [Int32: [(query: Int, weight: Float)]]
    private let queryCount: Int

    init(_ queries: [EmbeddedTexts.SparseWeights]) {
        var postings: [Int32: [(query: Int, weight: Float)]] = [:]
        for (query, text) in queries.enumerated() {
            for (term, weight) in zip(text.terms, text.weights) { postings[term, default: []].append((query, weight)) }
        }
        self.postings = postings
        queryCount = queries.count
    }

    /// Scores of a block of documents take at most 8 MiB, or one document's.
    private static let blockScores = 2 << 20

    /// Scores documents and hands the scores over. Products are added up in the order of the document's terms.
    func score(_ documents: [EmbeddedTexts.SparseWeights], first: Int, into top: TopScores, team: ThreadTeam) {
        guard queryCount > 0 else { return }
        let block = max(1, Self.blockScores / queryCount)
        for start in stride(from: 0, to: documents.count, by: block) {
            let texts = documents[start..<min(start + block, documents.count)]
            var scores = [Float](repeating: 0, count: texts.count * queryCount)
            scores.withUnsafeMutableBufferPointer { scores in
                nonisolated(unsafe) let scores = scores
                team.run(parts: texts.count) { index in
                    let text = texts[start + index]
                    for (term, weight) in zip(text.terms, text.weights) {
                        for posting in postings[term] ?? [] {
                            scores[index * queryCount + posting.query] += weight * posting.weight
                        }
                    }
                }
                guard let base = scores.baseAddress else { return }
                top.offer(
                    base, documentCount: texts.count, firstDocument: first + start, queries: 0..<queryCount, team: team)
            }
        }
    }
}
