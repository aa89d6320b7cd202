/// How the spellings of tokens become text: a file's `decoder`.
enum TokenDecoding: Sendable, Equatable {
    /// The byte alphabet (`ByteLevel`).
    case byteLevel
    /// A space before every token but those that continue a word, with the space taken out again that English has not
    /// (`WordPiece`, `cleanup`).
    case wordPieces(prefix: String, cleansUp: Bool)

    /// Whether the first token of a text has another text than behind others.
    var knowsFirst: Bool { self != .byteLevel }

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
        }
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
