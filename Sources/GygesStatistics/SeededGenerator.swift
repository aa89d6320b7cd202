/// The counter-based generator Philox4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405).
///
/// Each block of output is a function of the seed, the stream and the block's number alone, so that parts of a computation can
/// draw from streams of their own and the result does not depend on who draws first. Not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private let key: (UInt32, UInt32)
    private let stream: UInt64
    private var blockIndex: UInt64 = 0
    private var second: UInt64?

    /// Creates a generator; generators with the same seed and different streams are independent.
    public init(seed: UInt64, stream: UInt64 = 0) {
        key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.stream = stream
    }

    /// Creates a generator whose stream belongs to a name (its FNV-1a digest), so that the name draws alike whatever else there is.
    public init(seed: UInt64, name: String) {
        self.init(
            seed: seed, stream: name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        if let value = second {
            second = nil
            return value
        }
        let block = Self.block(
            (
                UInt32(truncatingIfNeeded: blockIndex), UInt32(truncatingIfNeeded: blockIndex >> 32),
                UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
            ), key: key)
        blockIndex &+= 1
        second = UInt64(block.3) << 32 | UInt64(block.2)
        return UInt64(block.1) << 32 | UInt64(block.0)
    }

    /// Ten rounds over one counter.
    static func block(
        _ counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
    ) -> (UInt32, UInt32, UInt32, UInt32) {
        var c = counter
        var k = key
        for _ in 0..<10 {
            let p0 = UInt64(c.0) * 0xD251_1F53
            let p1 = UInt64(c.2) * 0xCD9E_8D57
            c = (
                UInt32(truncatingIfNeeded: p1 >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: p1),
                UInt32(truncatingIfNeeded: p0 >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: p0)
            )
            k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
        }
        return c
    }
}
