import Testing

@testable import GygesInference

@Suite struct StepPlanTests {
    static func counts(_ pending: [Int], rowLimit: Int = 512, promptRowLimit: Int = 32) -> [Int] {
        StepPlan(rowLimit: rowLimit, promptRowLimit: promptRowLimit).rowCounts(
            for: pending.map { .init(pending: abs($0), isDecoding: $0 < 0) })
    }

    /// A sequence that is decoding, among prompts given by what is left of them.
    static let decoding = -1

    @Test func promptsAloneGetAllRows() {
        #expect(Self.counts([1000]) == [512])
        #expect(Self.counts([100]) == [100])
        #expect(Self.counts([1000, 100, 1000]) == [242, 100, 170], "an equal share each, the rest to the first")
        #expect(Self.counts([1]) == [1], "the last token of a prompt is a prompt still")
    }

    @Test func decodingSequencesGetTheirRowAndBoundThePrompts() {
        #expect(Self.counts([1000, Self.decoding]) == [32, 1])
        #expect(Self.counts([1000, 8, Self.decoding]) == [24, 8, 1], "a short prompt is done in one step")
        #expect(Self.counts([1000] + Array(repeating: Self.decoding, count: 20)).first == 40)
        #expect(Self.counts([Self.decoding, 1000, Self.decoding], rowLimit: 10) == [1, 8, 1])
        #expect(Self.counts([Self.decoding, Self.decoding, Self.decoding], rowLimit: 2) == [1, 1, 0])
    }

    @Test func manyPromptsTakeTurnsThatFillATile() {
        let counts = Self.counts(Array(repeating: 100, count: 10) + [Self.decoding])
        #expect(counts == [16, 16, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        #expect(Self.counts([5, 6, 7, 100, 100, Self.decoding]) == [5, 6, 7, 14, 0, 1], "short prompts share a step")
    }

    @Test func noStepIsLargerThanItsLimit() {
        var random = SeededNumbers(seed: 5)
        for _ in 0..<2000 {
            let pending = (0..<random.next(in: 0...40)).map { _ in
                random.next(in: 0...2) == 0 ? Self.decoding : random.next(in: 1...700)
            }
            let (rowLimit, promptRowLimit) = (random.next(in: 41...600), random.next(in: 1...64))
            let counts = Self.counts(pending, rowLimit: rowLimit, promptRowLimit: promptRowLimit)
            let decodingCount = pending.count { $0 < 0 }
            let promptRows = zip(pending, counts).reduce(0) { $0 + ($1.0 < 0 ? 0 : $1.1) }
            let room = decodingCount == 0 ? rowLimit : max(promptRowLimit, 2 * decodingCount)
            #expect(counts.reduce(0, +) <= rowLimit)
            #expect(promptRows <= room)
            #expect(zip(pending, counts).allSatisfy { 0 <= $1 && $1 <= abs($0) })
            #expect(zip(pending, counts).allSatisfy { $0 > 0 || $1 == 1 }, "nobody who is decoding is left out")
            let wanted = pending.reduce(0) { $0 + max(0, $1) }
            #expect(promptRows == min(wanted, room, rowLimit - decodingCount), "no room is wasted")
        }
    }
}

/// Numbers that repeat.
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(in range: ClosedRange<Int>) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return range.lowerBound + Int(z % UInt64(range.count))
    }
}
