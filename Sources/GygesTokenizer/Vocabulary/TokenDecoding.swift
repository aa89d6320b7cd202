/// How the spellings of tokens become text: a file's `decoder`.
enum TokenDecoding: Sendable, Equatable {
    /// The byte alphabet (`ByteLevel`).
    case byteLevel
    /// A space before every token but those that continue a word, with the space taken out again that English has not
    /// (`WordPiece`, `cleanup`).
    case wordPieces(prefix: String, cleansUp: Bool)

    /// A mark for the space (`Metaspace`, or `Replace`, `ByteFallback`, `Fuse` and `Strip`), and perhaps bytes spelled `<0x0A>`.
    case sentencePieces(space: String, hasBytes: Bool, first: First)

    /// What the first token of a text leaves out.
    enum First: Sendable, Equatable {
        /// Nothing.
        case nothing
        /// A space in front.
        case space
        /// All its marks.
        case marks
    }

    /// The byte that a token of the spelling `<0x0A>` stands for.
    static func byte(_ spelling: some Collection<UInt8>) -> UInt8? {
        guard spelling.count == 6, spelling.starts(with: "<0x".utf8), spelling.dropFirst(5).first == UInt8(ascii: ">")
        else { return nil }
        return UInt8(String(decoding: spelling.dropFirst(3).prefix(2), as: UTF8.self), radix: 16)
    }

    /// The text of a token.
    ///
    /// - Parameter isFirst: whether no token precedes it.
    func text(of spelling: String, isFirst: Bool) -> [UInt8] {
        switch self {
        case .byteLevel: return Array(spelling.utf8)
        case .wordPieces(let prefix, let cleansUp):
            var text = spelling
            if !isFirst {
                if !prefix.isEmpty, text.utf8.starts(with: prefix.utf8) {
                    text = String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
                } else {
                    text = " " + text
                }
            }
            return cleansUp ? Self.cleaned(Array(text.utf8)) : Array(text.utf8)
        case .sentencePieces(let space, let hasBytes, let first):
            if hasBytes, let byte = Self.byte(spelling.utf8) {
                return isFirst && first == .space && byte == UInt8(ascii: " ") ? [] : [byte]
            }
            let dropsMarks = isFirst && first == .marks
            var text = Self.replacing(Array(space.utf8), with: dropsMarks ? [] : [UInt8(ascii: " ")], in: spelling.utf8)
            if isFirst, first == .space, text.first == UInt8(ascii: " ") { text.removeFirst() }
            return text
        }
    }

    private static func replacing(_ pattern: [UInt8], with content: [UInt8], in text: some Collection<UInt8>) -> [UInt8]
    {
        guard !pattern.isEmpty else { return Array(text) }
        var result: [UInt8] = []
        var rest = Array(text)[...]
        while let first = rest.first {
            let isFound = rest.starts(with: pattern)
            result += isFound ? content : [first]
            rest = rest.dropFirst(isFound ? pattern.count : 1)
        }
        return result
    }

    /// What the reference's `cleanup` replaces, in its order (`decoders/wordpiece.rs`).
    private static let cleanings: [(String, String)] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]

    private static func cleaned(_ text: [UInt8]) -> [UInt8] {
        cleanings.reduce(text) { text, cleaning in
            // All patterns begin with a space.
            var rest = text[...]
            var result: [UInt8] = []
            while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
                let isFound = rest[space...].starts(with: cleaning.0.utf8)
                result += rest[..<space]
                result += isFound ? Array(cleaning.1.utf8) : [UInt8(ascii: " ")]
                rest = rest[(space + (isFound ? cleaning.0.utf8.count : 1))...]
            }
            return result + rest
        }
    }
}
