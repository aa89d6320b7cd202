public import GygesFiles

/// A text as a model is to learn it.
public struct Document: Sendable, Equatable {
    /// The tokens.
    public var tokens: [Int32]
    /// The places of tokens that are to be predicted, in order and apart. The first token of a text never is, whatever this says:
    /// nothing stands before it.
    public var supervised: [Range<Int>]
    /// What is asked of the text besides its tokens, as numbers: a class, a value for each label, or a class for each token; see
    /// ``LabelObjective``. Documents with labels are never cut.
    public var labels: [Float] = []
    /// How many tokens the first of two texts has, its frame included, where the model tells the two apart.
    public var firstTextCount: Int?

    /// Creates a document; without ranges, every token is to be predicted.
    public init(tokens: [Int32], supervised: [Range<Int>]? = nil) {
        self.tokens = tokens
        self.supervised = supervised ?? (tokens.isEmpty ? [] : [0..<tokens.count])
    }

    /// A stretch of the document as a document.
    subscript(places: Range<Int>) -> Document {
        if places == tokens.indices { return self }
        return Document(
            tokens: Array(tokens[places]),
            supervised: supervised.compactMap { range in
                let common = range.clamped(to: places)
                return common.isEmpty
                    ? nil : common.lowerBound - places.lowerBound..<common.upperBound - places.lowerBound
            })
    }

    /// How many tokens are to be predicted.
    public var supervisedCount: Int { supervised.reduce(0) { $0 + $1.clamped(to: 1..<max(1, tokens.count)).count } }
}

/// Tokenised documents that can be read in any order: in memory, or in a file that is mapped.
public protocol DocumentStore: Sendable {
    /// What messages and journals call it.
    var name: String { get }
    /// The number of documents.
    var count: Int { get }
    /// What tells other contents apart, so that a run does not go on with other data than it began with.
    var digest: String { get }

    /// The number of a document's tokens, without reading them.
    ///
    /// - Throws: ``FileError`` if the file contradicts itself.
    func length(of document: Int) throws(FileError) -> Int

    /// A document.
    ///
    /// - Throws: ``FileError`` if the file contradicts itself.
    func document(_ document: Int) throws(FileError) -> Document

    /// Where a document stands, for people who look for it.
    func place(of document: Int) -> String
}

extension DocumentStore {
    /// The store and the number of the document, from 1.
    public func place(of document: Int) -> String { "\(name): document \(document + 1)" }
}

extension [any DocumentStore] {
    /// The tokens of all documents.
    ///
    /// - Throws: ``FileError`` if a store contradicts itself.
    /// - Complexity: O(documents).
    var tokenCount: Int {
        get throws(FileError) {
            var count = 0
            for store in self { for document in 0..<store.count { count += try store.length(of: document) } }
            return count
        }
    }
}

/// A stretch of a document of a store: a sample that a step learns from.
public struct SampleReference: Sendable, Hashable {
    /// The number of the store.
    public var source: Int
    /// The number of the document.
    public var document: Int
    /// The tokens of the document that are meant.
    public var tokens: Range<Int>

    /// Names a stretch.
    public init(source: Int, document: Int, tokens: Range<Int>) {
        self.source = source
        self.document = document
        self.tokens = tokens
    }
}
