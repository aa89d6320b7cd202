public import GygesFiles
public import GygesTokenizer

/// Why a document would teach something else than was meant.
public enum DocumentFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// No token is to be predicted.
    case nothingSupervised
    /// What is learned ends before a special token that ends it, as the token's place.
    case endNotSupervised(place: Int)
    /// The token that begins a text stands twice, the second time at a place.
    case repeatedBeginning(place: Int)

    /// The problem and what to do.
    public var description: String {
        switch self {
        case .nothingSupervised:
            "has no token that would be predicted, so that nothing would be learned"
        case .endNotSupervised(let place):
            "is learned up to token \(place), but not that token, which ends the text or the turn, so that a model would not learn to "
                + "stop; let what is learned include it"
        case .repeatedBeginning(let place):
            "begins a second time at token \(place): the template writes the token that begins a text, and it is written once more; "
                + "leave one out"
        }
    }
}

/// Looks for documents from which a model would learn silently what nobody wants.
///
/// Rows of files are checked as they are encoded; documents of shards, and those that other programs made, are not until this is asked.
public struct DocumentCheck: Sendable {
    private let tokenizer: Tokenizer
    private let beginning: Int32?
    /// Whether the token that begins a text also ends one: in the middle of a document it may stand twice.
    private let endsTexts: Bool

    /// A check by a tokenizer's special tokens.
    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        beginning = tokenizer.beginningTokens.first ?? tokenizer.beginningOfText
        endsTexts = beginning == tokenizer.endOfText || tokenizer.endTokens.contains { [beginning] in $0 == beginning }
    }

    /// Checks a document.
    ///
    /// - Throws: ``DocumentFault`` for the first fault.
    /// - Complexity: O(tokens).
    public func check(_ document: Document) throws(DocumentFault) {
        guard document.supervisedCount > 0 else { throw .nothingSupervised }
        let tokens = document.tokens
        for span in document.supervised where span.upperBound < tokens.count {
            // What was learned may end itself, and another text begin behind it.
            guard tokenizer.isSpecial(tokens[span.upperBound]), !endsItself(tokens[span]) else { continue }
            throw .endNotSupervised(place: span.upperBound)
        }
        guard let beginning else { return }
        // An empty text that begins and ends with one token has two of it and no more.
        let last = endsTexts ? (tokens.count > 2 ? 1 : 0) : tokens.count - 1
        for place in 0..<max(0, last) where tokens[place] == beginning && tokens[place + 1] == beginning {
            throw .repeatedBeginning(place: place + 1)
        }
    }

    /// Whether a stretch ends with a special token; templates write the end of a line behind some.
    private func endsItself(_ tokens: ArraySlice<Int32>) -> Bool {
        let last = tokens.last { token in
            !tokenizer.bytes(of: token).allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        }
        return last.map { tokenizer.isSpecial($0) } ?? false
    }

    /// Checks all documents of a store.
    ///
    /// - Parameter progress: Called with the documents done so far.
    /// - Returns: How many tokens they teach.
    /// - Throws: ``FileError`` with the first faults, each with its document's number from 0; or if the store contradicts itself.
    /// - Complexity: O(tokens).
    public func check(
        _ store: any DocumentStore, progress: (Int) -> Void = { _ in }
    ) throws(FileError) -> SupervisionHistogram {
        var histogram = SupervisionHistogram()
        var problems: [String] = []
        for number in 0..<store.count {
            let document = try store.document(number)
            histogram.add(document.supervisedCount)
            do throws(DocumentFault) { try check(document) } catch { problems.append("document \(number) \(error)") }
            if problems.count == FileError.listedProblemCount { break }
            progress(number + 1)
        }
        guard problems.isEmpty else {
            throw FileError(store.name, problems: problems, remedy: "Correct the rows that it was made from.")
        }
        return histogram
    }
}
