import GygesTestSupport
import Testing

@testable import GygesKernels

/// Sequences of a step that share blocks: read once for all, with the bits that each has alone.
@Suite struct SharedAttentionTests {
    /// Sequences by their blocks' numbers; equal numbers are one block. `rows` stand at the end.
    struct Family: CustomTestStringConvertible, Sendable {
        var name: String
        var members: [(blocks: [Int], length: Int, rows: Int)]
        var testDescription: String { name }
    }

    /// `shared` common blocks, then a member's own, which hold all of its `own` last positions.
    private static func member(_ index: Int, after shared: [Int], own: Int, rows: Int = 1)
        -> (blocks: [Int], length: Int, rows: Int)
    {
        let blocks = shared + (0..<(own + 63) / 64).map { 1000 * (index + 1) + $0 }
        return (blocks, 64 * shared.count + own, rows)
    }

    static let families = [
        Family(
            name: "five after a span and five blocks",
            members: (0..<5).map { member($0, after: Array(0..<21), own: 1 + 40 * $0) }),
        Family(
            name: "three after exactly two spans",
            members: (0..<3).map { member($0, after: Array(0..<32), own: 7 + $0) }),
        Family(
            name: "two branches that part within a span, one of nine blocks, one of guessed tokens, a stranger",
            members: (0..<3).map { member($0, after: Array(0..<18), own: 65) }
                + (3..<7).map { member($0, after: Array(0..<9) + Array(500..<520), own: 3) }
                + [member(7, after: Array(0..<9), own: 20), member(8, after: Array(0..<9), own: 30, rows: 5)]
                + [member(9, after: [], own: 1100)]),
        Family(name: "nineteen, more than a tile", members: (0..<19).map { member($0, after: Array(0..<17), own: 2) }),
        Family(
            name: "a prompt and two that decode",
            members: [member(0, after: Array(0..<6), own: 200, rows: 190)]
                + (1..<3).map { member($0, after: Array(0..<6), own: 2) }),
    ]

    @Test("Bits are those of each sequence alone", arguments: InstructionSet.supported, families)
    func togetherAsAlone(level: InstructionSet, family: Family) {
        for shape in [AttentionTests.shapes[1], AttentionTests.Shape(heads: 7, keyValueHeads: 1, dimension: 16)] {
            for format in KeyValueFormat.allCases {
                let step = SharedStep(family: family, shape: shape, format: format)
                let team = ThreadTeam(threadCount: 1, instructionSet: level)
                let alone = step.members.indices.map { step.run([$0], team: team) }
                for threads in [1, 3] {
                    let team = ThreadTeam(threadCount: threads, instructionSet: level)
                    let together = step.run(Array(step.members.indices), team: team)
                    #expect(together.output == alone.flatMap(\.output), "\(level) \(family.name) \(format) \(threads)")
                    #expect(together.sums == alone.flatMap(\.sums), "\(level) \(family.name) \(format) \(threads)")
                }
            }
        }
    }

    @Test("What is shared is found, by spans, and no more")
    func runs() {
        func runs(_ family: Family) -> [SharedBlocks] {
            let step = SharedStep(family: family, shape: AttentionTests.shapes[0], format: .f16)
            return SharedBlocks.runs(in: step.sequences(Array(step.members.indices)), rowLimit: 16)
        }
        let all = Array(0..<5)
        #expect(
            runs(Self.families[0]) == [
                SharedBlocks(sequences: all, blocks: 0..<16), SharedBlocks(sequences: all, blocks: 16..<21),
            ])
        #expect(runs(Self.families[1]).map(\.blocks) == [0..<16, 16..<32])
        // All nine share nine blocks, which spares more than four that share sixteen; these go on in the next span.
        #expect(
            runs(Self.families[2]) == [
                SharedBlocks(sequences: Array(0..<9), blocks: 0..<9),
                SharedBlocks(sequences: [3, 4, 5, 6], blocks: 16..<29),
            ])
        #expect(runs(Self.families[4]) == [SharedBlocks(sequences: [1, 2], blocks: 0..<6)])
    }

    @Test("Queries of another temperature, chunks and some blocks alone are not shared")
    func whatIsNotShared() {
        let step = SharedStep(family: Self.families[1], shape: AttentionTests.shapes[0], format: .f16)
        var sequences = step.sequences([0, 1, 2])
        sequences[1].temperature = 1.5
        #expect(SharedBlocks.runs(in: sequences, rowLimit: 16).map(\.sequences) == [[0, 2], [0, 2]])
        sequences[0].chunks = DualChunks(size: 128, stride: 64)
        #expect(SharedBlocks.runs(in: sequences, rowLimit: 16).isEmpty)
        sequences[0].chunks = nil
        sequences[2].visibleBlocks = 0..<4
        #expect(SharedBlocks.runs(in: sequences, rowLimit: 16).isEmpty)
    }
}

/// The blocks of a family, filled at random, and its queries.
private final class SharedStep {
    let members: [(blocks: [Int], length: Int, rows: Int)]
    private let shape: AttentionTests.Shape
    private let layout: KeyValueLayout
    private var blocks: [Int: UnsafeMutableRawPointer] = [:]
    private let queries: [[Float]]

    init(family: SharedAttentionTests.Family, shape: AttentionTests.Shape, format: KeyValueFormat) {
        members = family.members
        self.shape = shape
        layout = KeyValueLayout(headCount: shape.keyValueHeads, headDimension: shape.dimension, format: format)
        var random = Randomness(11)
        queries = family.members.map { random.floats($0.rows * shape.heads * shape.dimension, scale: 2) }
        let width = shape.keyValueHeads * shape.dimension
        for number in Set(family.members.flatMap(\.blocks)).sorted() {
            let block = UnsafeMutableRawPointer.allocate(byteCount: layout.blockByteCount, alignment: 64)
            blocks[number] = block
            let keys = random.floats(64 * width, scale: 2), values = random.floats(64 * width, scale: 2)
            storeKeysAndValues(
                keys: keys.span, values: values.span, rowStride: width, layout: layout,
                blocks: [UnsafeMutableRawPointer](repeating: block, count: 64), offsets: Array(0..<64),
                team: ThreadTeam(threadCount: 1))
        }
    }

    deinit { blocks.values.forEach { $0.deallocate() } }

    func sequences(_ indices: [Int]) -> [AttentionSequence] {
        var row = 0
        return indices.map { index in
            let member = members[index]
            defer { row += member.rows }
            return AttentionSequence(
                firstRow: row, rowCount: member.rows, firstPosition: member.length - member.rows,
                blocks: member.blocks.compactMap { blocks[$0].map { UnsafeRawPointer($0) } })
        }
    }

    func run(_ indices: [Int], team: ThreadTeam) -> (output: [Float], sums: [Float]) {
        let x = indices.flatMap { queries[$0] }
        let rows = indices.reduce(0) { $0 + members[$1].rows }
        var output = [Float](repeating: .nan, count: x.count)
        var sums = [Float](repeating: .nan, count: rows * shape.heads)
        var outputSpan = output.mutableSpan
        var sumSpan = sums.mutableSpan
        attention(
            queries: x.span, rowCount: rows, queryStride: shape.heads * shape.dimension, queryHeadCount: shape.heads,
            sequences: sequences(indices), layout: layout, scale: 0.25, into: &outputSpan, logSumExp: &sumSpan,
            team: team)
        return (output, sums)
    }
}
