import GygesKernels

/// The shape of a product: so many rows of `inputs` numbers times a matrix `[outputs, inputs]`.
struct ProductShape: Hashable {
    var inputs: Int
    var outputs: Int
}

/// Packed copies of one matrix: more memory than caches hold where a product is to read it as decoding does.
private final class PackedCopies {
    let copies: [PackedMatrix]

    init(_ format: WeightFormat, _ shape: ProductShape, precision: MatmulPrecision, streams: Bool, team: ThreadTeam) {
        let bytes = randomWeights(format, count: shape.inputs * shape.outputs)
        defer { bytes.deallocate() }
        let count = streams ? max(2, min(256, (192 << 20) / bytes.count)) : 1
        copies = (0..<count).map { _ in
            PackedMatrix(
                UnsafeRawBufferPointer(bytes), format: format, rows: shape.outputs, columns: shape.inputs,
                precision: precision, team: team)
        }
    }
}

/// Remembers the last matrix: lines that follow one another multiply by the same.
private final class LastMatrix {
    private var key = ""
    private var matrix: PackedCopies?

    func copies(
        _ format: WeightFormat, _ shape: ProductShape, precision: MatmulPrecision, streams: Bool, team: ThreadTeam
    ) -> PackedCopies {
        let wanted = "\(format) \(shape) \(precision) \(streams)"
        if let matrix, key == wanted { return matrix }
        matrix = nil  // Before the next is made: two of the largest need not fit.
        let made = PackedCopies(format, shape, precision: precision, streams: streams, team: team)
        (key, matrix) = (wanted, made)
        return made
    }
}

private final class ProductOperands {
    private var activations = Activations()
    private let result: FloatBuffer
    private let matrix: PackedCopies
    private let team: ThreadTeam

    init(rows: Int, shape: ProductShape, matrix: PackedCopies, team: ThreadTeam) {
        result = FloatBuffer(count: rows * shape.outputs)
        self.matrix = matrix
        self.team = team
        let x = FloatBuffer(count: rows * shape.inputs)
        activations.load(x.floats.span, rows: rows, columns: shape.inputs, for: [matrix.copies[0]], team: team)
    }

    func multiply(call: Int) {
        let floats = result.floats
        var y = floats.mutableSpan
        GygesKernels.matmul(activations, by: matrix.copies[call % matrix.copies.count], into: &y, team: team)
    }
}

extension KernelBenchmark {
    /// Rows up to which a product is one step of decoding, which reads its weights from memory.
    private static let streamedRows = 32

    /// Products of one format and precision at one shape, for several numbers of rows. `kind` is the name's beginning.
    private static func products(
        _ format: WeightFormat, _ shape: ProductShape, precision: MatmulPrecision, rows: [Int],
        kind: String = "product",
        last: LastMatrix
    ) -> [KernelBenchmark] {
        rows.map { rows in
            let peak: Peak =
                switch precision {
                case .fast: format.isQuantized ? .int8 : .float32
                case .exact: .float32
                case .bfloat16: .bfloat16
                case .int8: .int8
                }
            let name = "\(kind) \(format.rawValue) \(rows)x\(shape.inputs)x\(shape.outputs)"
            return KernelBenchmark(name: name, peak: peak) { team in
                let streams = rows <= streamedRows
                let matrix = last.copies(format, shape, precision: precision, streams: streams, team: team)
                let operands = ProductOperands(rows: rows, shape: shape, matrix: matrix, team: team)
                return PreparedKernel(
                    operations: 2 * Double(rows * shape.inputs * shape.outputs),
                    bytes: Double(matrix.copies[0].byteCount), isStreamed: streams, call: operands.multiply)
            }
        }
    }

    /// Every format at the shapes of Qwen2.5 1.5B, and dense products of the encoder's shapes.
    static var allProducts: [KernelBenchmark] {
        let last = LastMatrix()
        let rows = [1, 4, 8, 16, 32, 128, 512]
        let square = ProductShape(inputs: 1536, outputs: 1536)
        let (up, down) = (ProductShape(inputs: 1536, outputs: 8960), ProductShape(inputs: 8960, outputs: 1536))
        let head = ProductShape(inputs: 1536, outputs: 151_936)
        var list: [KernelBenchmark] = []
        for format in WeightFormat.allCases {
            for shape in [square, up, down] {
                list += products(format, shape, precision: .fast, rows: rows, last: last)
            }
        }
        for format in [WeightFormat.q8_0, .q4_K, .q6_K] {
            list += products(format, head, precision: .fast, rows: rows.filter { $0 <= 16 }, last: last)
        }
        let dense = [(512, 768, 2304), (512, 768, 768), (128, 1152, 768), (512, 1536, 1536), (512, 384, 50_368)]
        for (rows, inputs, outputs) in dense {
            let shape = ProductShape(inputs: inputs, outputs: outputs)
            for (format, precision) in [(WeightFormat.f32, MatmulPrecision.fast), (.bf16, .bfloat16), (.f32, .int8)] {
                list += products(
                    format, shape, precision: precision, rows: [rows],
                    kind: precision == .int8 ? "int8 product" : "dense product",
                    last: last)
            }
        }
        return list
    }
}
