/// Random bits that a key and a place decide, so that whatever is asked for, in whatever order, is the same in a run that was
/// resumed.
///
/// The sequence of a key is SplitMix64's (Steele, Lea & Flood 2014, https://doi.org/10.1145/2660193.2660195), read at any place.
public struct KeyedBits: Sendable, Equatable {
    private let key: UInt64

    /// The bits of a seed.
    public init(seed: UInt64) { key = Self.mixed(seed &+ 0x9e37_79b9_7f4a_7c15) }

    private init(key: UInt64) { self.key = key }

    /// The bits of one of many alike: an epoch, a tensor, a sequence.
    public func branch(_ number: UInt64) -> KeyedBits {
        // An odd factor of its own, so that a branch is no stretch of its parent's sequence.
        KeyedBits(key: Self.mixed(key ^ Self.mixed(number &* 0xd1b5_4a32_d192_ed03 &+ 0x8cb9_2ba7_2f3d_8dd7)))
    }

    /// 64 random bits.
    public func bits(at place: UInt64) -> UInt64 {
        Self.mixed(key &+ (place &+ 1) &* 0x9e37_79b9_7f4a_7c15)
    }

    /// A number in [0, 1), a multiple of 2⁻⁵³.
    public func fraction(at place: UInt64) -> Double { Double(bits(at: place) >> 11) * 0x1p-53 }

    /// A number in `0..<bound`, each as probable as another but for one part in 2⁶⁴ / bound.
    ///
    /// - Precondition: `bound` is positive.
    public func number(below bound: UInt64, at place: UInt64) -> UInt64 {
        bits(at: place).multipliedFullWidth(by: bound).high
    }

    /// SplitMix64's mixing of bits, which is one to one.
    static func mixed(_ x: UInt64) -> UInt64 {
        var z = x
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
