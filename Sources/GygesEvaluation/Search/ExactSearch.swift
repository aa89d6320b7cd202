public import GygesKernels

/// Finds the best documents for each of many queries by comparing all with all.
///
/// Queries are held, documents are added in blocks and forgotten, so that any number can be searched. A document's score has the same
/// bits whatever block it comes in and however many threads there are.
public struct ExactSearch: ~Copyable {
    private let scorer: Scorer
    private let top: TopScores
    private let team: ThreadTeam
    /// How many documents were added.
    public private(set) var documentCount = 0

    private enum Scorer {
        case products(ProductScorer)
        case sparse(SparseScorer)
    }

    /// Prepares queries.
    ///
    /// - Parameter depth: How many documents are kept for each query.
    /// - Throws: ``EvaluationError`` if shapes do not agree or a number is not finite.
    public init(queries: EmbeddedTexts, depth: Int, team: ThreadTeam) throws(EvaluationError) {
        guard depth > 0 else { throw EvaluationError("A search keeps at least one document.") }
        let count = try Self.validated(queries, first: 0, what: "query")
        self.team = team
        switch queries {
        case .vectors(let elements, let dimension):
            let counts = Array(repeating: 1, count: count)
            scorer = .products(ProductScorer(elements, dimension: dimension, counts: counts, sums: false, team: team))
            top = TopScores(queryCount: count, depth: depth)
        case .tokenVectors(let elements, let dimension, let counts):
            scorer = .products(ProductScorer(elements, dimension: dimension, counts: counts, sums: true, team: team))
            top = TopScores(queryCount: count, depth: depth)
        case .sparse(let texts):
            scorer = .sparse(SparseScorer(texts))
            // What shares no term with the query is not found by it.
            top = TopScores(queryCount: count, depth: depth, floor: 0)
        }
    }

    /// Compares further documents with all queries.
    ///
    /// - Throws: ``EvaluationError`` if the documents' vectors are of another kind than the queries', or not finite.
    /// - Complexity: O(queries' · documents' vectors · dimension).
    public mutating func add(_ documents: EmbeddedTexts) throws(EvaluationError) {
        let count = try Self.validated(documents, first: documentCount, what: "document")
        guard documentCount + count < Int(UInt32.max) else { throw EvaluationError("There are too many documents.") }
        switch (scorer, documents) {
        case (.products(let products), .vectors(let elements, let dimension))
        where !products.sums && products.dimension == dimension:
            products.score(elements, counts: nil, documentCount: count, first: documentCount, into: top, team: team)
        case (.products(let products), .tokenVectors(let elements, let dimension, let counts))
        where products.sums && products.dimension == dimension:
            products.score(elements, counts: counts, documentCount: count, first: documentCount, into: top, team: team)
        case (.sparse(let postings), .sparse(let texts)):
            postings.score(texts, first: documentCount, into: top, team: team)
        default: throw EvaluationError("The documents' vectors are of another kind or width than the queries'.")
        }
        documentCount += count
    }

    /// The best documents of a query, the best first, of equals the one added first.
    ///
    /// - Precondition: There is such a query.
    public func hits(ofQuery query: Int) -> [SearchHit] { top.hits(ofQuery: query) }

    /// All documents in the order of their scores for one query, of equals the first one first. What has nothing in common with a
    /// sparse query scores 0 and comes last.
    ///
    /// - Parameters:
    ///   - documents: What is to be ordered.
    ///   - query: The vectors of one text.
    /// - Throws: ``EvaluationError`` if shapes do not agree, a number is not finite, or there is not one query.
    /// - Complexity: O(documents' vectors · query's vectors · dimension).
    public static func ranking(
        of documents: EmbeddedTexts, for query: EmbeddedTexts, team: ThreadTeam
    ) throws(EvaluationError) -> [SearchHit] {
        guard query.count == 1, let count = documents.count else {
            throw EvaluationError(
                "A ranking takes one query, and documents whose vectors have the length that they should.")
        }
        guard count > 0 else { return [] }
        var search = try ExactSearch(queries: query, depth: count, team: team)
        try search.add(documents)
        let found = search.hits(ofQuery: 0)
        let others = Set(0..<count).subtracting(found.map(\.document)).sorted()
        return found + others.map { SearchHit(document: $0, score: 0) }
    }

    private static func validated(
        _ texts: EmbeddedTexts, first: Int, what: String
    ) throws(EvaluationError) -> Int {
        guard let count = texts.count else { throw EvaluationError("Vectors do not have the length that they should.") }
        guard texts.isFinite else {
            throw EvaluationError(
                "The model gave a \(what) (between number \(first + 1) and \(first + count)) a vector with numbers that are not finite."
            )
        }
        return count
    }
}
