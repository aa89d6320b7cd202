public import GygesFiles

/// Which documents answer which queries, and how well.
public struct Judgements: Sendable, Equatable {
    /// The grades of documents for each query: 1 or more is relevant, more is better.
    public private(set) var grades: [ExactString: [ExactString: Int]] = [:]

    /// Creates an empty set.
    public init() {}

    /// Reads judgements: BEIR's three columns parted by tabs below a heading (`query-id`, `corpus-id`, `score`), or TREC's four
    /// parted by white space (query, an unused column, document, grade).
    ///
    /// - Throws: ``FileError`` naming the line that is neither, or that grades a document again.
    public init(path: String) throws(FileError) {
        var lines = try LineReader(path: path, lineLimit: 1 << 16)
        while let line = try lines.next() {
            guard let text = String(validating: line, as: UTF8.self) else {
                throw lines.fault("is not UTF-8 text", remedy: Self.remedy)
            }
            var columns = text.split(separator: "\t").map { $0.filter { $0 != "\r" } }
            if columns.count < 3 { columns = text.split(whereSeparator: \.isWhitespace).map(String.init) }
            guard !columns.isEmpty else { continue }
            if columns.count == 4 { columns.remove(at: 1) }
            guard columns.count == 3 else {
                throw lines.fault("has \(columns.count) columns, not 3 or TREC's 4", remedy: Self.remedy)
            }
            guard let grade = Int(columns[2].filter { $0 != " " }) else {
                if lines.lineNumber == 1 { continue }  // The heading.
                throw lines.fault("has the grade '\(columns[2].prefix(40))', not an integer", remedy: Self.remedy)
            }
            // Far beyond any scale, and small enough that sums of gains keep their digits.
            guard (-1 << 20...1 << 20).contains(grade) else {
                throw lines.fault("has a grade out of all range", remedy: Self.remedy)
            }
            let (query, document) = (ExactString(columns[0]), ExactString(columns[1]))
            if let other = grades[query, default: [:]].updateValue(grade, forKey: document), other != grade {
                throw lines.fault(
                    "grades document '\(document)' for query '\(query)' with \(grade), and an earlier line with \(other)",
                    remedy: Self.remedy)
            }
        }
        guard !grades.isEmpty else { throw FileError(path, "has no judgements", remedy: Self.remedy) }
    }

    /// Grades a document.
    public mutating func add(_ grade: Int, to document: ExactString, for query: ExactString) {
        grades[query, default: [:]][document] = grade
    }

    /// The values of a ranking.
    ///
    /// - Parameter ranking: In any order; ties go by trec_eval's rule (``RankedDocument``).
    public func values(_ metrics: [RetrievalMetric], of ranking: [RankedDocument], for query: ExactString) -> [Double] {
        let judged = grades[query] ?? [:]
        let found = ranking.sorted().map { judged[$0.id] ?? 0 }
        let ideal = judged.values.filter { $0 > 0 }.sorted(by: >)
        return metrics.map { $0.value(grades: found, ideal: ideal) }
    }

    private static let remedy =
        "Give lines of query, document and grade parted by tabs, below a heading, or TREC's four columns."
}

/// A document in a ranking. The better one is less: the one with the higher score, and of equal scores the one whose name's bytes
/// are greater, which is how trec_eval breaks ties.
public struct RankedDocument: Sendable, Equatable, Comparable {
    /// The document.
    public var id: ExactString
    /// Its score.
    public var score: Float

    /// Creates an entry.
    public init(id: ExactString, score: Float) {
        self.id = id
        self.score = score
    }

    /// Whether `a` stands before `b`.
    public static func < (a: RankedDocument, b: RankedDocument) -> Bool {
        a.score == b.score ? a.id > b.id : a.score > b.score
    }
}
