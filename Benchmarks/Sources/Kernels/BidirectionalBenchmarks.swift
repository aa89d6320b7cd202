import GygesKernels

/// Queries, keys and values of some sequences of one length.
private final class BidirectionalOperands {
    private let attention: BidirectionalAttention
    private let queries: FloatBuffer
    private let keys: FloatBuffer
    private let values: FloatBuffer
    private let result: FloatBuffer
    private let team: ThreadTeam

    init(_ attention: BidirectionalAttention, team: ThreadTeam) {
        (self.attention, self.team) = (attention, team)
        let rows = attention.sequences.last?.upperBound ?? 0
        let count = rows * attention.headCount * attention.headDimension
        (queries, keys) = (FloatBuffer(count: count), FloatBuffer(count: count))
        (values, result) = (FloatBuffer(count: count), FloatBuffer(count: count))
    }

    func attend(call: Int) {
        let (x, k, v, y) = (queries.floats, keys.floats, values.floats, result.floats)
        var span = y.mutableSpan
        attention(queries: x.span, at: nil, keys: k.span, values: v.span, into: &span, team: team)
    }
}

extension KernelBenchmark {
    /// Attention of ModernBERT-base's layers (12 heads of 64; local ones see 64 positions to either side), counted by what
    /// positions see: what lies outside is no work.
    static var allBidirectional: [KernelBenchmark] {
        let shapes = [(1, 32), (64, 32), (1, 512), (8, 512), (1, 8192)]
        return [AttentionPrecision.float32, .bfloat16].flatMap { precision in
            [nil, 64].flatMap { windowRadius in
                shapes.map { bidirectional($0, length: $1, windowRadius: windowRadius, precision: precision) }
            }
        }
    }

    private static func bidirectional(
        _ sequences: Int, length: Int, windowRadius: Int?, precision: AttentionPrecision
    ) -> KernelBenchmark {
        let kind = "\(precision == .float32 ? "f32" : "bf16") \(windowRadius == nil ? "global" : "local")"
        return KernelBenchmark(
            name: "encoder attention \(kind) \(sequences)x\(length)",
            peak: precision == .float32 ? .float32 : .bfloat16
        ) { team in
            let (heads, dimension) = (12, 64)
            // Any numbers up to 1 are as good as cosines here.
            let table = Array(FloatBuffer(count: length * dimension / 2).floats)
            let attention = BidirectionalAttention(
                sequences: (0..<sequences).map { $0 * length..<($0 + 1) * length }, headCount: heads,
                headDimension: dimension, windowRadius: windowRadius, cosines: table, sines: table, precision: precision
            )
            let operands = BidirectionalOperands(attention, team: team)
            let seen = (0..<length).reduce(0) { sum, position in
                sum + (windowRadius.map { min(length, position + $0 + 1) - max(0, position - $0) } ?? length)
            }
            let rows = sequences * length
            return PreparedKernel(
                operations: 4 * Double(sequences * seen * heads * dimension),
                bytes: Double(4 * rows * heads * dimension * 4), call: operands.attend)
        }
    }
}
