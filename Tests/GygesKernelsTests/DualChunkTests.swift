import GygesKernels
import GygesTestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Dual Chunk Attention: where tokens are placed, and attention over tokens placed so.
@Suite struct DualChunkTests {
    /// The rows of the reference, for chunks of 8 with a local window of 2.
    @Test(arguments: [
        (7, [7, 6, 5, 4, 3, 2, 1, 0]),
        (8, [8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (11, [8, 7, 6, 5, 4, 3, 5, 4, 3, 2, 1, 0]),
        (12, [8, 7, 6, 5, 4, 3, 6, 5, 4, 3, 2, 1, 0]),
        (17, [8, 7, 6, 5, 4, 3, 8, 7, 6, 5, 4, 3, 5, 4, 3, 2, 1, 0]),
    ])
    func distancesAreThePapers(query: Int, distances: [Int]) {
        let chunks = DualChunks(size: 8, stride: 6)
        #expect((0...query).map { chunks.distance(from: query, to: $0) } == distances)
    }

    @Test(arguments: [(8, 2), (16, 4), (12, 1)])
    func nearTokensAreExactAndNoneIsTooFar(size: Int, window: Int) {
        let chunks = DualChunks(size: size, stride: size - window)
        for query in 0..<8 * size {
            for key in 0...query {
                let distance = chunks.distance(from: query, to: key)
                #expect((0...size).contains(distance))
                if query - key <= window + 1 || query <= size { #expect(distance == query - key) }
            }
        }
        let first = size + 1
        #expect((0...first).contains { chunks.distance(from: first, to: $0) != first - $0 }, "the first to deviate")
    }

    @Test func chunksAreWholeBlocks() {
        let smol = DualChunks(nativeContext: 8192)
        #expect(smol.size == 6144 && smol.stride == 5632)
        let rounded = DualChunks(size: 750, localWindow: 62)
        #expect(rounded.size == 750 && rounded.stride == 640)
        let tiny = DualChunks(nativeContext: 4)
        #expect(tiny.size == 64 && tiny.stride == 64)
    }

    @Test(
        "Keys rotated once and queries rotated three ways see the distances above", arguments: InstructionSet.supported)
    func meetsTheReference(level: InstructionSet) {
        for (size, stride, length) in [(80, 64, 300), (70, 64, 129), (150, 128, 400)] {
            let case_ = ChunkedCase(chunks: DualChunks(size: size, stride: stride), length: length)
            let team = ThreadTeam(threadCount: 2, instructionSet: level)
            for format in [KeyValueFormat.f32, .f16, .bf16, .q8] {
                let whole = case_.run(parts: [length], format: format, team: team)
                // f16 cells err by 2^-11, bf16 by 2^-8, 8-bit codes by half a step of 1/127; f32 leaves its rounding.
                let tolerance: Float = [.f32: 2e-5, .f16: 2e-3, .bf16: 1.5e-2, .q8: 2e-2][format] ?? 0
                expectClose(whole, case_.expected(), absolute: tolerance, "\(level) \(size) \(stride) \(format)")
                for parts in [[length - 1, 1], [63, 2, length - 65], [1, 64, length - 65]] {
                    #expect(case_.run(parts: parts, format: format, team: team) == whole, "parts \(parts)")
                }
            }
        }
    }

    @Test("Up to one chunk, the bits of ordinary attention", arguments: InstructionSet.supported)
    func oneChunkIsOrdinaryAttention(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        let chunked = ChunkedCase(chunks: DualChunks(size: 80, stride: 64), length: 81)
        let ordinary = ChunkedCase(chunks: nil, length: 81)
        let (a, b) = (
            chunked.run(parts: [81], format: .f16, team: team), ordinary.run(parts: [81], format: .f16, team: team)
        )
        let width = ChunkedCase.heads * ChunkedCase.dimension
        #expect(a[..<(64 * width)] == b[..<(64 * width)])
        // Up to position 80 = size the distances are the true ones, reached by other angles on half-precision keys.
        expectClose(a, b, absolute: 2e-3, "\(level) up to the documented length")
        let exact = chunked.run(parts: [81], format: .f32, team: team)
        expectClose(exact, ordinary.run(parts: [81], format: .f32, team: team), absolute: 2e-5, "\(level) f32")
    }
}

/// One sequence whose queries and keys are rotated by their places, in pairs of channels of one head each.
private struct ChunkedCase {
    static let heads = 2
    static let dimension = 16
    var chunks: DualChunks?
    var length: Int
    var queries: [Float]
    var keys: [Float]
    var values: [Float]
    private let frequencies = (0..<dimension / 2).map { pow(100, -Double($0) / Double(dimension / 2)) }

    init(chunks: DualChunks?, length: Int) {
        self.chunks = chunks
        self.length = length
        var random = Randomness(11)
        queries = random.floats(length * Self.heads * Self.dimension, scale: 2)
        keys = random.floats(length * Self.dimension, scale: 2)
        values = random.floats(length * Self.dimension, scale: 2)
    }

    private func key(_ row: Int) -> ArraySlice<Float> { keys[row * Self.dimension..<(row + 1) * Self.dimension] }

    private func query(_ row: Int, _ head: Int) -> ArraySlice<Float> {
        let start = (row * Self.heads + head) * Self.dimension
        return queries[start..<start + Self.dimension]
    }

    private func floats(_ x: ArraySlice<Float>, position: Int) -> [Float] {
        rotated(x, position: position).map { Float($0) }
    }

    private func rotated(_ x: ArraySlice<Float>, position: Int) -> [Double] {
        let x = x.map(Double.init), half = x.count / 2
        var y = x
        for pair in 0..<half {
            let (c, s) = (cos(Double(position) * frequencies[pair]), sin(Double(position) * frequencies[pair]))
            y[pair] = x[pair] * c - x[pair + half] * s
            y[pair + half] = x[pair + half] * c + x[pair] * s
        }
        return y
    }

    func run(parts: [Int], format: KeyValueFormat, team: ThreadTeam) -> [Float] {
        let d = Self.dimension, width = Self.heads * d
        let layout = KeyValueLayout(headCount: 1, headDimension: d, format: format)
        let blocks = (0..<(length + 63) / 64).map { _ in
            let block = UnsafeMutableRawPointer.allocate(byteCount: layout.blockByteCount, alignment: 64)
            block.initializeMemory(as: UInt8.self, repeating: 0xff, count: layout.blockByteCount)
            return block
        }
        defer { blocks.forEach { $0.deallocate() } }
        var output: [Float] = []
        var start = 0
        for part in parts {
            let rows = start..<start + part
            var rotatedKeys: [Float] = []
            for row in rows { rotatedKeys += floats(key(row), position: chunks?.position(of: row) ?? row) }
            var rotatedQueries: [Float] = []
            for variant in 0..<(chunks == nil ? 1 : 3) {
                for row in rows {
                    let position = chunks?.queryPosition(of: row, chunksBack: variant) ?? row
                    for head in 0..<Self.heads { rotatedQueries += floats(query(row, head), position: position) }
                }
            }
            let partValues = Array(values[rows.lowerBound * d..<rows.upperBound * d])
            storeKeysAndValues(
                keys: rotatedKeys.span, values: partValues.span, rowStride: d, layout: layout,
                blocks: rows.map { blocks[$0 / 64] }, offsets: rows.map { $0 % 64 }, team: team)
            var y = [Float](repeating: .nan, count: part * width)
            var span = y.mutableSpan
            attention(
                queries: rotatedQueries.span, rowCount: part, queryStride: width, queryHeadCount: Self.heads,
                sequences: [
                    AttentionSequence(
                        firstRow: 0, rowCount: part, firstPosition: start, blocks: blocks.map { UnsafeRawPointer($0) },
                        chunks: chunks, temperature: 1.25)
                ], layout: layout, scale: 0.2, into: &span, team: team)
            output += y
            start += part
        }
        return output
    }

    /// Every pair of tokens at its relative position: the query is rotated by it and the key not at all.
    func expected() -> [Float] {
        var output: [Float] = []
        for row in 0..<length {
            for head in 0..<Self.heads {
                var scores: [Double] = []
                for key in 0...row {
                    let distance = chunks?.distance(from: row, to: key) ?? row - key
                    let query = rotated(query(row, head), position: distance)
                    // The scale 0.2 times the temperature 1.25.
                    scores.append(zip(query, self.key(key)).reduce(0) { $0 + $1.0 * Double($1.1) } * 0.25)
                }
                let weights = Reference.softmax(scores)
                for channel in 0..<Self.dimension {
                    var sum = 0.0
                    for key in 0...row { sum += weights[key] * Double(values[key * Self.dimension + channel]) }
                    output.append(Float(sum))
                }
            }
        }
        return output
    }
}
