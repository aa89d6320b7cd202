/// Turns a piece of text into tokens whose spellings are text, and not bytes as in byte-level encoding.
protocol PieceModel: Sendable {
    /// Gives the tokens of a piece, well-formed UTF-8 that is not empty, in order, each with the bytes that it stands for.
    func encode(_ piece: UnsafeBufferPointer<UInt8>, _ output: (Int32, Range<Int>) -> Void)
}

/// WordPiece: of a word the longest token that begins it, then of the rest the longest that continues a word, and so on
/// (Devlin et al. 2018; the reference is `tokenizers`, `models/wordpiece`).
struct WordPieces: PieceModel {
    /// The tokens by their spelling.
    let vocabulary: TokenTable
    /// What stands for a word that tokens do not make up as a whole.
    let unknownToken: Int32
    /// What spellings of tokens begin with that continue a word.
    let prefix: [UInt8]
    /// Words of more characters are unknown as a whole.
    let characterLimit: Int

    /// The greatest limit that a file may set, so that the time of a text stays linear in its length.
    static let greatestCharacterLimit = 256

    func encode(_ piece: UnsafeBufferPointer<UInt8>, _ output: (Int32, Range<Int>) -> Void) {
        guard piece.count <= 4 * characterLimit, piece.count(where: { $0 & 0xC0 != 0x80 }) <= characterLimit,
            let tokens = tokens(of: piece)
        else { return output(unknownToken, 0..<piece.count) }
        for (token, range) in tokens { output(token, range) }
    }

    /// The tokens that make a word up, or `nil` if none do.
    private func tokens(of word: UnsafeBufferPointer<UInt8>) -> [(Int32, Range<Int>)]? {
        var found: [(Int32, Range<Int>)] = []
        var start = 0
        while start < word.count {
            let head = start == 0 ? 0 : prefix.count
            let spelling = (start == 0 ? [] : prefix) + word[start...]
            let longest: (id: Int32, length: Int)? = spelling.withUnsafeBufferPointer { text in
                guard let base = text.baseAddress else { return nil }
                var end = text.count
                while end > head {
                    if end <= vocabulary.longest, let id = vocabulary.id(of: base, end) { return (id, end - head) }
                    end = previousScalarStart(base, before: end)
                }
                return nil
            }
            guard let longest else { return nil }
            found.append((longest.id, start..<start + longest.length))
            start += longest.length
        }
        return found
    }
}
