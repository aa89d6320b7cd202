public import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The rotation angles of rotary position embedding (Su et al. 2021, https://arxiv.org/abs/2104.09864).
///
/// Channel pair `i` of a head rotates by `position · frequencies[i]`. Angles are rounded to `Float` before the sine and
/// cosine are taken, as the reference implementations do, so that long positions agree with them.
public struct RotaryTable: Sendable, Hashable {
    /// Radians a position, one a channel pair.
    public let frequencies: [Float]
    /// What cosines and sines are multiplied by: YaRN's attention factor, which scores get squared; else 1.
    public let magnitude: Float
    /// The channels of a head.
    public let headDimension: Int
    /// How the channels of a head form pairs.
    public let layout: RotaryLayout

    /// Creates a table from explicit frequencies; `frequencies.count` is half the number of rotated channels.
    public init(frequencies: [Double], magnitude: Double = 1, headDimension: Int, layout: RotaryLayout) {
        self.frequencies = frequencies.map { Float($0) }
        self.magnitude = Float(magnitude)
        self.headDimension = headDimension
        self.layout = layout
    }

    /// A table that leaves queries and keys as they are, bit for bit: for models that know positions otherwise.
    public static func withoutRotation(headDimension: Int) -> RotaryTable {
        RotaryTable(
            frequencies: [Double](repeating: 0, count: headDimension / 2), headDimension: headDimension,
            layout: .halves)
    }

    /// The plain frequencies `base^(-2i/rotaryDimension)`.
    public static func frequencies(base: Double, rotaryDimension: Int) -> [Double] {
        (0..<rotaryDimension / 2).map { pair in 1 / pow(base, Double(2 * pair) / Double(rotaryDimension)) }
    }

    /// The number of channels of a head that rotate.
    public var rotaryDimension: Int { 2 * frequencies.count }

    /// Writes the cosines and sines of one position, `frequencies.count` each.
    func write(position: Int, cosines: UnsafeMutablePointer<Float>, sines: UnsafeMutablePointer<Float>) {
        for (pair, frequency) in frequencies.enumerated() {
            let angle = Float(position) * frequency
            cosines[pair] = cosf(angle) * magnitude
            sines[pair] = sinf(angle) * magnitude
        }
    }
}
