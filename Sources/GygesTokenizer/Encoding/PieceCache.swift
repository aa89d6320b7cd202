/// The tokens of pieces met before, in a fixed amount of memory; the oldest of two pieces that compete for a place yields.
///
/// Holds pieces of up to 15 bytes with up to four tokens, nearly all of any text, each in half a cache line.
struct PieceCache: ~Copyable {
    private struct Entry: BitwiseCopyable {
        /// The first eight bytes.
        var low: UInt64 = 0
        /// The rest, with the length in bits 56-59 and the number of tokens in bits 60-63.
        var high: UInt64 = 0
        var tokens = SIMD4<Int32>()
    }

    /// A piece as two words: its bytes and its length.
    struct Key {
        fileprivate let low: UInt64
        fileprivate let high: UInt64
    }

    private let entries: UnsafeMutablePointer<Entry>
    /// The number of pairs of entries less one, the number being a power of two.
    private let mask: Int

    /// The maximum length of a piece that the cache holds, in bytes.
    static let pieceLimit = 15
    /// The maximum number of tokens that the cache holds for a piece.
    static let tokenLimit = 4

    /// Creates an empty cache of `1 << entryCountLog2` entries of 32 bytes.
    init(entryCountLog2: Int) {
        let count = 1 << entryCountLog2
        entries = .allocate(capacity: count)
        entries.initialize(repeating: Entry(), count: count)
        mask = count / 2 - 1
    }

    deinit { entries.deallocate() }

    /// The key of a piece of 1 to 15 bytes, of which `readable` bytes from its start on may be read.
    @inline(__always)
    static func key(_ piece: UnsafePointer<UInt8>, _ length: Int, readable: Int) -> Key {
        let tag = UInt64(truncatingIfNeeded: length) << 56
        var low: UInt64 = 0
        var high: UInt64 = 0
        if readable >= 16 {
            let raw = UnsafeRawPointer(piece)
            low = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
            if length < 8 {
                low &= (1 &<< UInt64(truncatingIfNeeded: 8 &* length)) &- 1
            } else {
                high = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                high &= (1 &<< UInt64(truncatingIfNeeded: 8 &* (length &- 8))) &- 1
            }
        } else {
            for index in 0..<min(length, 8) { low |= UInt64(piece[index]) << UInt64(8 * index) }
            for index in min(length, 8)..<length { high |= UInt64(piece[index]) << UInt64(8 * (index - 8)) }
        }
        return Key(low: low, high: high | tag)
    }

    private static let keyMask: UInt64 = 0x0FFF_FFFF_FFFF_FFFF

    @inline(__always)
    private func pair(of key: Key) -> Int {
        let hash = mix(key.low ^ 0xA076_1D64_78BD_642F, key.high ^ 0xE703_7ED1_A0B4_28DB)
        return (Int(truncatingIfNeeded: hash) & mask) &* 2
    }

    /// The tokens of a piece, if it is here.
    @inline(__always)
    borrowing func tokens(of key: Key) -> (tokens: SIMD4<Int32>, count: Int)? {
        let pair = pair(of: key)
        let first = entries[pair]
        if first.low == key.low, first.high & Self.keyMask == key.high {
            return (first.tokens, Int(truncatingIfNeeded: first.high >> 60))
        }
        let second = entries[pair + 1]
        if second.low == key.low, second.high & Self.keyMask == key.high {
            entries[pair] = second
            entries[pair + 1] = first
            return (second.tokens, Int(truncatingIfNeeded: second.high >> 60))
        }
        return nil
    }

    /// Keeps the tokens of a piece, 1 to 4.
    borrowing func insert(_ tokens: ArraySlice<Int32>, for key: Key) {
        let pair = pair(of: key)
        entries[pair + 1] = entries[pair]
        var kept = SIMD4<Int32>()
        for (index, token) in tokens.enumerated() { kept[index] = token }
        entries[pair] = Entry(low: key.low, high: key.high | UInt64(tokens.count) << 60, tokens: kept)
    }
}
