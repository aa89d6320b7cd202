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
                // Rounded cells are part of the definition; what is left is f32 rounding.
                expectClose(
                    actual, case_.expected(format), absolute: 3e-6, "\(level) \(shape) \(format) length \(length)")
            }
        }
    }

    @Test(
        "Few queries read the cache straight, many a converted copy: the same bits",
        arguments: InstructionSet.supported)
    func oneRowAtATimeGivesTheSameBits(level: InstructionSet) {
        for shape in Self.shapes {
            for format in KeyValueFormat.allCases {
                let case_ = AttentionCase(shape: shape, length: 140, seed: 5)
                let team = ThreadTeam(threadCount: 1, instructionSet: level)
                let whole = case_.run(parts: [140], format: format, team: team)
                let singly = case_.run(parts: [Int](repeating: 1, count: 140), format: format, team: team)
                #expect(singly == whole, "\(level) \(shape) \(format)")
            }
        }
    }

    @Test(
        "Spans of 1,024 keys are computed apart by several threads, or not: the same bits",
        arguments: InstructionSet.supported)
    func spansMayBeSharedOut(level: InstructionSet) {
        // 2,300 keys: three spans. The last rows one by one, as in decoding, over the keys of a long prompt.
        let shape = Shape(heads: 3, keyValueHeads: 1, dimension: 16)
        for format in [KeyValueFormat.f16, .q8] {
            let case_ = AttentionCase(shape: shape, length: 2300, seed: 6)
            let parts = [1000, 60, 1236, 1, 1, 2]
            let alone = case_.run(
                parts: parts, format: format, team: ThreadTeam(threadCount: 1, instructionSet: level))
            let shared = case_.run(
                parts: parts, format: format, team: ThreadTeam(threadCount: 3, instructionSet: level))
            #expect(alone == shared)
            let last = (2296 * 48)...
            expectClose(
                Array(alone[last]), Array(case_.expected(format, rows: 2296..<2300)), absolute: 3e-6,
                "\(level) \(format) across spans")
        }
    }

    @Test(
        "Attention over some keys and over the others merges to attention over all",
        arguments: InstructionSet.supported)
    func partialAttentionMerges(level: InstructionSet) {
        let case_ = AttentionCase(shape: Self.shapes[1], length: 330, seed: 7)
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        let whole = case_.runWithSums(visible: nil, team: team)
        expectClose(whole.output, case_.run(parts: [330], format: .f32, team: team), absolute: 0, "the same either way")
        var (output, sums) = case_.runWithSums(visible: 2..<4, team: team)
        #expect(sums[0] == -.infinity && output[0] == 0, "row 0 sees none of these keys")
        for visible in [0..<2, 4..<6] {
            let other = case_.runWithSums(visible: visible, team: team)
            var outputSpan = output.mutableSpan
            var sumSpan = sums.mutableSpan
            mergeAttention(other.output.span, logSumExp: other.sums.span, into: &outputSpan, logSumExp: &sumSpan)
        }
        expectClose(output, whole.output, absolute: 3e-6, "outputs")
        expectClose(sums, whole.sums, absolute: 1e-5, "log-sum-exp")
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
struct AttentionCase {
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
                queries: partQueries.span, rowCount: part, queryStride: queryWidth, queryHeadCount: shape.heads,
                sequences: [
                    AttentionSequence(
                        firstRow: 0, rowCount: part, firstPosition: start, blocks: blocks.map { UnsafeRawPointer($0) })
                ], layout: layout, scale: scale, into: &span, team: team)
            output += y
            start += part
        }
        return output
    }

    /// Runs the whole sequence over the given blocks alone, with f32 cells, for the log-sum-exp too.
    func runWithSums(visible: Range<Int>?, team: ThreadTeam) -> (output: [Float], sums: [Float]) {
        let layout = KeyValueLayout(headCount: shape.keyValueHeads, headDimension: shape.dimension, format: .f32)
        let blocks = (0..<(length + 63) / 64).map { _ in
            UnsafeMutableRawPointer.allocate(byteCount: layout.blockByteCount, alignment: 64)
        }
        defer { blocks.forEach { $0.deallocate() } }
        storeKeysAndValues(
            keys: keys.span, values: values.span, rowStride: shape.keyValueHeads * shape.dimension, layout: layout,
            blocks: (0..<length).map { blocks[$0 / 64] }, offsets: (0..<length).map { $0 % 64 }, team: team)
        var output = [Float](repeating: .nan, count: queries.count)
        var sums = [Float](repeating: .nan, count: length * shape.heads)
        var outputSpan = output.mutableSpan
        var sumSpan = sums.mutableSpan
        attention(
            queries: queries.span, rowCount: length, queryStride: shape.heads * shape.dimension,
            queryHeadCount: shape.heads,
            sequences: [
                AttentionSequence(
                    firstRow: 0, rowCount: length, firstPosition: 0, blocks: blocks.map { UnsafeRawPointer($0) },
                    visibleBlocks: visible)
            ], layout: layout, scale: scale, into: &outputSpan, logSumExp: &sumSpan, team: team)
        return (output, sums)
    }

    /// What the reference makes of `rows`, by default all.
    func expected(_ format: KeyValueFormat, rows: Range<Int>? = nil) -> [Float] {
        let group = shape.heads / shape.keyValueHeads, d = shape.dimension, rows = rows ?? 0..<length
        func head(_ x: [Float], _ index: Int, of count: Int, format: KeyValueFormat = .f32) -> [[Double]] {
            (0..<length).map { row in
                rounded(Array(x[(row * count + index) * d..<(row * count + index + 1) * d]), format).map(Double.init)
            }
        }
        var y = [Float](repeating: 0, count: rows.count * shape.heads * d)
        for index in 0..<shape.heads {
            let result = Reference.attention(
                queries: Array(head(queries, index, of: shape.heads)[rows]), positions: Array(rows),
                keys: head(keys, index / group, of: shape.keyValueHeads, format: format),
                values: head(values, index / group, of: shape.keyValueHeads, format: format), scale: Double(scale))
            for (row, channels) in result.enumerated() {
                for (channel, value) in channels.enumerated() {
                    y[(row * shape.heads + index) * d + channel] = Float(value)
                }
            }
        }
        return y
    }

    /// One position's key or value as the cache keeps it.
    private func rounded(_ x: [Float], _ format: KeyValueFormat) -> [Float] {
        switch format {
        case .f32: return x
        case .f16: return x.map { Float(Float16($0)) }
        case .bf16:
            return x.map { Float(bitPattern: ($0.bitPattern &+ 0x7fff &+ ($0.bitPattern >> 16 & 1)) & 0xffff_0000) }
        case .q8:
            let largest = x.map(abs).max() ?? 0
            return x.map { ($0 * (127 / largest)).rounded(.toNearestOrEven) * (largest / 127) }
        }
    }
}
