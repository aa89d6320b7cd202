import GygesKernels
import GygesTestSupport
import Testing

/// Dense matmuls against the reference at odd sizes, as operands lie and transposed, on every instruction set.
@Suite struct DenseMatmulTests {
    /// Rows, depth, columns: below, at and above panels, blocks of rows, depth and columns.
    static let shapes = [
        (1, 1, 1), (5, 3, 7), (12, 16, 32), (13, 17, 33), (7, 300, 31), (97, 384, 65), (200, 385, 20), (3, 9, 2100),
        (25, 800, 40),
    ]

    @Test(arguments: InstructionSet.supported, DensePrecision.allCases)
    func floatsMeetTheReference(level: InstructionSet, precision: DensePrecision) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for (rows, depth, columns) in Self.shapes {
            for (leftTransposed, rightTransposed) in [(false, false), (true, false), (false, true), (true, true)] {
                var random = Randomness(rows + depth)
                let left = Operand(rows, depth, isTransposed: leftTransposed, random: &random)
                let right = Operand(depth, columns, isTransposed: rightTransposed, random: &random)
                for isAdded in [false, true] {
                    let before = random.floats(rows * columns)
                    let y = Memory(isAdded ? before : before.map { _ in .nan })
                    denseMatmul(
                        left.matrix, .floats(right.matrix), into: y.elements, isAdded: isAdded, precision: precision,
                        team: team)
                    check(
                        y, left.values(precision), right.values(precision), rows, depth, columns,
                        isAdded ? before : nil, "\(level) \(precision) [\(rows), \(depth), \(columns)]")
                }
            }
        }
    }

    /// Products with frozen weights and with their transpose: what panels hold, exactly.
    @Test(arguments: InstructionSet.supported, WeightFormat.allCases)
    func packedWeightsMeetTheReference(level: InstructionSet, format: WeightFormat) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for (rows, outputs, blocks) in [(5, 1, 1), (13, 33, 3), (3, 270, 9)] {
            let columns = format.isQuantized ? blocks * format.blockLength : 37 * blocks
            let stored = StoredMatrix(format: format, rows: outputs, columns: columns, seed: outputs)
            var random = Randomness(outputs)
            let left = Operand(rows, outputs, isTransposed: false, random: &random)
            for precision in [MatmulPrecision.fast, .bfloat16] {
                let packed = stored.bytes.withUnsafeBytes {
                    PackedMatrix(
                        $0, format: format, rows: outputs, columns: columns, precision: precision, team: team)
                }
                let y = Memory([Float](repeating: .nan, count: rows * columns))
                denseMatmul(left.matrix, .packed(packed), into: y.elements, team: team)
                let right =
                    precision == .fast ? stored.values : stored.floats.map { Reference.roundedToBfloat16(Double($0)) }
                check(y, left.values(.float32), right, rows, outputs, columns, nil, "\(level) \(format) \(precision)")
                let x = Operand(rows, columns, isTransposed: false, random: &random)
                let z = Memory([Float](repeating: .nan, count: rows * outputs))
                denseMatmul(x.matrix, .packed(packed, isTransposed: true), into: z.elements, team: team)
                let transposed = (0..<columns).flatMap { column in (0..<outputs).map { right[$0 * columns + column] } }
                check(
                    z, x.values(.float32), transposed, rows, columns, outputs, nil, "\(level) \(format) \(precision) Wᵀ"
                )
            }
        }
    }

    @Test(arguments: InstructionSet.supported)
    func packedBytesMeetTheReference(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        let (rows, outputs, columns) = (7, 35, 150)
        let stored = StoredMatrix(format: .f32, rows: outputs, columns: columns, seed: 1)
        let packed = stored.bytes.withUnsafeBytes {
            PackedMatrix($0, format: .f32, rows: outputs, columns: columns, precision: .int8, team: team)
        }
        var random = Randomness(2)
        let left = Operand(rows, outputs, isTransposed: false, random: &random)
        let y = Memory([Float](repeating: .nan, count: rows * columns))
        denseMatmul(left.matrix, .packed(packed), into: y.elements, team: team)
        let right = Reference.quantized(stored.floats, blockLength: columns)
        check(y, left.values(.float32), right, rows, outputs, columns, nil, "\(level) int8")
    }

    @Test(arguments: InstructionSet.supported, DensePrecision.allCases)
    func neitherThreadsNorOtherRowsChangeABit(level: InstructionSet, precision: DensePrecision) {
        let (rows, depth, columns) = (211, 515, 130)
        var random = Randomness(3)
        let left = Operand(rows, depth, isTransposed: false, random: &random)
        let right = Operand(depth, columns, isTransposed: true, random: &random)
        func product(_ count: Int, threads: Int) -> [Float] {
            let y = Memory([Float](repeating: .nan, count: count * columns))
            let some = UnsafeMutableBufferPointer(rebasing: left.memory.elements[..<(count * depth)])
            denseMatmul(
                DenseMatrix(some, rows: count, columns: depth), .floats(right.matrix), into: y.elements,
                precision: precision, team: ThreadTeam(threadCount: threads, instructionSet: level))
            return Array(y.elements)
        }
        let expected = product(rows, threads: 1)
        for threads in [2, 3] { #expect(product(rows, threads: threads) == expected) }
        for count in [1, 12, 100] { #expect(product(count, threads: 2) == Array(expected[..<(count * columns)])) }
    }

    private func check(
        _ y: Memory, _ left: [Double], _ right: [Double], _ rows: Int, _ depth: Int, _ columns: Int, _ before: [Float]?,
        _ label: String
    ) {
        let transposed = (0..<columns).flatMap { column in (0..<depth).map { right[$0 * columns + column] } }
        let expected = Reference.product(left, transposed, rows: rows, outputs: columns, columns: depth)
        for index in y.elements.indices {
            let start = Double(before?[index] ?? 0)
            // Sums in f32: a few units in the last place of the sum of magnitudes.
            let bound = 1e-6 * (expected.magnitudes[index] + abs(start)) + 1e-30
            if !(abs(Double(y.elements[index]) - start - expected.y[index]) <= bound) {
                Issue.record(
                    "\(label): element \(index) is \(y.elements[index]), expected \(start + expected.y[index])")
                return
            }
        }
    }
}

/// Floats that kernels may be given the address of.
final class Memory {
    let elements: UnsafeMutableBufferPointer<Float>

    init(_ source: [Float]) {
        elements = .allocate(capacity: source.count)
        _ = elements.initialize(fromContentsOf: source)
    }

    deinit { elements.deallocate() }
}

/// A random matrix `[rows, columns]`, in memory as it is or transposed.
private struct Operand {
    let memory: Memory
    let rows: Int
    let columns: Int
    let isTransposed: Bool

    init(_ rows: Int, _ columns: Int, isTransposed: Bool, random: inout Randomness) {
        memory = Memory(random.floats(rows * columns))
        self.rows = rows
        self.columns = columns
        self.isTransposed = isTransposed
    }

    var matrix: DenseMatrix {
        isTransposed
            ? DenseMatrix(memory.elements, rows: columns, columns: rows).transposed
            : DenseMatrix(memory.elements, rows: rows, columns: columns)
    }

    /// Row after row, as a precision multiplies them.
    func values(_ precision: DensePrecision) -> [Double] {
        (0..<rows * columns).map { index in
            let (row, column) = (index / columns, index % columns)
            let value = Double(memory.elements[isTransposed ? column * rows + row : index])
            return precision == .bfloat16 ? Reference.roundedToBfloat16(value) : value
        }
    }
}
