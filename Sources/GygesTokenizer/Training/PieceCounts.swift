/// How often the pieces of texts occur, which is all that byte-pair encoding learns from.
struct PieceCounts {
    private let preTokenizer: PreTokenizer
    private let normalizer: TextNormalizer
    /// The pieces' counts.
    private(set) var counts: [[UInt8]: Int] = [:]

    init(preTokenizer: PreTokenizer, normalizer: TextNormalizer) {
        self.preTokenizer = preTokenizer
        self.normalizer = normalizer
    }

    /// Counts the pieces of a text.
    ///
    /// - Complexity: O(length of the text).
    mutating func add(_ text: String) {
        normalizer.normalized(text).withUnsafeBufferPointer { bytes in
            preTokenizer.forEachPiece(bytes) { start, end in
                counts[Array(bytes[start..<end]), default: 0] += 1
            }
        }
    }

    /// The pieces as tokens of one byte each, in an order that does not depend on that of the texts.
    ///
    /// - Parameter tokens: The token of each byte.
    func words(_ tokens: [Int32]) -> [(symbols: [Int32], count: Int)] {
        counts.filter { $0.key.count > 1 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { piece, count in (piece.map { tokens[Int($0)] }, count) }
    }
}
