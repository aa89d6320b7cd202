import GygesKernels
import GygesTestSupport
import Testing

/// Attention and its gradients against the reference: causal with groups of queries, and over both sides with windows, packed
/// sequences of odd lengths, on every instruction set.
@Suite struct TrainedAttentionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var lengths: [Int]
        var heads: Int
        var keyValueHeads: Int
        var dimension: Int
        var visibility: TrainedAttention.Visibility
        /// How many positions of each sequence are seen.
        var attended: [Int]? = nil
        /// The positions that have queries; `nil` for all.
        var chosen: [[Int]]? = nil

        var testDescription: String { "\(lengths) \(heads)/\(keyValueHeads) \(dimension) \(visibility)" }
    }

    static let cases = [
        Case(lengths: [5, 1, 130], heads: 6, keyValueHeads: 2, dimension: 10, visibility: .causal),
        Case(lengths: [300], heads: 2, keyValueHeads: 1, dimension: 33, visibility: .causal),
        Case(lengths: [7, 97], heads: 3, keyValueHeads: 3, dimension: 64, visibility: .window(radius: nil)),
        Case(lengths: [290, 3], heads: 2, keyValueHeads: 2, dimension: 16, visibility: .window(radius: 8)),
        // Padding that attends and is not attended to, some of it too far away to see anything.
        Case(
            lengths: [40, 6], heads: 1, keyValueHeads: 1, dimension: 8, visibility: .window(radius: 3),
            attended: [20, 6]),
        Case(
            lengths: [150, 2, 9], heads: 2, keyValueHeads: 2, dimension: 12, visibility: .window(radius: nil),
            chosen: [[0, 77, 149], [], [8]]),
    ]

    @Test(arguments: InstructionSet.supported, cases)
    func meetsTheReference(level: InstructionSet, test: Case) {
        let run = AttentionRun(test, seed: 1)
        run.compute(team: ThreadTeam(threadCount: 2, instructionSet: level))
        let expected = run.expected()
        // Weighted means of numbers up to 1, and sums over up to 300 of them, in f32.
        expectClose(Array(run.output.elements), expected.output, absolute: 2e-6, "\(level) output")
        expectClose(Array(run.dqueries.elements), expected.dqueries, absolute: 1e-5, "\(level) dqueries")
        expectClose(Array(run.dkeys.elements), expected.dkeys, absolute: 3e-5, "\(level) dkeys")
        expectClose(Array(run.dvalues.elements), expected.dvalues, absolute: 1e-5, "\(level) dvalues")
    }

    @Test(arguments: InstructionSet.supported, DensePrecision.allCases)
    func threadsChangeNoBit(level: InstructionSet, precision: DensePrecision) {
        let one = AttentionRun(Self.cases[0], seed: 2, precision: precision)
        let two = AttentionRun(Self.cases[0], seed: 2, precision: precision)
        one.compute(team: ThreadTeam(threadCount: 1, instructionSet: level))
        two.compute(team: ThreadTeam(threadCount: 3, instructionSet: level))
        for (a, b) in zip(one.results, two.results) { #expect(Array(a.elements) == Array(b.elements)) }
        guard precision == .bfloat16 else { return }
        // Operands are good to 2^-9 each, of which sums of weights up to 1 take some.
        expectClose(Array(one.output.elements), one.expected().output, absolute: 1e-2, "\(level)")
        expectClose(Array(one.dkeys.elements), one.expected().dkeys, absolute: 5e-2, "\(level)")
    }
}

/// Random operands of a case, and what becomes of them.
private final class AttentionRun {
    let test: TrainedAttentionTests.Case
    let attention: TrainedAttention
    let queries: Memory, keys: Memory, values: Memory, doutput: Memory
    let output: Memory, sums: Memory, dqueries: Memory, dkeys: Memory, dvalues: Memory
    let scale: Float = 0.7

    var results: [Memory] { [output, sums, dqueries, dkeys, dvalues] }

    init(_ test: TrainedAttentionTests.Case, seed: Int, precision: DensePrecision = .float32) {
        self.test = test
        var sequences: [TrainedAttention.Sequence] = []
        var (row, query) = (0, 0)
        for (number, length) in test.lengths.enumerated() {
            let positions = test.chosen?[number]
            let count = positions?.count ?? length
            sequences.append(
                .init(
                    queries: query..<query + count, positions: positions, keys: row..<row + length,
                    attendedCount: test.attended?[number] ?? length, scale: scale))
            row += length
            query += count
        }
        attention = TrainedAttention(
            sequences: sequences, headCount: test.heads, keyValueHeadCount: test.keyValueHeads,
            headDimension: test.dimension, visibility: test.visibility, precision: precision)
        var random = Randomness(seed)
        let (queryCount, keyCount) = (query * test.heads * test.dimension, row * test.keyValueHeads * test.dimension)
        queries = Memory(random.floats(queryCount))
        keys = Memory(random.floats(keyCount))
        values = Memory(random.floats(keyCount))
        doutput = Memory(random.floats(queryCount))
        func empty(_ count: Int) -> Memory { Memory([Float](repeating: .nan, count: count)) }
        output = empty(queryCount)
        sums = empty(query * test.heads)
        dqueries = empty(queryCount)
        dkeys = empty(keyCount)
        dvalues = empty(keyCount)
    }

    func compute(team: ThreadTeam) {
        attention(
            queries: queries.elements, keys: keys.elements, values: values.elements, into: output.elements,
            logSumExp: sums.elements, team: team)
        attention.gradient(
            queries: queries.elements, keys: keys.elements, values: values.elements, output: output.elements,
            logSumExp: sums.elements, doutput: doutput.elements, dqueries: dqueries.elements, dkeys: dkeys.elements,
            dvalues: dvalues.elements, team: team)
    }

    func expected() -> (output: [Float], dqueries: [Float], dkeys: [Float], dvalues: [Float]) {
        let d = test.dimension
        var output = [Float](repeating: 0, count: queries.elements.count), dqueries = output
        var dkeys = [Float](repeating: 0, count: keys.elements.count), dvalues = dkeys
        func rows(_ x: Memory, _ rows: Range<Int>, _ heads: Int, _ head: Int) -> [[Double]] {
            rows.map { row in (0..<d).map { Double(x.elements[(row * heads + head) * d + $0]) } }
        }
        func add(_ part: [[Double]], to sum: inout [Float], _ rows: Range<Int>, _ heads: Int, _ head: Int) {
            for (row, values) in zip(rows, part) {
                for (channel, value) in values.enumerated() { sum[(row * heads + head) * d + channel] += Float(value) }
            }
        }
        for sequence in attention.sequences {
            for head in 0..<test.heads {
                let group = head / (test.heads / test.keyValueHeads)
                let result = Reference.attentionGradient(
                    queries: rows(queries, sequence.queries, test.heads, head),
                    keys: rows(keys, sequence.keys, test.keyValueHeads, group),
                    values: rows(values, sequence.keys, test.keyValueHeads, group),
                    doutput: rows(doutput, sequence.queries, test.heads, head), scale: Double(scale)
                ) { query, key in
                    let position = sequence.positions?[query] ?? query
                    guard key < sequence.attendedCount else { return false }
                    switch self.test.visibility {
                    case .causal: return key <= position
                    case .window(let radius): return abs(key - position) <= radius ?? .max
                    }
                }
                add(result.output, to: &output, sequence.queries, test.heads, head)
                add(result.dqueries, to: &dqueries, sequence.queries, test.heads, head)
                add(result.dkeys, to: &dkeys, sequence.keys, test.keyValueHeads, group)
                add(result.dvalues, to: &dvalues, sequence.keys, test.keyValueHeads, group)
            }
        }
        return (output, dqueries, dkeys, dvalues)
    }
}
