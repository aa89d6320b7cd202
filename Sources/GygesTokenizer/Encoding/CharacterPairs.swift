/// Merged pairs of characters, as SentencePiece's byte-pair encoding is written in `tokenizer.json` (Llama 2, Mistral 7B, Gemma).
///
/// Starts from single characters; one that is no token is spelled in bytes, if there are tokens for these, or is unknown
/// (`tokenizers`, `models/bpe/model.rs`, `merge_word`).
struct CharacterPairs: PieceModel {
    /// The tokens by their spelling.
    let vocabulary: TokenTable
    let merger: PieceMerger
    /// The token of each byte, or none at all.
    let byteTokens: [Int32]
    /// What stands for a character that has neither a token nor bytes; without one it vanishes.
    let unknownToken: Int32?
    /// Whether one token stands for unknown characters in a row.
    let fusesUnknown: Bool
    /// Whether a piece that is a token as a whole is not taken apart.
    let ignoresMerges: Bool

    func encode(_ piece: UnsafeBufferPointer<UInt8>, _ output: (Int32, Range<Int>) -> Void) {
        guard let base = piece.baseAddress else { return }
        if ignoresMerges, let token = vocabulary.id(of: base, piece.count) { return output(token, 0..<piece.count) }
        let symbols = symbols(base, piece.count)
        var merger = merger
        var next = 0
        for token in merger.merge(symbols.map(\.token)) where next < symbols.count {
            // A token's spelling is that of its symbols: so many of them it takes up.
            let length = vocabulary.bytes(of: Int(token)).count
            let first = next
            var spelled = 0
            repeat {
                spelled += vocabulary.bytes(of: Int(symbols[next].token)).count
                next += 1
            } while spelled < length && next < symbols.count
            output(token, symbols[first].range.lowerBound..<symbols[next - 1].range.upperBound)
        }
    }

    private struct Symbol {
        var token: Int32
        var range: Range<Int>
    }

    private func symbols(_ text: UnsafePointer<UInt8>, _ count: Int) -> [Symbol] {
        var symbols: [Symbol] = []
        symbols.reserveCapacity(count)
        var index = 0
        var followsUnknown = false
        while index < count {
            let range = index..<index + decodeScalar(text + index).width
            index = range.upperBound
            var isUnknown = false
            if let token = vocabulary.id(of: text + range.lowerBound, range.count) {
                symbols.append(Symbol(token: token, range: range))
            } else if !byteTokens.isEmpty {
                for byte in range { symbols.append(Symbol(token: byteTokens[Int(text[byte])], range: byte..<byte + 1)) }
            } else if let unknownToken {
                if followsUnknown, fusesUnknown, let last = symbols.last {
                    symbols[symbols.count - 1].range = last.range.lowerBound..<range.upperBound
                } else {
                    symbols.append(Symbol(token: unknownToken, range: range))
                }
                isUnknown = true
            }
            followsUnknown = isUnknown
        }
        return symbols
    }
}
