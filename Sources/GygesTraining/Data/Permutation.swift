public import GygesTensors

/// An order of `0..<count` that looks random and takes no memory: any place of it can be asked for at once, so that a run that
/// goes on need read nothing again.
///
/// A Feistel network (Luby & Rackoff 1988, https://doi.org/10.1137/0217022) over the next power of two is one to one;
/// numbers that fall outside go through it again until they do not (Black & Rogaway 2002,
/// https://doi.org/10.1007/3-540-45760-7_9, cycle walking), on average less than once. Keys have 64 bits, so that billions of
/// samples stay apart, which generators of 32 bits do not manage (ModernBERT's appendix C.1).
public struct Permutation: Sendable {
    /// How many numbers are put in order.
    public let count: Int
    private let bits: KeyedBits
    private let lowWidth: UInt64
    private let highMask: UInt64
    private let lowMask: UInt64

    /// Halves of a few bits need many: with 8, the orders of five numbers are far from equally probable.
    private static let roundCount: UInt64 = 32

    /// The order of `0..<count` that some bits choose.
    ///
    /// - Precondition: `count` is not negative.
    public init(count: Int, bits: KeyedBits) {
        self.count = count
        self.bits = bits
        // Two halves of at least a bit each that hold every number below count.
        let width = UInt64(max(2, Int.bitWidth - max(0, count - 1).leadingZeroBitCount))
        lowWidth = width / 2
        lowMask = 1 << lowWidth - 1
        highMask = 1 << (width - lowWidth) - 1
    }

    /// The number at a place.
    ///
    /// - Precondition: `place` is in `0..<count`.
    /// - Complexity: O(1) on average.
    public subscript(place: Int) -> Int {
        guard place >= 0, place < count else { fatalError("place \(place) of an order of \(count)") }
        var number = UInt64(place)
        repeat { number = mixed(number) } while number >= UInt64(count)
        return Int(number)
    }

    /// One to one over all numbers of both halves, since each round changes a half by what the other says.
    private func mixed(_ number: UInt64) -> UInt64 {
        var low = number & lowMask, high = number >> lowWidth
        for round in 0..<Self.roundCount {
            // Halves have at most 32 bits, so that rounds do not meet.
            if round % 2 == 0 {
                high ^= bits.bits(at: round << 32 | low) & highMask
            } else {
                low ^= bits.bits(at: round << 32 | high) & lowMask
            }
        }
        return high << lowWidth | low
    }
}
