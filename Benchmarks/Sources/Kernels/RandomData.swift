import GygesKernels

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Numbers that look random and are the same every time (Steele et al. 2014, SplitMix64).
struct RandomNumbers: RandomNumberGenerator {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Floats between -1 and 1, in memory that lives as long as the object.
final class FloatBuffer {
    let floats: UnsafeMutableBufferPointer<Float>

    init(count: Int) {
        floats = .allocate(capacity: count)
        var random = RandomNumbers()
        for index in 0..<count {
            floats.initializeElement(at: index, to: Float(Int32(truncatingIfNeeded: random.next())) * 0x1p-31)
        }
    }

    deinit { floats.deallocate() }
}

/// Weights as a file holds them: random codes under scales that keep products small.
///
/// - Precondition: `count` is a whole number of blocks.
func randomWeights(_ format: WeightFormat, count: Int) -> UnsafeMutableRawBufferPointer {
    let byteCount = format.byteCount(elementCount: count) ?? 0
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: (byteCount + 7) / 8 * 8, alignment: 64)
    var random = RandomNumbers()
    for offset in stride(from: 0, to: bytes.count, by: 8) {
        bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
    }
    // Numbers that are not finite or are tiny would change the time of what is measured.
    switch format {
    case .f32:
        for offset in stride(from: 0, to: byteCount, by: 4) {
            let word = bytes.load(fromByteOffset: offset, as: UInt32.self)
            bytes.storeBytes(of: word & 0x807F_FFFF | 0x3D00_0000, toByteOffset: offset, as: UInt32.self)
        }
    case .f16: setHalves(bytes, at: [0], every: 2, to: 0x2800, keeping: 0x83FF)
    case .bf16: setHalves(bytes, at: [0], every: 2, to: 0x3D00, keeping: 0x807F)
    case .q4_1, .q5_1, .q4_K, .q5_K: setHalves(bytes, at: [0, 2], every: format.blockByteCount, to: 0x1800)
    case .q6_K, .q3_K: setHalves(bytes, at: [format.blockByteCount - 2], every: format.blockByteCount, to: 0x1800)
    case .q2_K: setHalves(bytes, at: [80, 82], every: format.blockByteCount, to: 0x1800)
    case .q8_0, .q4_0, .q5_0, .iq4_nl, .iq4_xs: setHalves(bytes, at: [0], every: format.blockByteCount, to: 0x1800)
    }
    return UnsafeMutableRawBufferPointer(rebasing: bytes[..<byteCount])
}

/// Replaces 16-bit numbers at `offsets` of each block, but for the bits in `keeping`.
private func setHalves(
    _ bytes: UnsafeMutableRawBufferPointer, at offsets: [Int], every length: Int, to value: UInt16,
    keeping: UInt16 = 0
) {
    for block in stride(from: 0, to: bytes.count - length + 1, by: length) {
        for offset in offsets {
            let word = bytes.load(fromByteOffset: block + offset, as: UInt16.self)
            bytes.storeBytes(of: word & keeping | value, toByteOffset: block + offset, as: UInt16.self)
        }
    }
}

/// Asks for pages of 2 MiB, as weights are kept in.
func adviseLargePages(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    madvise(memory, byteCount / (2 << 20) * (2 << 20), MADV_HUGEPAGE)
}
