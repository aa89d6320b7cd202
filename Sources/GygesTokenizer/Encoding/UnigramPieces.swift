/// The unigram language model: of all ways to cut a piece into tokens the likeliest, by Viterbi's algorithm
/// (Kudo 2018, arXiv:1804.10959; the reference is `tokenizers`, `models/unigram/model.rs`, `encode_optimized`).
struct UnigramPieces: PieceModel {
    /// The tokens by their spelling.
    let vocabulary: TokenTable
    /// The same tokens, to find all that begin a text.
    let prefixes: PrefixTree
    /// The natural logarithm of each token's probability.
    let scores: FrozenBuffer<Double>
    /// What stands for characters that no token covers.
    let unknownToken: Int32
    /// The score of one such character.
    let unknownScore: Double
    /// The token of each byte, which spell what is unknown; or none.
    let byteTokens: [Int32]

    /// How much less likely an unknown character is than the least likely token.
    static let unknownPenalty = 10.0

    /// The best way to a place.
    private struct Step: BitwiseCopyable {
        var score = 0.0
        /// Where its last token begins; -1 if no way leads here.
        var start: Int32 = -1
        var token: Int32 = -1
    }

    /// - Complexity: O(bytes × length of the longest token).
    func encode(_ piece: UnsafeBufferPointer<UInt8>, _ output: (Int32, Range<Int>) -> Void) {
        guard let base = piece.baseAddress else { return }
        for (token, range) in bestWay(base, piece.count) {
            guard token == unknownToken else {
                output(token, range)
                continue
            }
            // Unknown characters in a row are one, which may be spelled like a token.
            if let token = vocabulary.id(of: base + range.lowerBound, range.count) {
                output(token, range)
            } else if byteTokens.isEmpty {
                output(unknownToken, range)
            } else {
                for index in range { output(byteTokens[Int(piece[index])], range) }
            }
        }
    }

    private func bestWay(_ text: UnsafePointer<UInt8>, _ count: Int) -> [(Int32, Range<Int>)] {
        var steps = [Step](repeating: Step(), count: count + 1)
        var start = 0
        func offer(_ end: Int, _ token: Int32, _ score: Double) {
            if steps[end].start < 0 || score > steps[end].score {
                steps[end] = Step(score: score, start: Int32(start), token: token)
            }
        }
        while start < count {
            let width = decodeScalar(text + start).width
            let before = steps[start].score
            var coversCharacter = false
            prefixes.forEachPrefix(of: text + start, count - start) { token, length in
                offer(start + length, token, scores.base[Int(token)] + before)
                if length == width { coversCharacter = true }
            }
            if !coversCharacter { offer(start + width, unknownToken, unknownScore + before) }
            start += width
        }
        var way: [(Int32, Range<Int>)] = []
        var end = count
        while end > 0 {
            let step = steps[end]
            let range = Int(step.start)..<end
            if step.token == unknownToken, let last = way.last, last.0 == unknownToken {
                way[way.count - 1].1 = range.lowerBound..<last.1.upperBound
            } else {
                way.append((step.token, range))
            }
            end = range.lowerBound
        }
        return way.reversed()
    }
}
