import FoundationEssentials
public import GygesFiles

/// A collection to search, in a folder as BEIR lays it out (Thakur et al. 2021, arXiv 2104.08663): `corpus.jsonl` with `_id`, `title`
/// and `text`, `queries.jsonl` with `_id` and `text`, and judgements in `qrels/SPLIT.tsv`.
///
/// The texts of the corpus are not held: they are read anew for each evaluation.
public struct RetrievalCollection: Sendable {
    /// A query.
    public struct Query: Sendable, Equatable {
        /// Its name.
        public var id: ExactString
        /// What is looked for.
        public var text: String
    }

    /// The folder.
    public let path: String
    /// The judgements' name: `test`, or a file's.
    public let split: String
    /// The queries that have judgements, in the order of the file.
    public let queries: [Query]
    /// Which documents answer them.
    public let judgements: Judgements
    /// The names of the documents, in the order of the corpus.
    public let documentIDs: [ExactString]
    /// What does not fit together, one sentence each.
    public let omissions: [String]

    /// Reads the queries and judgements, and checks every line of the corpus.
    ///
    /// - Parameters:
    ///   - split: Which of the folder's judgements.
    ///   - judgements: A file of judgements instead, BEIR's or TREC's.
    /// - Throws: ``FileError`` naming the file and line that is wrong.
    /// - Complexity: O(size of the corpus), in time; memory for its documents' names.
    public init(path: String, split: String = "test", judgements: String? = nil) throws(FileError) {
        self.path = path
        self.split = judgements.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? split
        let file: String
        if let judgements { file = judgements } else { file = try Self.judgements(in: path, split: split) }
        let judged = try Judgements(path: file)
        self.judgements = judged
        var queries: [Query] = []
        try Self.forEachRecord(path + "/queries.jsonl", fields: Self.queryFields) { id, text in
            if judged.grades[id] != nil { queries.append(Query(id: id, text: text)) }
        }
        guard !queries.isEmpty else {
            throw FileError(
                path + "/queries.jsonl", "has none of the queries that are judged",
                remedy: "Give queries and judgements of the same collection.")
        }
        var ids: [ExactString] = []
        try Self.forEachRecord(path + "/corpus.jsonl", fields: Self.documentFields) { id, _ in ids.append(id) }
        guard !ids.isEmpty, ids.count < Int(UInt32.max) else {
            throw FileError(
                path + "/corpus.jsonl", "has \(ids.count) documents", remedy: "Give a corpus that can be searched.")
        }
        self.queries = queries
        documentIDs = ids
        omissions = Self.omissions(queries: queries, documents: ids, judgements: judged)
    }

    /// Reads the documents, in the order of ``documentIDs``.
    ///
    /// - Throws: ``FileError`` if the corpus cannot be opened any more.
    public func documents() throws(FileError) -> TextReader {
        try TextReader(path: path + "/corpus.jsonl", form: .jsonLines(fields: Self.documentFields))
    }

    // As BEIR: a document's title and text with a space between.
    static let documentFields = ["title", "text"]
    static let queryFields = ["text"]

    /// Calls `body` with each record's name and text.
    static func forEachRecord(
        _ path: String, fields: [String], _ body: (ExactString, String) -> Void
    ) throws(FileError) {
        let remedy = "Give a JSON object a line, each with an \"_id\" of its own."
        var reader = try TextReader(path: path, form: .jsonLines(fields: fields))
        var lines: [ExactString: Int] = [:]
        while let record = try reader.next() {
            guard let id = record.id.flatMap({ $0.string ?? $0.integer.map(String.init) }), !id.isEmpty else {
                throw FileError(path, at: "line \(record.line)", "has no \"_id\"", remedy: remedy)
            }
            if let other = lines.updateValue(record.line, forKey: ExactString(id)) {
                throw FileError(
                    path, at: "line \(record.line)", "has the \"_id\" '\(id)', as line \(other) has", remedy: remedy)
            }
            body(ExactString(id), record.text)
        }
    }

    private static func judgements(in folder: String, split: String) throws(FileError) -> String {
        let path = "\(folder)/qrels/\(split).tsv"
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/qrels")) ?? []
        let splits = names.filter { $0.hasSuffix(".tsv") }.map { String($0.dropLast(4)) }.sorted()
        throw FileError(
            path, "is not there",
            remedy: splits.isEmpty
                ? "Give a folder with corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv, or a file with --qrels."
                : "The folder has judgements for --split \(splits.joined(separator: ", ")).")
    }

    private static func omissions(queries: [Query], documents: [ExactString], judgements: Judgements) -> [String] {
        var omissions: [String] = []
        let missingQueries = judgements.grades.count - queries.count
        if missingQueries > 0 {
            omissions.append("\(missingQueries) judged queries have no text and were left out.")
        }
        let known = Set(documents)
        let missing = queries.reduce(0) { count, query in
            count + (judgements.grades[query.id] ?? [:]).count { $0.value > 0 && !known.contains($0.key) }
        }
        if missing > 0 {
            omissions.append("\(missing) relevant documents are not in the corpus and count as not found.")
        }
        return omissions
    }
}
