import GygesKernels

/// A dense matmul of training: which of the three, and of what.
private final class TrainingOperands {
    private let left: FloatBuffer
    private let right: FloatBuffer
    private let result: FloatBuffer
    private let multiply: (FloatBuffer, FloatBuffer, FloatBuffer) -> Void

    init(
        _ leftCount: Int, _ rightCount: Int, _ resultCount: Int,
        _ multiply: @escaping (FloatBuffer, FloatBuffer, FloatBuffer) -> Void
    ) {
        (left, right, result) = (
            FloatBuffer(count: leftCount), FloatBuffer(count: rightCount), FloatBuffer(count: resultCount)
        )
        self.multiply = multiply
    }

    func multiply(call: Int) { multiply(left, right, result) }
}

extension KernelBenchmark {
    /// The matmuls of training in each direction: of a decoder of 135 million parameters, of an encoder 384 wide, and of
    /// 1.5 billion parameters that stay in 4 bits.
    static var allTraining: [KernelBenchmark] {
        let shapes = [(1024, 576, 1536), (1024, 1536, 576), (4096, 384, 384), (512, 1536, 8960)]
        let dense = shapes.flatMap { rows, inputs, outputs in
            DensePrecision.allCases.flatMap { precision in
                training(rows: rows, inputs: inputs, outputs: outputs, precision: precision)
            }
        }
        return dense
            + [WeightFormat.q4_K, .q6_K, .q8_0].map { format in
                let (rows, inputs, outputs) = (512, 1536, 8960)
                let name = "training dX \(format.rawValue) \(rows)x\(inputs)x\(outputs)"
                return KernelBenchmark(name: name, peak: .float32) { team in
                    let bytes = randomWeights(format, count: inputs * outputs)
                    defer { bytes.deallocate() }
                    let packed = PackedMatrix(
                        UnsafeRawBufferPointer(bytes), format: format, rows: outputs, columns: inputs, precision: .fast,
                        team: team)
                    let operands = TrainingOperands(rows * outputs, 1, rows * inputs) { dy, _, dx in
                        denseMatmul(
                            DenseMatrix(dy.floats, rows: rows, columns: outputs), .packed(packed), into: dx.floats,
                            team: team)
                    }
                    return PreparedKernel(
                        operations: 2 * Double(rows * inputs * outputs), bytes: Double(packed.byteCount),
                        call: operands.multiply)
                }
            }
    }

    /// `Y = X · Wᵀ`, `dX = dY · W` and `dW = dYᵀ · X`.
    private static func training(
        rows: Int, inputs: Int, outputs: Int, precision: DensePrecision
    ) -> [KernelBenchmark] {
        let (x, w, y) = (rows * inputs, outputs * inputs, rows * outputs)
        func line(
            _ kind: String, _ counts: (Int, Int, Int),
            _ multiply: @escaping (FloatBuffer, FloatBuffer, FloatBuffer, ThreadTeam) -> Void
        ) -> KernelBenchmark {
            let name = "training \(kind) \(precision) \(rows)x\(inputs)x\(outputs)"
            return KernelBenchmark(name: name, peak: precision == .float32 ? .float32 : .bfloat16) { team in
                let operands = TrainingOperands(counts.0, counts.1, counts.2) { multiply($0, $1, $2, team) }
                return PreparedKernel(
                    operations: 2 * Double(rows * inputs * outputs), bytes: Double(4 * (x + w + y)),
                    call: operands.multiply)
            }
        }
        return [
            line("Y", (x, w, y)) { x, w, y, team in
                denseMatmul(
                    DenseMatrix(x.floats, rows: rows, columns: inputs),
                    .floats(DenseMatrix(w.floats, rows: outputs, columns: inputs).transposed), into: y.floats,
                    precision: precision, team: team)
            },
            line("dX", (y, w, x)) { dy, w, dx, team in
                denseMatmul(
                    DenseMatrix(dy.floats, rows: rows, columns: outputs),
                    .floats(DenseMatrix(w.floats, rows: outputs, columns: inputs)), into: dx.floats,
                    precision: precision, team: team)
            },
            line("dW", (y, x, w)) { dy, x, dw, team in
                denseMatmul(
                    DenseMatrix(dy.floats, rows: rows, columns: outputs).transposed,
                    .floats(DenseMatrix(x.floats, rows: rows, columns: inputs)), into: dw.floats,
                    precision: precision, team: team)
            },
        ]
    }
}
