/// A set of tokens, a bit for each number of the vocabulary.
public struct TokenMask: Sendable, Equatable {
    /// Bits in the order of the tokens' numbers, lowest first.
    private(set) var words: [UInt64]

    /// Creates an empty set for tokens below `vocabularyCount`.
    public init(vocabularyCount: Int) { words = [UInt64](repeating: 0, count: (vocabularyCount + 63) / 64) }

    /// Whether a token is in the set; numbers outside the vocabulary are not.
    public func contains(_ token: Int32) -> Bool {
        let word = Int(token) >> 6
        return words.indices.contains(word) && words[word] >> UInt64(token & 63) & 1 == 1
    }

    /// Puts a token in or takes it out; numbers outside the vocabulary change nothing.
    public mutating func set(_ token: Int32, _ isMember: Bool = true) {
        let word = Int(token) >> 6
        guard words.indices.contains(word) else { return }
        let bit: UInt64 = 1 << UInt64(token & 63)
        if isMember { words[word] |= bit } else { words[word] &= ~bit }
    }

    /// The number of tokens in the set.
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Calls `body` with each token in the set in order.
    @inline(__always)
    public func forEach(_ body: (Int32) -> Void) {
        for index in words.indices {
            var word = words[index]
            while word != 0 {
                body(Int32(index << 6 + word.trailingZeroBitCount))
                word &= word - 1
            }
        }
    }

    mutating func removeAll() { for index in words.indices { words[index] = 0 } }

    mutating func formUnion(_ other: TokenMask) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    @inline(__always)
    mutating func insert(_ token: Int32) { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }
}
