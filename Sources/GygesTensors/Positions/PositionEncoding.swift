public import GygesKernels

/// How the tokens of a sequence are placed for attention.
///
/// A model has one encoding for texts within its native window and may use another for a longer one. What was computed
/// under one encoding, keys and values too, is of no use under another.
public struct PositionEncoding: Sendable, Hashable {
    /// The angles by which queries and keys are rotated.
    public var table: RotaryTable
    /// The chunks of Dual Chunk Attention; `nil` for ordinary positions.
    public var chunks: DualChunks?
    /// What the scale of the scores is multiplied by.
    public var temperature: Float

    /// Creates an encoding.
    public init(table: RotaryTable, chunks: DualChunks? = nil, temperature: Float = 1) {
        self.table = table
        self.chunks = chunks
        self.temperature = temperature
    }
}

/// The cosines and sines of all rows of a batch.
struct RotaryAngles {
    /// 1, or 3 if a sequence has chunks: what rows are rotated by as queries of keys in their own chunk (and as keys), in the
    /// chunk before, and in chunks before that.
    let variants: Int
    /// `[variants, rows, pairs]`; zeros for the further variants of rows without chunks.
    let cosines: [Float]
    let sines: [Float]

    /// Sequences of `batch` that bring no encoding use `native`. All encodings have the same number of channel pairs.
    ///
    /// Complexity: O(variants · rows · pairs) sine evaluations.
    init(of batch: PackedBatch, native: PositionEncoding) {
        let pairs = native.table.frequencies.count
        let rows = batch.rowCount
        variants = batch.sequences.contains { ($0.encoding ?? native).chunks != nil } ? 3 : 1
        var cosines = [Float](repeating: 0, count: variants * rows * pairs)
        var sines = cosines
        cosines.withUnsafeMutableBufferPointer { cosines in
            sines.withUnsafeMutableBufferPointer { sines in
                guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                for sequence in batch.sequences {
                    let encoding = sequence.encoding ?? native
                    for row in sequence.rows {
                        let index = sequence.firstPosition + row - sequence.rows.lowerBound
                        for variant in 0..<(encoding.chunks == nil ? 1 : 3) {
                            let offset = (variant * rows + row) * pairs
                            encoding.table.write(
                                position: encoding.chunks?.queryPosition(of: index, chunksBack: variant) ?? index,
                                cosines: cosines + offset, sines: sines + offset)
                        }
                    }
                }
            }
        }
        self.cosines = cosines
        self.sines = sines
    }
}

/// The angles of a pass, the same for all its layers.
struct RotaryAngleMemory {
    private var last: (sequences: [PackedBatch.Span], native: PositionEncoding, angles: RotaryAngles)?

    /// The angles of the batch's rows, computed if they are not those of the last call.
    mutating func angles(of batch: PackedBatch, native: PositionEncoding) -> RotaryAngles {
        // Within a pass both arrays of sequences are one, which takes no time to compare.
        if let last, last.native == native, last.sequences == batch.sequences { return last.angles }
        let angles = RotaryAngles(of: batch, native: native)
        last = (batch.sequences, native, angles)
        return angles
    }
}
