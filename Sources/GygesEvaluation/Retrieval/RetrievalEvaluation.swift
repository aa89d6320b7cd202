public import GygesFiles
public import GygesKernels

/// Searches a collection's documents for all of its queries, and compares what is found with the judgements.
public struct RetrievalEvaluation: Sendable {
    /// What is measured.
    public var metrics: [RetrievalMetric]
    /// How many documents are kept for each query.
    public var depth: Int
    /// Whether a document with the name of the query is left out, as BEIR does it for all collections; needed where queries are
    /// documents (ArguAna, Quora), wrong where both are merely numbered.
    public var ignoresIdenticalIDs: Bool
    /// How many documents are embedded together.
    public var window: TextReader.WindowLimit

    /// Creates an evaluation.
    public init(
        metrics: [RetrievalMetric] = RetrievalMetric.standard, depth: Int = 1000, ignoresIdenticalIDs: Bool = false,
        window: TextReader.WindowLimit = .init()
    ) {
        self.metrics = metrics
        self.depth = depth
        self.ignoresIdenticalIDs = ignoresIdenticalIDs
        self.window = window
    }

    /// What was found, and how good it is.
    public struct Outcome: Sendable {
        /// The values; without label, model and seconds.
        public var result: RetrievalResult
        /// What was found for each query.
        public var run: RetrievalRun
    }

    /// Embeds the queries, then the documents a window at a time, and compares all with all.
    ///
    /// - Parameters:
    ///   - team: The threads that compare.
    ///   - progress: Told how many texts of all are embedded.
    /// - Throws: ``FileError`` if the corpus changed meanwhile, ``EvaluationError`` if vectors are unusable, what the subject throws.
    public func run(
        _ subject: some EmbeddingSubject, on collection: RetrievalCollection, team: ThreadTeam,
        progress: (EvaluationProgress) -> Void = { _ in }
    ) async throws -> Outcome {
        let (queries, ids) = (collection.queries, collection.documentIDs)
        var state = EvaluationProgress(done: 0, total: queries.count + ids.count)
        progress(state)
        let embedded = try await subject.embed(queries.map(\.text), as: .query)
        guard embedded.count == queries.count else { throw Self.wrongCount }
        // One more where one may have to be left out.
        var search = try ExactSearch(queries: embedded, depth: depth + (ignoresIdenticalIDs ? 1 : 0), team: team)
        state.done = queries.count
        progress(state)
        var reader = try collection.documents()
        while true {
            let records = try reader.nextWindow(window)
            guard !records.isEmpty else { break }
            try Task.checkCancellation()
            let documents = try await subject.embed(records.map(\.text), as: .document)
            guard documents.count == records.count else { throw Self.wrongCount }
            try search.add(documents)
            state.done += records.count
            progress(state)
        }
        guard search.documentCount == ids.count else {
            throw FileError(
                collection.path + "/corpus.jsonl", "changed while it was read",
                remedy: "Evaluate again when it is written.")
        }
        let rankings = queries.indices.map { query in
            let found = search.hits(ofQuery: query).map { RankedDocument(id: ids[$0.document], score: $0.score) }
            let others = ignoresIdenticalIDs ? found.filter { $0.id != queries[query].id } : found
            return RetrievalRun.Ranking(query: queries[query].id, documents: Array(others.prefix(depth)))
        }
        let run = RetrievalRun(rankings: rankings)
        return Outcome(result: result(of: run, on: collection), run: run)
    }

    /// The values of rankings.
    func result(of run: RetrievalRun, on collection: RetrievalCollection) -> RetrievalResult {
        let values = run.rankings.map { ranking in
            RetrievalResult.QueryValues(
                id: "\(ranking.query)",
                values: collection.judgements.values(metrics, of: ranking.documents, for: ranking.query))
        }
        return RetrievalResult(
            collection: collection.path, split: collection.split, documentCount: collection.documentIDs.count,
            depth: depth, metrics: metrics, queries: values, omissions: collection.omissions)
    }

    private static let wrongCount = EvaluationError("The model gave another number of vectors than there were texts.")
}
