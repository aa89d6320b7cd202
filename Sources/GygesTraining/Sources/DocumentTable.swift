import GygesFiles
public import GygesTokenizer

/// Tokenised documents in memory.
public struct DocumentTable: DocumentStore {
    /// What messages call it: usually the file that it was made from.
    public let name: String
    /// The digest of the vocabulary that the tokens belong to; see `Tokenizer.vocabularyDigest`.
    public let vocabularyDigest: String
    /// One more than the largest token that there may be.
    public let vocabularyCount: Int
    /// The digest of all contents; the same for a shard that they are written to.
    public let digest: String
    let tokens: [Int32]
    /// For each document the end of its tokens and of its spans.
    let ends: [(token: Int, span: Int)]
    /// The stretches that are to be predicted, document after document.
    let spans: [Range<Int>]
    /// For each document the line that it begins on, if it was read from a file.
    private let lines: [Int]
    private let labels: DocumentLabels

    /// The number of documents.
    public var count: Int { ends.count }
    /// The tokens of all documents.
    public var tokenCount: Int { tokens.count }

    /// Collects documents.
    public struct Builder {
        private(set) var tokens: [Int32] = []
        private(set) var ends: [(token: Int, span: Int)] = []
        private(set) var spans: [Range<Int>] = []
        fileprivate var lines: [Int] = []
        fileprivate var labels = DocumentLabels()

        /// Nothing yet.
        public init() {}

        /// The tokens collected so far.
        public var tokenCount: Int { tokens.count }

        /// Adds a document.
        ///
        /// - Parameter line: Where it begins in its file; give one for all documents or for none.
        public mutating func append(_ document: Document, line: Int? = nil) {
            if let line { lines.append(line) }
            tokens += document.tokens
            spans += document.supervised
            ends.append((tokens.count, spans.count))
            labels.append(document)
        }
    }

    /// The documents that were collected, of a tokenizer.
    ///
    /// - Complexity: O(tokens), for the digest.
    public init(_ builder: consuming Builder, name: String, vocabularyCount: Int, vocabularyDigest: String) {
        guard vocabularyDigest.utf8.count == ShardLayout.digestByteCount else {
            fatalError("“\(vocabularyDigest)” is no digest of a vocabulary")
        }
        self.name = name
        self.vocabularyCount = vocabularyCount
        self.vocabularyDigest = vocabularyDigest
        tokens = builder.tokens
        ends = builder.ends
        spans = builder.spans
        lines = builder.lines.count == ends.count ? builder.lines : []
        labels = builder.labels
        let layout = ShardLayout(
            documentCount: ends.count, spanCount: spans.count, tokenCount: tokens.count,
            vocabularyCount: vocabularyCount, vocabularyDigest: vocabularyDigest)
        var running = RunningDigest()
        ShardLayout.forEachPart(of: (tokens, ends, spans), layout) { part in
            part.withUnsafeBytes { running.update($0) }
        }
        labels.update(&running)
        digest = running.value
    }

    /// The number of a document's tokens.
    public func length(of document: Int) -> Int {
        ends[document].token - (document == 0 ? 0 : ends[document - 1].token)
    }

    /// The file and the line that a document begins on, or its number.
    public func place(of document: Int) -> String {
        lines.indices.contains(document) ? "\(name): line \(lines[document])" : "\(name): document \(document + 1)"
    }

    /// A document.
    public func document(_ document: Int) -> Document {
        let start = document == 0 ? (token: 0, span: 0) : ends[document - 1]
        var result = Document(
            tokens: Array(tokens[start.token..<ends[document].token]),
            supervised: Array(spans[start.span..<ends[document].span]))
        labels.write(document, to: &result)
        return result
    }
}

/// What is asked of documents besides their tokens; nothing is kept where none has labels.
private struct DocumentLabels {
    private var values: [Float] = []
    private var ends: [Int] = []
    /// The length of the first of two texts, -1 where there is one; empty as long as no document has two.
    private var firstTextCounts: [Int32] = []

    mutating func append(_ document: Document) {
        values += document.labels
        ends.append(values.count)
        guard document.firstTextCount != nil || !firstTextCounts.isEmpty else { return }
        firstTextCounts += Array(repeating: -1, count: ends.count - 1 - firstTextCounts.count)
        firstTextCounts.append(document.firstTextCount.map { Int32(clamping: $0) } ?? -1)
    }

    func write(_ number: Int, to document: inout Document) {
        guard !values.isEmpty else { return }
        document.labels = Array(values[(number == 0 ? 0 : ends[number - 1])..<ends[number]])
        guard firstTextCounts.indices.contains(number), firstTextCounts[number] >= 0 else { return }
        document.firstTextCount = Int(firstTextCounts[number])
    }

    /// Adds to a digest; documents without labels have the digest of a shard with the same contents.
    func update(_ running: inout RunningDigest) {
        guard !values.isEmpty else { return }
        values.withUnsafeBytes { running.update($0) }
        ends.withUnsafeBytes { running.update($0) }
        firstTextCounts.withUnsafeBytes { running.update($0) }
    }
}

extension Tokenizer {
    /// A digest of what every token spells and of which are special: data that were tokenised with one vocabulary mean nothing to a
    /// model of another.
    public var vocabularyDigest: String {
        var digest = RunningDigest()
        for id in 0..<vocabularyCount {
            let bytes = Array(table.bytes(of: id))
            digest.update("\(bytes.count) \(kind(of: Int32(clamping: id)).rawValue) ")
            bytes.withUnsafeBytes { digest.update($0) }
        }
        return digest.value
    }
}
