public import GygesFiles

/// What was found for each query.
public struct RetrievalRun: Sendable, Equatable {
    /// A query's documents.
    public struct Ranking: Sendable, Equatable {
        /// The query.
        public var query: ExactString
        /// The documents, in any order; ``RankedDocument`` orders them.
        public var documents: [RankedDocument]

        /// Creates a ranking.
        public init(query: ExactString, documents: [RankedDocument]) {
            self.query = query
            self.documents = documents
        }

        /// The ranking in a TREC run: query, `Q0`, document, rank, score, name.
        ///
        /// - Parameter name: What the run is called; white space in it becomes hyphens.
        public func lines(name: String) -> String {
            let tag = String(name.map { $0.isWhitespace ? "-" : $0 })
            var text = ""
            for (index, document) in documents.sorted().enumerated() {
                text += "\(query) Q0 \(document.id) \(index + 1) \(document.score) \(tag)\n"
            }
            return text
        }
    }

    /// The rankings.
    public var rankings: [Ranking]

    /// Creates a run.
    public init(rankings: [Ranking]) { self.rankings = rankings }

    /// Reads a TREC run: lines of six columns parted by white space, of which the first, third and fifth are the query, the document and
    /// its score. Queries come in the order in which they first stand there.
    ///
    /// - Throws: ``FileError`` naming the line that is none, or that has a document of a query again.
    /// - Complexity: O(size of the file).
    public init(path: String) throws(FileError) {
        var rankings: [Ranking] = []
        var places: [ExactString: Int] = [:]
        var known: [Set<ExactString>] = []
        var lines = try LineReader(path: path, lineLimit: 1 << 16)
        let remedy = "Give a TREC run: query, Q0, document, rank, score and name on a line."
        while let line = try lines.next() {
            guard let text = String(validating: line, as: UTF8.self) else {
                throw lines.fault("is not UTF-8 text", remedy: remedy)
            }
            let columns = text.split(whereSeparator: \.isWhitespace)
            guard !columns.isEmpty else { continue }
            guard columns.count == 6, let score = Float(columns[4]), score.isFinite else {
                throw lines.fault("is no line of a run", remedy: remedy)
            }
            let (query, document) = (ExactString(String(columns[0])), ExactString(String(columns[2])))
            let place = places[query] ?? rankings.count
            if place == rankings.count {
                places[query] = place
                rankings.append(Ranking(query: query, documents: []))
                known.append([])
            }
            guard known[place].insert(document).inserted else {
                throw lines.fault("has document '\(document)' of query '\(query)' again", remedy: remedy)
            }
            rankings[place].documents.append(RankedDocument(id: document, score: score))
        }
        guard !rankings.isEmpty else { throw FileError(path, "has no rankings", remedy: remedy) }
        self.rankings = rankings
    }

    /// The best documents of each query alone.
    ///
    /// - Parameter depth: How many.
    public func cut(to depth: Int) -> RetrievalRun {
        RetrievalRun(
            rankings: rankings.map { Ranking(query: $0.query, documents: Array($0.documents.sorted().prefix(depth))) })
    }

    /// A name in a collection that a TREC run cannot hold, because it has white space or is empty; `nil` if there is none.
    public static func unwritableName(in collection: RetrievalCollection) -> ExactString? {
        let isUnwritable = { (id: ExactString) in id.text.isEmpty || id.text.contains(where: \.isWhitespace) }
        return collection.documentIDs.first(where: isUnwritable)
            ?? collection.queries.lazy.map(\.id).first(where: isUnwritable)
    }

    /// Writes the rankings as a TREC run, which trec_eval reads.
    ///
    /// Names are written as they are; see ``unwritableName(in:)``.
    /// - Throws: ``FileError`` if the file cannot be written.
    public func write(to path: String, name: String) throws(FileError) {
        try AtomicFile.write(to: path) { output throws(FileError) in
            for ranking in rankings { try output.append(Array(ranking.lines(name: name).utf8)) }
        }
    }
}
