public import GygesFiles

/// The texts of what a run names, from a collection's folder as BEIR lays it out.
public struct RunTexts: Sendable {
    /// The queries' texts.
    public let queries: [ExactString: String]
    /// The documents' texts, title and text with a space between.
    public let documents: [ExactString: String]

    /// Reads `queries.jsonl` and `corpus.jsonl` of a folder.
    ///
    /// - Parameter run: What names the texts; no other is kept.
    /// - Throws: ``FileError`` if a file cannot be read, or a query or document has no text there.
    /// - Complexity: O(size of the corpus), in time; memory for the texts that are named.
    public init(folder: String, for run: RetrievalRun) throws(FileError) {
        let wanted = Set(run.rankings.lazy.map(\.query))
        queries = try Self.texts(
            folder + "/queries.jsonl", fields: RetrievalCollection.queryFields, wanted, what: "query")
        documents = try Self.texts(
            folder + "/corpus.jsonl", fields: RetrievalCollection.documentFields,
            Set(run.rankings.lazy.flatMap(\.documents).map(\.id)), what: "document")
    }

    private static func texts(
        _ path: String, fields: [String], _ wanted: Set<ExactString>, what: String
    ) throws(FileError) -> [ExactString: String] {
        var texts: [ExactString: String] = [:]
        try RetrievalCollection.forEachRecord(path, fields: fields) { id, text in
            if wanted.contains(id) { texts[id] = text }
        }
        if let missing = wanted.first(where: { texts[$0] == nil }) {
            throw FileError(
                path, "has no \(what) '\(missing)', which the run names",
                remedy: "Give the collection that the run was made on.")
        }
        return texts
    }
}
