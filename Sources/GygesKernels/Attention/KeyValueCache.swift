import CGygesKernels

/// The element type of cached keys and values.
public enum KeyValueFormat: String, Sendable, CaseIterable {
    case f32
    case f16
    case bf16
    /// 8-bit codes; each position's key and value of a head have a scale of their own, max|x| / 127.
    case q8

    var code: CInt {
        switch self {
        case .f32: CInt(GYGES_CACHE_F32)
        case .f16: CInt(GYGES_CACHE_F16)
        case .bf16: CInt(GYGES_CACHE_BF16)
        case .q8: CInt(GYGES_CACHE_Q8)
        }
    }
}

/// The arrangement of 64 positions of one layer's keys and values.
///
/// For each head, keys transposed `[headDimension][64]` (so that the scores of 64 positions are products with whole
/// vectors), then values `[64][headDimension]`, then the scales of 8-bit codes.
public struct KeyValueLayout: Sendable, Equatable {
    /// The positions in a block.
    public static let blockLength = Int(GYGES_KEY_VALUE_BLOCK)
    /// The number of key-value heads.
    public var headCount: Int
    /// Channels a head.
    public var headDimension: Int
    /// How elements are stored.
    public var format: KeyValueFormat

    /// Creates a layout.
    public init(headCount: Int, headDimension: Int, format: KeyValueFormat) {
        self.headCount = headCount
        self.headDimension = headDimension
        self.format = format
    }

    /// The bytes of one head's part of a block.
    var headByteCount: Int { gyges_cache_head_bytes(format.code, headDimension) }

    /// The bytes of a block.
    public var blockByteCount: Int { headCount * headByteCount }
}

extension KeyValueLayout {
    /// Whether a block of one layer holds keys or values that are not finite, or scales of codes that are not.
    ///
    /// - Parameters:
    ///   - block: The block, ``blockByteCount`` bytes.
    ///   - positionCount: How many of its positions were stored, from the first on; the others are not looked at.
    public func holdsNonFinite(in block: UnsafeRawPointer, positionCount: Int) -> Bool {
        let length = Self.blockLength
        let elements = headDimension * length
        /// Whether the element of a number is infinite or none.
        func isNonFinite(_ head: UnsafeRawPointer, _ index: Int) -> Bool {
            switch format {
            case .f32, .q8: !head.loadUnaligned(fromByteOffset: 4 * index, as: Float.self).isFinite
            case .f16: head.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self) & 0x7C00 == 0x7C00
            case .bf16: head.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self) & 0x7F80 == 0x7F80
            }
        }
        let count = min(positionCount, length)
        for head in 0..<headCount {
            let start = block + head * headByteCount
            if format == .q8 {  // Codes are always finite; behind them are the scales of keys and of values.
                let scales = start + 2 * elements
                for position in 0..<count
                where isNonFinite(scales, position) || isNonFinite(scales, length + position) { return true }
                continue
            }
            for position in 0..<count {
                for channel in 0..<headDimension
                where isNonFinite(start, channel * length + position)
                    || isNonFinite(start, elements + position * headDimension + channel)
                { return true }
            }
        }
        return false
    }
}

/// Stores keys and values of some positions into their blocks.
///
/// - Parameters:
///   - keys: Rows `rowStride` floats apart, each `[headCount · headDimension]`; `values` likewise.
///   - blocks: For each row, its block of this layer.
///   - offsets: For each row, its position within the block.
public func storeKeysAndValues(
    keys: Span<Float>, values: Span<Float>, rowStride: Int, layout: KeyValueLayout,
    blocks: [UnsafeMutableRawPointer], offsets: [Int], team: ThreadTeam
) {
    let width = layout.headCount * layout.headDimension
    expect(
        width <= rowStride && keys.count >= blocks.count * rowStride && values.count >= blocks.count * rowStride
            && offsets.count == blocks.count,
        "storeKeysAndValues: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.vector.store_cache_row
    keys.withUnsafeBufferPointer { keys in
        values.withUnsafeBufferPointer { values in
            guard let keys = keys.baseAddress, let values = values.baseAddress else { return }
            nonisolated(unsafe) let blocks = blocks
            team.run(over: blocks.count, minimum: max(1, (1 << 12) / width)) { rows in
                for row in rows {
                    var target = GygesCacheRow(
                        keys: keys + row * rowStride, values: values + row * rowStride, heads: layout.headCount,
                        head_dimension: layout.headDimension, format: layout.format.code,
                        block: blocks[row].assumingMemoryBound(to: UInt8.self), offset: offsets[row])
                    kernel(&target)
                }
            }
        }
    }
}
