import Foundation
import GygesKernels
import GygesTestSupport
import Testing

/// Attention in which every position sees both sides, against the formula, at odd shapes on every instruction set.
@Suite struct BidirectionalAttentionTests {
    struct Setting: CustomTestStringConvertible, Sendable {
        var level: InstructionSet, precision: AttentionPrecision
        var testDescription: String { "\(level) \(precision)" }
    }

    static let settings = InstructionSet.supported.flatMap { level in
        [AttentionPrecision.float32, .bfloat16].map { Setting(level: level, precision: $0) }
    }
    static let windowRadii = [nil, 0, 1, 8, 64, 120]

    @Test(arguments: settings)
    func meetsTheReference(setting: Setting) {
        let team = ThreadTeam(threadCount: 2, instructionSet: setting.level)
        for length in [1, 2, 15, 16, 17, 63, 64, 65, 66, 127, 128, 129, 130, 131, 300, 530] {
            for windowRadius in Self.windowRadii {
                let case_ = BidirectionalCase(lengths: [length], heads: 2, dimension: 64, windowRadius: windowRadius)
                case_.check(
                    case_.run(setting.precision, team: team), setting.precision, "\(length) \(windowRadius ?? -1)")
            }
        }
    }

    @Test(arguments: settings)
    func otherHeadsMeetTheReference(setting: Setting) {
        let team = ThreadTeam(threadCount: 2, instructionSet: setting.level)
        for dimension in [2, 6, 16, 20, 32, 34, 48, 80, 128] {
            for (length, windowRadius) in [(19, nil), (70, 8), (270, nil)] {
                let case_ = BidirectionalCase(
                    lengths: [length], heads: 3, dimension: dimension, windowRadius: windowRadius)
                case_.check(case_.run(setting.precision, team: team), setting.precision, "heads of \(dimension)")
            }
        }
    }

    @Test("Sequences side by side, threads and a choice of queries change no bit", arguments: settings)
    func resultsDependOnTheirSequenceAlone(setting: Setting) {
        let team = ThreadTeam(threadCount: 1, instructionSet: setting.level)
        let more = ThreadTeam(threadCount: 2, instructionSet: setting.level)
        for windowRadius in Self.windowRadii {
            let case_ = BidirectionalCase(
                lengths: [37, 1, 600, 16, 131], heads: 3, dimension: 20, windowRadius: windowRadius)
            let whole = case_.run(setting.precision, team: team)
            #expect(case_.run(setting.precision, team: more) == whole, "threads")
            let alone = case_.sequences.flatMap { case_.alone($0).run(setting.precision, team: team) }
            #expect(alone == whole, "sequences by themselves")
            let first = case_.sequences.map(\.lowerBound)
            var random = Randomness(3)
            let some = case_.rows.filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
            for rows in [first, some, [5, 7, 9, 39, 300, 301, 310, 637, 784], [400], []] {
                let expected = rows.flatMap { whole[$0 * 60..<($0 + 1) * 60] }
                #expect(case_.run(setting.precision, at: rows, team: more) == expected, "\(rows.count) queries")
            }
        }
    }

    @Test("Heads of 64 and texts beyond a window of queries change no bit either", arguments: settings)
    func longTextsDependOnThemselvesAlone(setting: Setting) {
        let team = ThreadTeam(threadCount: 1, instructionSet: setting.level)
        let more = ThreadTeam(threadCount: 2, instructionSet: setting.level)
        for windowRadius in [nil, 64] {
            let case_ = BidirectionalCase(lengths: [33, 1100], heads: 1, dimension: 64, windowRadius: windowRadius)
            let whole = case_.run(setting.precision, team: team)
            #expect(case_.run(setting.precision, team: more) == whole, "threads")
            #expect(case_.sequences.flatMap { case_.alone($0).run(setting.precision, team: more) } == whole, "alone")
            let rows = [0, 32, 33, 97, 990, 995, 1132]
            let expected = rows.flatMap { whole[$0 * 64..<($0 + 1) * 64] }
            #expect(case_.run(setting.precision, at: rows, team: more) == expected, "a choice of queries")
        }
        // Against the formula where windows of queries meet.
        let case_ = BidirectionalCase(lengths: [1100], heads: 1, dimension: 64, windowRadius: 64)
        case_.check(case_.run(setting.precision, team: more), setting.precision, "a long text")
    }

    @Test("Scores of any size give weights", arguments: settings)
    func largeScoresStayFinite(setting: Setting) {
        let team = ThreadTeam(threadCount: 2, instructionSet: setting.level)
        for magnitude in [Float(30), 1e4, 1e17] {
            for windowRadius in [nil, 8] {
                var case_ = BidirectionalCase(lengths: [300], heads: 1, dimension: 64, windowRadius: windowRadius)
                for index in case_.queries.indices {
                    case_.queries[index] *= magnitude
                    case_.keys[index] *= magnitude
                }
                let result = case_.run(setting.precision, team: team)
                #expect(result.allSatisfy { abs($0) <= 2.000001 }, "weighted means lie among the values")
            }
        }
    }

    @Test("Keys that a query does not see change nothing", arguments: settings)
    func distantKeysCannotLeakIn(setting: Setting) {
        let team = ThreadTeam(threadCount: 1, instructionSet: setting.level)
        var case_ = BidirectionalCase(lengths: [200], heads: 1, dimension: 64, windowRadius: 8)
        let before = case_.run(setting.precision, team: team)
        for channel in 0..<64 { case_.keys[100 * 64 + channel] = 1e15 * (channel % 2 == 0 ? 1 : -1) }
        let after = case_.run(setting.precision, team: team)
        let near = 92 * 64..<109 * 64
        #expect(after[..<near.lowerBound] == before[..<near.lowerBound])
        #expect(after[near.upperBound...] == before[near.upperBound...])
        #expect(after[near] != before[near])
    }
}

/// Random queries, keys and values of some sequences.
struct BidirectionalCase {
    var sequences: [Range<Int>]
    var heads: Int
    var dimension: Int
    var windowRadius: Int?
    var queries: [Float]
    var keys: [Float]
    var values: [Float]

    init(lengths: [Int], heads: Int, dimension: Int, windowRadius: Int?) {
        var end = 0
        sequences = lengths.map { length in
            end += length
            return end - length..<end
        }
        (self.heads, self.dimension, self.windowRadius) = (heads, dimension, windowRadius)
        var random = Randomness(end + dimension)
        let count = end * heads * dimension
        (queries, keys) = (random.floats(count, scale: 2), random.floats(count, scale: 2))
        values = random.floats(count, scale: 2)
    }

    var rows: Range<Int> { 0..<(sequences.last?.upperBound ?? 0) }

    /// One of the sequences by itself.
    func alone(_ sequence: Range<Int>) -> BidirectionalCase {
        let width = heads * dimension, elements = sequence.lowerBound * width..<sequence.upperBound * width
        var case_ = self
        case_.sequences = [0..<sequence.count]
        case_.queries = Array(queries[elements])
        case_.keys = Array(keys[elements])
        case_.values = Array(values[elements])
        return case_
    }

    func attention(_ precision: AttentionPrecision) -> BidirectionalAttention {
        let half = dimension / 2, longest = sequences.map(\.count).max() ?? 0
        let angles = (0..<longest * half).map { index in
            Float(index / half) * pow(1000, -Float(index % half) / Float(half))
        }
        return BidirectionalAttention(
            sequences: sequences, headCount: heads, headDimension: dimension, windowRadius: windowRadius,
            cosines: angles.map(cos),
            sines: angles.map(sin), precision: precision)
    }

    func run(_ precision: AttentionPrecision, at queryRows: [Int]? = nil, team: ThreadTeam) -> [Float] {
        let width = heads * dimension
        let asked = queryRows.map { rows in rows.flatMap { queries[$0 * width..<($0 + 1) * width] } } ?? queries
        var y = [Float](repeating: .nan, count: asked.count)
        var span = y.mutableSpan
        attention(precision)(
            queries: asked.span, at: queryRows, keys: keys.span, values: values.span, into: &span, team: team)
        return y
    }

    /// Compares with the formula in double precision. What is rounded to bfloat16 on the way is part of the definition; but a
    /// weight that lies between two such numbers, 2^-7 of it apart, may become either. Few do, so the mean error is small.
    func check(_ actual: [Float], _ precision: AttentionPrecision, _ label: String) {
        let attention = attention(precision)
        // f32: the rounding of scores of up to some tens, before they are exponents.
        let tolerance = precision == .float32 ? 2e-6 : 0x1p-7
        var worst = 0.0
        var total = 0.0
        for sequence in sequences {
            let half = dimension / 2
            for head in 0..<heads {
                func rotated(_ x: [Float], times factor: Float) -> [[Double]] {
                    sequence.map { row in
                        let start = (row * heads + head) * dimension, table = (row - sequence.lowerBound) * half
                        var result = [Float](repeating: 0, count: dimension)
                        for c in 0..<half {
                            let (a, b) = (x[start + c], x[start + half + c])
                            let (cosine, sine) = (attention.cosines[table + c], attention.sines[table + c])
                            result[c] = (a * cosine - b * sine) * factor
                            result[half + c] = (b * cosine + a * sine) * factor
                        }
                        return result.map { Double(rounded($0, precision)) }
                    }
                }
                let channels = sequence.map { row in
                    (0..<dimension).map { Double(rounded(values[(row * heads + head) * dimension + $0], precision)) }
                }
                let result = Reference.bidirectionalAttention(
                    queries: rotated(queries, times: attention.scale * 1.442695), keys: rotated(keys, times: 1),
                    values: channels, windowRadius: windowRadius,
                    rounding: { Double(rounded(Float($0), precision)) })
                for (position, row) in sequence.enumerated() {
                    for channel in 0..<dimension {
                        let error = abs(
                            Double(actual[(row * heads + head) * dimension + channel]) - result.y[position][channel])
                        let excess = error / (tolerance * result.magnitudes[position][channel])
                        // NaN is worst.
                        if !(excess <= worst) { worst = excess }
                        total += excess
                    }
                }
            }
        }
        let mean = total / Double(actual.count)
        #expect(worst <= 1 && mean <= 0.1, "\(label): \(worst) tolerances away, \(mean) on average")
    }

    private func rounded(_ x: Float, _ precision: AttentionPrecision) -> Float {
        guard precision == .bfloat16 else { return x }
        return Float(bitPattern: (x.bitPattern &+ 0x7fff &+ (x.bitPattern >> 16 & 1)) & 0xffff_0000)
    }
}
