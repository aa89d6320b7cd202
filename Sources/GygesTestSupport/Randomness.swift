/// A small deterministic generator (SplitMix64), so that a failing case can be run again.
public struct Randomness: RandomNumberGenerator {
    private var state: UInt64

    /// The sequence of a seed.
    public init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    /// Floats in -scale...scale.
    public mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in Float.random(in: -scale...scale, using: &self) }
    }
}
