/// A sentence of a text, in a form that phrases are looked up in.
struct Sentence {
    /// Lower case, with straight apostrophes, single spaces and a space at either end.
    let normalized: String
    /// Where the sentence stands in the text, in bytes of UTF-8.
    let range: Range<Int>
    /// The sentence as written.
    let text: String
    /// The bytes of ``normalized`` where all are ASCII, in which phrases are found twenty times as fast as among characters.
    private let ascii: [UInt8]?
    /// The characters of ``normalized`` where some are not ASCII; otherwise empty.
    private let characters: [Character]

    private init(normalized: String, range: Range<Int>, text: String) {
        self.normalized = normalized
        self.range = range
        self.text = text
        ascii = normalized.utf8.allSatisfy { $0 < 0x80 } ? Array(normalized.utf8) : nil
        characters = ascii == nil ? Array(normalized) : []
    }

    /// The sentences of a text: what stands between full stops, question and exclamation marks and line breaks.
    ///
    /// - Complexity: O(n) in the length of the text.
    static func sentences(of text: String) -> [Sentence] {
        var sentences: [Sentence] = []
        var start = text.startIndex
        func close(at end: String.Index) {
            var piece = text[start..<end]
            while piece.first?.isWhitespace == true { piece.removeFirst() }
            while piece.last?.isWhitespace == true { piece.removeLast() }
            start = end
            guard !piece.isEmpty else { return }
            let utf8 = text.utf8
            let lower = utf8.distance(from: utf8.startIndex, to: piece.startIndex)
            sentences.append(
                Sentence(
                    normalized: normalize(piece), range: lower..<(lower + piece.utf8.count), text: String(piece)))
        }
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            let next = text.index(after: index)
            let endsByMark =
                ".!?".contains(character) && (next == text.endIndex || text[next].isWhitespace || text[next] == "\"")
            if character.isNewline || endsByMark { close(at: next) }
            index = next
        }
        close(at: text.endIndex)
        return sentences
    }

    /// Lower case; typographic apostrophes and quotation marks as plain ones; every run of white space as one space.
    static func normalize(_ text: some StringProtocol) -> String {
        var result = " "
        for character in text.lowercased() {
            if character.isWhitespace {
                if result.last != " " { result.append(" ") }
            } else if "’‘ʼ`".contains(character) {
                result.append("'")
            } else if "“”„«»".contains(character) {
                result.append("\"")
            } else {
                result.append(character)
            }
        }
        if result.last != " " { result.append(" ") }
        return result
    }

    /// Whether a phrase occurs; see ``Phrase``.
    ///
    /// - Complexity: O(n) in the length of the sentence.
    func contains(_ phrase: Phrase) -> Bool {
        // Nothing stands at the beginning of every sentence.
        guard !phrase.text.isEmpty else { return true }
        // A phrase with other characters is in no text of ASCII.
        if let ascii { return phrase.ascii.map { Self.contains($0, isWhole: phrase.isWhole, in: ascii) } ?? false }
        return phrase.search.first(in: characters) { found in
            (found.lowerBound == 0 || !characters[found.lowerBound - 1].isWordPart)
                && (!phrase.isWhole || found.upperBound == characters.count || !characters[found.upperBound].isWordPart)
        } != nil
    }

    /// The same among bytes of ASCII.
    private static func contains(_ phrase: [UInt8], isWhole: Bool, in text: [UInt8]) -> Bool {
        func isWordPart(_ byte: UInt8) -> Bool {
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        }
        guard let first = phrase.first else { return true }
        guard phrase.count <= text.count else { return false }
        // Trying every beginning of a word is the fastest way, as long as phrases are short.
        guard phrase.count <= Phrase.shortLength else {
            return LinearSearch(phrase).first(in: text) { found in
                (found.lowerBound == 0 || !isWordPart(text[found.lowerBound - 1]))
                    && (!isWhole || found.upperBound == text.count || !isWordPart(text[found.upperBound]))
            } != nil
        }
        return text.withUnsafeBufferPointer { text in
            phrase.withUnsafeBufferPointer { phrase in
                for start in 0...(text.count - phrase.count) where text[start] == first {
                    guard start == 0 || !isWordPart(text[start - 1]) else { continue }
                    var count = 1
                    while count < phrase.count, text[start + count] == phrase[count] { count += 1 }
                    guard count == phrase.count else { continue }
                    let end = start + count
                    if !isWhole || end == text.count || !isWordPart(text[end]) { return true }
                }
                return false
            }
        }
    }
}

extension Character {
    fileprivate var isWordPart: Bool { isLetter || isNumber }
}

/// Words to look for, in lower case, from the beginning of a word on.
///
/// The last word may go on, so that “modif” finds “modified”, unless the phrase is written with an underscore at its
/// end.
struct Phrase {
    let text: String
    let isWhole: Bool
    /// The bytes of ``text`` if all are ASCII.
    let ascii: [UInt8]?
    /// Finds ``text`` among characters.
    let search: LinearSearch<Character>

    /// Up to how many bytes a phrase is short.
    static let shortLength = 64

    init(_ written: some StringProtocol) {
        isWhole = written.last == "_"
        text = String(isWhole ? written[..<written.index(before: written.endIndex)] : written[...])
        ascii = text.utf8.allSatisfy { $0 < 0x80 } ? Array(text.utf8) : nil
        search = LinearSearch(Array(text))
    }

    /// The phrases of a list with bars between them.
    static func list(_ written: String) -> [Phrase] {
        written.split(separator: "|").map { piece in
            let start = piece.firstIndex { !$0.isWhitespace } ?? piece.endIndex
            let end = piece.lastIndex { !$0.isWhitespace }.map(piece.index(after:)) ?? start
            return Phrase(piece[start..<end])
        }
    }
}

/// A rule about one sentence: at least one phrase of every group occurs, and no excluded phrase does.
struct SentencePattern {
    let all: [[Phrase]]
    let none: [Phrase]

    /// Creates a rule from groups of phrases with bars between them.
    init(_ groups: String..., none: String = "") {
        all = groups.map(Phrase.list)
        self.none = Phrase.list(none)
    }

    /// Creates a rule that one of the phrases must occur.
    init(anyOf phrases: [String]) {
        all = [phrases.map { Phrase($0) }]
        none = []
    }

    func matches(_ sentence: Sentence) -> Bool {
        all.allSatisfy { $0.contains(where: sentence.contains) } && !none.contains(where: sentence.contains)
    }
}

extension [Sentence] {
    /// The sentences that match one of the patterns, as evidence.
    func evidence(matching patterns: [SentencePattern], place: Evidence.Place) -> [Evidence] {
        filter { sentence in patterns.contains { $0.matches(sentence) } }.map {
            Evidence(place: place, start: $0.range.lowerBound, end: $0.range.upperBound, text: $0.text)
        }
    }
}
