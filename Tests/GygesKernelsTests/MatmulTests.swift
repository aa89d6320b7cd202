import GygesKernels
import GygesTestSupport
import Testing

/// Matmuls of every format against the reference, on every instruction set.
@Suite struct MatmulTests {
    /// Odd numbers of rows and outputs: below, at and above the sizes of tiles and panels.
    static let rowCounts = [1, 2, 3, 5, 7, 12, 13, 16, 17, 35]
    static let outputCounts = [1, 15, 16, 33, 50]

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func fastMatmulsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        check(level, format, .fast)
    }

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func exactMatmulsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        check(level, format, .exact)
    }

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func bfloat16MatmulsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        check(level, format, .bfloat16)
    }

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func int8MatmulsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        check(level, format, .int8)
    }

    private func check(_ level: InstructionSet, _ format: WeightFormat, _ precision: MatmulPrecision) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        let columnCounts = format.isQuantized ? [1, 3].map { $0 * max(format.blockLength, 32) } : [1, 2, 37, 64]
        for (index, (rows, outputs)) in zip(
            Self.rowCounts, Self.outputCounts + Self.outputCounts.reversed()
        ).enumerated() {
            for columns in columnCounts {
                var random = Randomness(index)
                let x = random.floats(rows * columns, scale: 3)
                let stored = StoredMatrix(format: format, rows: outputs, columns: columns, seed: index + 100)
                let y = product(x, stored, rows: rows, precision: precision, team: team)

                // What the kernel is meant to multiply: rounding of the operands is not an error here.
                var left = x.map(Double.init)
                var right = stored.values
                if precision == .fast, format.isQuantized {
                    left = Reference.quantized(x, blockLength: format.blockLength == 256 ? 64 : 32)
                }
                if precision == .bfloat16 {
                    left = left.map(Reference.roundedToBfloat16)
                    right = right.map { Reference.roundedToBfloat16(Double(Float($0))) }
                }
                if precision == .int8 {
                    left = stride(from: 0, to: x.count, by: columns).flatMap { row in
                        stride(from: row, to: row + columns, by: 128).flatMap { start in
                            let block = Array(x[start..<min(start + 128, row + columns)])
                            return Reference.quantized(block, blockLength: block.count)
                        }
                    }
                    right = Reference.quantized(stored.floats, blockLength: columns)
                }
                var expected = Reference.product(left, right, rows: rows, outputs: outputs, columns: columns)
                if precision == .fast, !stored.lowest.isEmpty {
                    expected = splitProduct(left, stored, rows: rows)
                }
                // Sums in f32: a few units in the last place of the sum of magnitudes.
                let label = "\(level) \(format.rawValue) \(precision) [\(rows), \(outputs), \(columns)]"
                for i in y.indices where abs(Double(y[i]) - expected.y[i]) > 1e-6 * expected.magnitudes[i] + 1e-30 {
                    Issue.record("\(label): element \(i) is \(y[i]), expected \(expected.y[i])")
                    return
                }
            }
        }
    }

    /// A product with what codes stand for above code 0, and one with what code 0 stands for: the latter meets the sums of
    /// the activations of each run, both rounded to bfloat16.
    private func splitProduct(_ x: [Double], _ stored: StoredMatrix, rows: Int) -> (y: [Double], magnitudes: [Double]) {
        let codes = stored.values.enumerated().map { $1 - stored.lowest[$0 / 32] }
        let sums = stride(from: 0, to: x.count, by: 32).map { x[$0..<$0 + 32].reduce(0, +) }
        let (y, magnitudes) = Reference.product(x, codes, rows: rows, outputs: stored.rows, columns: stored.columns)
        let (lowest, lowestMagnitudes) = Reference.product(
            sums.map(Reference.roundedToBfloat16), stored.lowest.map(Reference.roundedToBfloat16), rows: rows,
            outputs: stored.rows,
            columns: stored.columns / 32)
        return (zip(y, lowest).map { $0 + $1 }, zip(magnitudes, lowestMagnitudes).map { $0 + $1 })
    }

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func aRowDoesNotDependOnTheOthersNorOnThreads(level: InstructionSet, format: WeightFormat) {
        let columns = 3 * max(format.blockLength, 32), outputs = 131, rows = 29
        let stored = StoredMatrix(format: format, rows: outputs, columns: columns, seed: 5)
        var random = Randomness(6)
        let x = random.floats(rows * columns)
        for precision in MatmulPrecision.allCases {
            let team = ThreadTeam(threadCount: 1, instructionSet: level)
            let together = product(x, stored, rows: rows, precision: precision, team: team)
            for threads in [2, 3] {
                let more = ThreadTeam(threadCount: threads, instructionSet: level)
                #expect(product(x, stored, rows: rows, precision: precision, team: more) == together)
            }
            for first in [0, 7, 28] {
                for count in [1, 2, 5, 13, 20] where first + count <= rows {
                    let part = Array(x[first * columns..<(first + count) * columns])
                    let alone = product(part, stored, rows: count, precision: precision, team: team)
                    #expect(alone == Array(together[first * outputs..<(first + count) * outputs]))
                }
            }
        }
    }

    @Test(arguments: InstructionSet.supported)
    func valuesThatAreNotFiniteStayVisible(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        for format in WeightFormat.allCases where format.isQuantized {
            let columns = max(64, format.blockLength)
            let stored = StoredMatrix(format: format, rows: 16, columns: columns, seed: 1)
            for poison in [Float.nan, .infinity] {
                var x = [Float](repeating: 1, count: 2 * columns)
                x[40] = poison
                let y = product(x, stored, rows: 2, precision: .fast, team: team)
                #expect(y[..<16].allSatisfy { !$0.isFinite }, "\(format): the poisoned row must not look healthy")
                #expect(y[16...].allSatisfy { $0.isFinite }, "\(format): the other row must not be touched")
            }
        }
    }

    @Test(arguments: WeightFormat.allCases)
    func rowsDequantizeExactly(format: WeightFormat) {
        let stored = StoredMatrix(format: format, rows: 7, columns: 3 * max(format.blockLength, 32), seed: 9)
        let rows = [6, 0, 3, 3]
        var y = [Float](repeating: 0, count: rows.count * stored.columns)
        stored.bytes.withUnsafeBytes { bytes in
            var span = y.mutableSpan
            dequantizeRows(
                bytes, format: format, columns: stored.columns, rows: rows, into: &span,
                team: ThreadTeam(threadCount: 2))
        }
        let expected = rows.flatMap { stored.floats[$0 * stored.columns..<($0 + 1) * stored.columns] }
        // Formats with a minimum round twice where the reference rounds once.
        let exact = ![WeightFormat.q4_1, .q5_1, .q2_K, .q4_K, .q5_K].contains(format)
        expectClose(y, expected, relative: exact ? 0 : 1e-6, absolute: exact ? 0 : 1e-7, format.rawValue)
    }

    private func product(
        _ x: [Float], _ matrix: StoredMatrix, rows: Int, precision: MatmulPrecision, team: ThreadTeam
    ) -> [Float] {
        let packed = matrix.packed(precision, team: team)
        var activations = Activations()
        activations.load(x.span, rows: rows, columns: matrix.columns, for: [packed], team: team)
        var y = [Float](repeating: .nan, count: rows * matrix.rows)
        var span = y.mutableSpan
        matmul(activations, by: packed, into: &span, team: team)
        return y
    }

    @Test("Gating between products has the bits of one step after another", arguments: InstructionSet.supported)
    func gatedMatmuls(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        // Below and above the rows and the outputs that are computed together, with remainders of tiles and panels.
        for (rows, inner) in [(1, 544), (3, 32), (17, 1056), (35, 768), (100, 288), (211, 160)] {
            let columns = 256
            var random = Randomness(rows + inner)
            let x = random.floats(rows * columns)
            for (precision, format, next) in Self.gatedFormats where inner % next.format.blockLength == 0 {
                let gate = StoredMatrix(format: format, rows: inner, columns: columns, seed: 1).packed(
                    precision, team: team)
                let up = StoredMatrix(format: format, rows: inner, columns: columns, seed: 2).packed(
                    precision, team: team)
                let down = StoredMatrix(format: next.format, rows: 19, columns: inner, seed: 3)
                    .packed(next.precision, team: team)
                for activation in [GateActivation.silu, .gelu] {
                    var input = Activations(), gated = Activations()
                    input.load(x.span, rows: rows, columns: columns, for: [gate, up], team: team)
                    var (gates, ups) = (product(input, gate, rows: rows), product(input, up, rows: rows))
                    var span = ups.mutableSpan
                    GygesKernels.gate(gates.span, with: activation, times: &span, team: team)
                    gated.load(ups.span, rows: rows, columns: inner, for: [down], team: team)
                    let expected = product(gated, down, rows: rows)

                    gatedMatmul(
                        input, gate: gate, up: up, activation: activation, into: &gated, for: down, team: team)
                    gates = product(gated, down, rows: rows)
                    #expect(gates == expected, "\(level) \(precision) \(format) \(next) [\(rows), \(inner)]")
                }
            }
        }

        func product(_ x: borrowing Activations, _ matrix: PackedMatrix, rows: Int) -> [Float] {
            var y = [Float](repeating: .nan, count: rows * matrix.rows)
            var span = y.mutableSpan
            matmul(x, by: matrix, into: &span, team: team)
            return y
        }
    }

    /// Gate and up, and what reads them; the last two have tiles of another height.
    private static let gatedFormats:
        [(MatmulPrecision, WeightFormat, (precision: MatmulPrecision, format: WeightFormat))] = [
            (.fast, .q4_K, (.fast, .q8_0)), (.fast, .q8_0, (.fast, .q6_K)), (.exact, .q8_0, (.exact, .f32)),
            (.bfloat16, .bf16, (.bfloat16, .bf16)),
            (.int8, .f32, (.int8, .f32)), (.fast, .q8_0, (.bfloat16, .f32)), (.bfloat16, .f32, (.fast, .q4_0)),
        ]

    @Test("A norm on the way into tiles has the bits of one before", arguments: InstructionSet.supported)
    func normedRows(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for (rows, columns) in [(1, 544), (3, 1056), (17, 64)] {
            var random = Randomness(rows)
            let x = random.floats(rows * columns, scale: 4), weight = random.floats(columns)
            let bias = random.floats(columns)
            for norm in [
                RowNorm.rootMeanSquare(weight: weight, epsilon: 1e-5),
                .layer(weight: weight, bias: nil, epsilon: 1e-5), .layer(weight: weight, bias: bias, epsilon: 1e-5),
            ] {
                var normed = [Float](repeating: .nan, count: x.count)
                var span = normed.mutableSpan
                switch norm {
                case .rootMeanSquare(let weight, let epsilon):
                    rmsNorm(x.span, weight: weight.span, epsilon: epsilon, into: &span, team: team)
                case .layer(let weight, let bias, let epsilon):
                    layerNorm(
                        x.span, weight: weight.span, bias: bias?.span, epsilon: epsilon, into: &span, team: team)
                }
                for precision in MatmulPrecision.allCases {
                    let matrix = StoredMatrix(format: .q8_0, rows: 19, columns: columns, seed: 3)
                    let packed = matrix.packed(precision, team: team)
                    var activations = Activations()
                    activations.load(
                        x.span, rows: rows, columns: columns, normalizedBy: norm, for: [packed], team: team)
                    var y = [Float](repeating: .nan, count: rows * 19)
                    span = y.mutableSpan
                    matmul(activations, by: packed, into: &span, team: team)
                    #expect(y == product(normed, matrix, rows: rows, precision: precision, team: team))
                }
            }
        }
    }

    @Test("A product is added where it is asked to", arguments: InstructionSet.supported, WeightFormat.allCases)
    func addedMatmuls(level: InstructionSet, format: WeightFormat) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        let columns = 2 * max(format.blockLength, 32), rows = 29
        for outputs in [7, 33, 48] {
            let stored = StoredMatrix(format: format, rows: outputs, columns: columns, seed: 5)
            var random = Randomness(6)
            let x = random.floats(rows * columns), before = random.floats(rows * outputs)
            for precision in MatmulPrecision.allCases {
                let packed = stored.packed(precision, team: team)
                var activations = Activations()
                activations.load(x.span, rows: rows, columns: columns, for: [packed], team: team)
                var y = before
                y.withUnsafeMutableBufferPointer {
                    matmul(activations, [Matmul(packed, into: $0, isAdded: true)], team: team)
                }
                let plain = product(x, stored, rows: rows, precision: precision, team: team)
                #expect(y == zip(before, plain).map { $0 + $1 }, "\(level) \(precision) \(outputs)")
            }
        }
    }
}
