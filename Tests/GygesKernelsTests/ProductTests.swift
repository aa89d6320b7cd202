import GygesKernels
import GygesTestSupport
import Testing

/// Products of every format against the reference, on every instruction set.
@Suite struct ProductTests {
    /// Odd numbers of rows and outputs: below, at and above the sizes of tiles and panels.
    static let rowCounts = [1, 2, 3, 5, 7, 12, 13, 16, 17, 35]
    static let outputCounts = [1, 15, 16, 33, 50]

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func fastProductsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        check(level, format, .fast)
    }

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func exactProductsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        check(level, format, .exact)
    }

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func bfloat16ProductsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        check(level, format, .bfloat16)
    }

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func int8ProductsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        check(level, format, .int8)
    }

    private func check(_ level: InstructionSet, _ format: WeightFormat, _ precision: ProductPrecision) {
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
                if precision == .fast, format.isQuantized { left = Reference.quantized(x) }
                if precision == .bfloat16 {
                    left = left.map(rounded)
                    right = right.map { rounded(Double(Float($0))) }
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
                let expected = Reference.product(left, right, rows: rows, outputs: outputs, columns: columns)
                // Sums in f32: a few units in the last place of the sum of magnitudes.
                let label = "\(level) \(format.rawValue) \(precision) [\(rows), \(outputs), \(columns)]"
                for i in y.indices where abs(Double(y[i]) - expected.y[i]) > 1e-6 * expected.magnitudes[i] + 1e-30 {
                    Issue.record("\(label): element \(i) is \(y[i]), expected \(expected.y[i])")
                    return
                }
            }
        }
    }

    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func aRowDoesNotDependOnTheOthersNorOnThreads(level: InstructionSet, format: WeightFormat) {
        let columns = 3 * max(format.blockLength, 32), outputs = 131, rows = 29
        let stored = StoredMatrix(format: format, rows: outputs, columns: columns, seed: 5)
        var random = Randomness(6)
        let x = random.floats(rows * columns)
        for precision in ProductPrecision.allCases {
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
        let stored = StoredMatrix(format: .q4_0, rows: 16, columns: 64, seed: 1)
        for poison in [Float.nan, .infinity] {
            var x = [Float](repeating: 1, count: 2 * 64)
            x[40] = poison
            let y = product(x, stored, rows: 2, precision: .fast, team: team)
            #expect(y[..<16].allSatisfy { !$0.isFinite }, "the poisoned row must not look healthy")
            #expect(y[16...].allSatisfy { $0.isFinite }, "the other row must not be touched")
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
        let exact = ![WeightFormat.q4_1, .q5_1, .q4_K, .q5_K].contains(format)
        expectClose(y, expected, relative: exact ? 0 : 1e-6, absolute: exact ? 0 : 1e-7, format.rawValue)
    }

    private func product(
        _ x: [Float], _ matrix: StoredMatrix, rows: Int, precision: ProductPrecision, team: ThreadTeam
    ) -> [Float] {
        let packed = matrix.packed(precision, team: team)
        var activations = Activations()
        activations.load(x.span, rows: rows, columns: matrix.columns, for: [packed], team: team)
        var y = [Float](repeating: .nan, count: rows * matrix.rows)
        var span = y.mutableSpan
        multiply(activations, by: packed, into: &span, team: team)
        return y
    }

    /// To bfloat16, ties to even.
    private func rounded(_ x: Double) -> Double {
        let bits = Float(x).bitPattern
        return Double(Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000))
    }

    @Test("Gating a tile at a time gives the bits of gating first", arguments: InstructionSet.supported)
    func gatedRows(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        // More columns than are laid out at once, and a remainder.
        for (rows, columns) in [(1, 544), (3, 1056), (17, 1056), (40, 96)] {
            var random = Randomness(rows + columns)
            let gate = random.floats(rows * columns, scale: 6), up = random.floats(rows * columns)
            let weights = random.floats(19 * columns)
            var gated = [Float](repeating: 0, count: gate.count)
            var span = gated.mutableSpan
            siluGate(gate: gate.span, up: up.span, into: &span, team: team)
            for precision in ProductPrecision.allCases {
                let matrix = weights.withUnsafeBytes {
                    PackedMatrix($0, format: .f32, rows: 19, columns: columns, precision: precision, team: team)
                }
                let codes = [UInt8](
                    repeating: 0x2E, count: WeightFormat.q8_0.byteCount(elementCount: 19 * columns) ?? 0)
                let coded = codes.withUnsafeBytes {
                    PackedMatrix($0, format: .q8_0, rows: 19, columns: columns, precision: precision, team: team)
                }
                for matrix in [matrix, coded] {
                    var activations = Activations()
                    var results: [[Float]] = []
                    for isFused in [false, true] {
                        if isFused {
                            activations.load(
                                gate: gate.span, up: up.span, activation: .silu, rows: rows, columns: columns,
                                for: [matrix], team: team)
                        } else {
                            activations.load(gated.span, rows: rows, columns: columns, for: [matrix], team: team)
                        }
                        var y = [Float](repeating: .nan, count: rows * 19)
                        var elements = y.mutableSpan
                        multiply(activations, by: matrix, into: &elements, team: team)
                        results.append(y)
                    }
                    #expect(results[0] == results[1], "\(level) \(precision) [\(rows), \(columns)]")
                }
            }
        }
    }
}
