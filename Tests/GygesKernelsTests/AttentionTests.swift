import GygesKernels
import GygesTestSupport
import Testing

/// Attention over the paged cache against the reference, at odd shapes on every instruction set.
@Suite struct AttentionTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        var heads: Int, keyValueHeads: Int, dimension: Int
        var testDescription: String { "\(heads)/\(keyValueHeads) heads of \(dimension)" }
    }

    static let shapes = [
        Shape(heads: 1, keyValueHeads: 1, dimension: 1), Shape(heads: 6, keyValueHeads: 2, dimension: 20),
        Shape(heads: 9, keyValueHeads: 3, dimension: 64), Shape(heads: 12, keyValueHeads: 2, dimension: 128),
        Shape(heads: 5, keyValueHeads: 1, dimension: 33),
    ]

    @Test(arguments: InstructionSet.supported, shapes)
    func meetsTheReference(level: InstructionSet, shape: Shape) {
        for format in KeyValueFormat.allCases {
            for length in [1, 2, 63, 64, 65, 150] {
                let case_ = AttentionCase(shape: shape, length: length, seed: length)
                let team = ThreadTeam(threadCount: 2, instructionSet: level)
                let actual = case_.run(parts: [length], format: format, team: team)
                // Half-precision cells are part of the definition; what is left is f32 rounding.
                expectClose(
                    actual, case_.expected(format), absolute: 3e-6, "\(level) \(shape) \(format) length \(length)")
            }
        }
    }

    @Test(arguments: InstructionSet.supported)
    func resultsDoNotDependOnPartsOrThreads(level: InstructionSet) {
        let case_ = AttentionCase(shape: Self.shapes[1], length: 200, seed: 3)
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        let whole = case_.run(parts: [200], format: .f16, team: team)
        for parts in [[1, 199], [64, 64, 72], [63, 2, 100, 35], [Int](repeating: 1, count: 200)] {
            #expect(case_.run(parts: parts, format: .f16, team: team) == whole)
        }
        let more = ThreadTeam(threadCount: 3, instructionSet: level)
        #expect(case_.run(parts: [150, 50], format: .f16, team: more) == whole)
    }

    @Test(arguments: InstructionSet.supported)
    func laterPositionsCannotLeakIn(level: InstructionSet) {
        // Blocks start out full of NaN: a position that has not been written must not reach a result.
        let case_ = AttentionCase(shape: Self.shapes[2], length: 70, seed: 4)
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        let result = case_.run(parts: [3, 60, 7], format: .f32, team: team, initialByte: 0xff)
        #expect(result.allSatisfy { $0.isFinite })
        #expect(result == case_.run(parts: [70], format: .f32, team: team, initialByte: 0))
    }
}

/// Random queries, keys and values of one sequence.
private struct AttentionCase {
    var shape: AttentionTests.Shape
    var length: Int
    var queries: [Float]
    var keys: [Float]
    var values: [Float]
    var scale: Float

    init(shape: AttentionTests.Shape, length: Int, seed: Int) {
        self.shape = shape
        self.length = length
        var random = Randomness(seed)
        queries = random.floats(length * shape.heads * shape.dimension, scale: 2)
        keys = random.floats(length * shape.keyValueHeads * shape.dimension, scale: 2)
        values = random.floats(length * shape.keyValueHeads * shape.dimension, scale: 2)
        scale = 1 / Float(shape.dimension).squareRoot()
    }

    /// Runs the sequence in parts of the given lengths over scattered blocks.
    func run(parts: [Int], format: KeyValueFormat, team: ThreadTeam, initialByte: UInt8 = 0xff) -> [Float] {
        let layout = KeyValueLayout(headCount: shape.keyValueHeads, headDimension: shape.dimension, format: format)
        let blocks = (0..<(length + 63) / 64).map { _ in
            let block = UnsafeMutableRawPointer.allocate(byteCount: layout.blockByteCount, alignment: 64)
            block.initializeMemory(as: UInt8.self, repeating: initialByte, count: layout.blockByteCount)
            return block
        }
        defer { blocks.forEach { $0.deallocate() } }
        let width = shape.keyValueHeads * shape.dimension, queryWidth = shape.heads * shape.dimension
        var output: [Float] = []
        var start = 0
        for part in parts {
            let rows = start..<start + part
            let partKeys = Array(keys[start * width..<(start + part) * width])
            let partValues = Array(values[start * width..<(start + part) * width])
            storeKeysAndValues(
                keys: partKeys.span, values: partValues.span, rowStride: width, layout: layout,
                blocks: rows.map { blocks[$0 / 64] }, offsets: rows.map { $0 % 64 }, team: team)
            let partQueries = Array(queries[start * queryWidth..<(start + part) * queryWidth])
            var y = [Float](repeating: .nan, count: partQueries.count)
            var span = y.mutableSpan
            attention(
                queries: partQueries.span, queryStride: queryWidth, queryHeadCount: shape.heads,
                sequences: [
                    AttentionSequence(
                        firstRow: 0, rowCount: part, firstPosition: start, blocks: blocks.map { UnsafeRawPointer($0) })
                ], layout: layout, scale: scale, into: &span, team: team)
            output += y
            start += part
        }
        return output
    }

    func expected(_ format: KeyValueFormat) -> [Float] {
        let group = shape.heads / shape.keyValueHeads, d = shape.dimension
        func head(_ x: [Float], _ index: Int, of count: Int, stored: Bool) -> [[Double]] {
            (0..<length).map { row in
                x[(row * count + index) * d..<(row * count + index + 1) * d].map {
                    Double(stored ? rounded($0, format) : $0)
                }
            }
        }
        var y = [Float](repeating: 0, count: queries.count)
        for index in 0..<shape.heads {
            let result = Reference.attention(
                queries: head(queries, index, of: shape.heads, stored: false), positions: Array(0..<length),
                keys: head(keys, index / group, of: shape.keyValueHeads, stored: true),
                values: head(values, index / group, of: shape.keyValueHeads, stored: true), scale: Double(scale))
            for (row, channels) in result.enumerated() {
                for (channel, value) in channels.enumerated() {
                    y[(row * shape.heads + index) * d + channel] = Float(value)
                }
            }
        }
        return y
    }

    private func rounded(_ x: Float, _ format: KeyValueFormat) -> Float {
        switch format {
        case .f32: x
        case .f16: Float(Float16(x))
        case .bf16: Float(bitPattern: (x.bitPattern &+ 0x7fff &+ (x.bitPattern >> 16 & 1)) & 0xffff_0000)
        }
    }
}
