public import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The rotation angles of rotary position embedding (Su et al. 2021, https://arxiv.org/abs/2104.09864).
///
/// Channel pair `i` of a head turns by `position · frequencies[i]`. Angles are rounded to `Float` before the sine and
/// cosine are taken, as the reference implementations do, so that long positions agree with them.
public struct RotaryTable: Sendable, Equatable {
    /// Radians a position, one a channel pair.
    public let frequencies: [Float]
    /// The channels of a head.
    public let headDimension: Int
    /// How the channels of a head form pairs.
    public let layout: RotaryLayout

    /// Creates a table from explicit frequencies; `frequencies.count` is half the number of rotated channels.
    public init(frequencies: [Float], headDimension: Int, layout: RotaryLayout) {
        self.frequencies = frequencies
        self.headDimension = headDimension
        self.layout = layout
    }

    /// The plain frequencies `base^(-2i/rotaryDimension)`.
    public static func frequencies(base: Double, rotaryDimension: Int) -> [Float] {
        (0..<rotaryDimension / 2).map { pair in
            Float(1 / pow(base, Double(2 * pair) / Double(rotaryDimension)))
        }
    }

    /// The number of channels of a head that turn.
    public var rotaryDimension: Int { 2 * frequencies.count }

    /// Cosines and sines for each row's position, each `[positions.count, frequencies.count]`.
    ///
    /// Complexity: O(positions · frequencies) sine evaluations; neighbouring equal positions are computed once a call.
    public func cosinesAndSines(at positions: [Int32]) -> (cosines: [Float], sines: [Float]) {
        let width = frequencies.count
        var cosines = [Float](repeating: 0, count: positions.count * width)
        var sines = cosines
        for (row, position) in positions.enumerated() {
            for pair in 0..<width {
                let angle = Float(position) * frequencies[pair]
                cosines[row * width + pair] = cosf(angle)
                sines[row * width + pair] = sinf(angle)
            }
        }
        return (cosines, sines)
    }
}
