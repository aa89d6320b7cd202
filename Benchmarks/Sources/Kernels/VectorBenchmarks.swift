import GygesKernels

/// Queries of some sequences at the end of their contexts, over keys and values in blocks of their own.
private final class AttentionOperands {
    private let layout: KeyValueLayout
    private let queryHeads: Int
    /// For each copy of the cache, for each sequence, its blocks.
    private let copies: [[AttentionSequence]]
    private let memory: UnsafeMutableRawBufferPointer
    private let queries: FloatBuffer
    private let result: FloatBuffer
    private let team: ThreadTeam

    init(
        layout: KeyValueLayout, queryHeads: Int, sequences: Int, context: Int, rows: Int, isShared: Bool,
        copyCount: Int,
        team: ThreadTeam
    ) {
        (self.layout, self.queryHeads, self.team) = (layout, queryHeads, team)
        let blockCount = (context + KeyValueLayout.blockLength - 1) / KeyValueLayout.blockLength
        memory = .allocate(byteCount: copyCount * sequences * blockCount * layout.blockByteCount, alignment: 2 << 20)
        if let base = memory.baseAddress { adviseLargePages(base, byteCount: memory.count) }
        // Halves between 1/16 and 1/8 of either sign.
        var random = RandomNumbers()
        for offset in stride(from: 0, to: memory.count, by: 8) {
            let word = random.next() & 0x83FF_83FF_83FF_83FF | 0x2C00_2C00_2C00_2C00
            memory.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
        }
        let base = UnsafeRawPointer(memory.baseAddress!)  // Never empty.
        copies = (0..<copyCount).map { copy in
            (0..<sequences).map { sequence in
                AttentionSequence(
                    firstRow: sequence * rows, rowCount: rows, firstPosition: context - rows,
                    blocks: (0..<blockCount).map { block in
                        // What is shared is all but the block that a sequence is writing to.
                        let owner = isShared && block + 1 < blockCount ? 0 : sequence
                        return base + ((copy * sequences + owner) * blockCount + block) * layout.blockByteCount
                    })
            }
        }
        let count = sequences * rows * queryHeads * layout.headDimension
        (queries, result) = (FloatBuffer(count: count), FloatBuffer(count: count))
    }

    deinit { memory.deallocate() }

    func attend(call: Int) {
        let (x, floats) = (queries.floats, result.floats)
        let sequences = copies[call % copies.count]
        let stride = queryHeads * layout.headDimension
        var y = floats.mutableSpan
        attention(
            queries: x.span, rowCount: x.count / stride, queryStride: stride, queryHeadCount: queryHeads,
            sequences: sequences, layout: layout, scale: 0.088, into: &y, team: team)
    }
}

extension KernelBenchmark {
    /// Attention of Qwen2.5 1.5B's shape (12 query and 2 key-value heads of 128), decoding and reading a prompt.
    static var allAttention: [KernelBenchmark] {
        let cases =
            [512, 2048, 8192].flatMap { [(1, $0, 1, false), (16, $0, 1, false), (1, $0, 512, false)] }
            + [(1, 16_384, 1, false), (16, 6144, 1, true), (32, 6144, 1, true)]
        return cases.map { sequences, context, rows, isShared in
            let work =
                rows > 1 ? "prompt of \(rows) up to" : "decoding \(sequences) " + (isShared ? "behind a shared" : "at")
            return KernelBenchmark(name: "attention f16 \(work) \(context)", peak: .float32) { team in
                let layout = KeyValueLayout(headCount: 2, headDimension: 128, format: .f16)
                let perPosition = layout.blockByteCount / KeyValueLayout.blockLength
                let bytes = (isShared ? 1 : sequences) * context * perPosition
                // A step of decoding visits other layers in between, so that no cache holds the keys.
                let operands = AttentionOperands(
                    layout: layout, queryHeads: 12, sequences: sequences, context: context, rows: rows,
                    isShared: isShared,
                    copyCount: rows == 1 ? max(1, (192 << 20) / (sequences * context * perPosition)) : 1, team: team)
                // Each row sees what is before it: on average half of its own prompt's part.
                let seen = Double(context) - Double(rows - 1) / 2
                return PreparedKernel(
                    operations: 4 * Double(sequences * rows * 12 * 128) * seen, bytes: Double(bytes),
                    isStreamed: rows == 1, call: operands.attend)
            }
        }
    }

    /// What stands between the products of a layer.
    static var allElementwise: [KernelBenchmark] {
        [1, 16, 512].flatMap { rows in
            [
                quantization(rows: rows, columns: 1536), quantization(rows: rows, columns: 8960), norm(rows: rows),
                gate(rows: rows),
            ]
        }
    }

    private static func quantization(rows: Int, columns: Int) -> KernelBenchmark {
        KernelBenchmark(name: "quantize_tile \(rows)x\(columns)", peak: nil) { team in
            let bytes = randomWeights(.q4_K, count: 16 * columns)
            defer { bytes.deallocate() }
            let matrix = PackedMatrix(
                UnsafeRawBufferPointer(bytes), format: .q4_K, rows: 16, columns: columns, precision: .fast, team: team)
            let x = FloatBuffer(count: rows * columns)
            let target = ActivationsBox()
            return PreparedKernel(operations: 0, bytes: Double(rows * columns * 5)) { _ in
                target.activations.load(x.floats.span, rows: rows, columns: columns, for: [matrix], team: team)
            }
        }
    }

    private static func norm(rows: Int) -> KernelBenchmark {
        KernelBenchmark(name: "rms_norm \(rows)x1536", peak: nil) { team in
            let (x, y, weight) = (
                FloatBuffer(count: rows * 1536), FloatBuffer(count: rows * 1536), FloatBuffer(count: 1536)
            )
            return PreparedKernel(operations: 0, bytes: Double(rows * 1536 * 8)) { _ in
                let floats = y.floats
                var span = floats.mutableSpan
                rmsNorm(x.floats.span, weight: weight.floats.span, epsilon: 1e-6, into: &span, team: team)
            }
        }
    }

    private static func gate(rows: Int) -> KernelBenchmark {
        KernelBenchmark(name: "silu_gate \(rows)x8960", peak: nil) { team in
            let count = rows * 8960
            let (x, y) = (FloatBuffer(count: count), FloatBuffer(count: count))
            return PreparedKernel(operations: 0, bytes: Double(count * 12)) { _ in
                let floats = y.floats
                var span = floats.mutableSpan
                GygesKernels.gate(x.floats.span, with: .silu, times: &span, team: team)
            }
        }
    }
}

/// Activations that a closure can keep.
private final class ActivationsBox {
    var activations = Activations()
}
