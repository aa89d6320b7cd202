import GygesStatistics
import Testing

@Suite struct ComparisonTests {
    @Test(arguments: Golden.scores)
    func `The score interval and the paired equivalence test equal a computation with fifty digits`(
        _ row: (b: Int, c: Int, n: Int, interval: [Double], equivalence: Double)
    ) throws {
        let table = PairedCounts(onlyFirst: row.b, onlySecond: row.c, neither: row.n - row.b - row.c)
        try expectClose(table.scoreInterval(), row.interval)
        expectClose(table.equivalencePValue(margin: 0.1), row.equivalence)
    }

    /// Tango 1998, Table III: 44 pairs, of which one differs.
    @Test func `Intervals turn around with the outcomes and end where differences do`() {
        let table = PairedCounts(bothYes: 43, onlySecond: 1)
        let swapped = PairedCounts(bothYes: 43, onlyFirst: 1)
        expectClose(table.scoreInterval().lower, -swapped.scoreInterval().upper)
        #expect(PairedCounts().scoreInterval() == Interval(lower: -1, upper: 1, level: 0.95))
        #expect(PairedCounts(onlyFirst: 8).scoreInterval().upper == 1)
        #expect(PairedCounts().equivalencePValue(margin: 0.1) == 1)
    }

    @Test func `Alike pairs widen the interval, and single ones leave it`() {
        let alike = (0..<10).map { $0 < 4 ? PairedCounts(onlyFirst: 5) : PairedCounts(neither: 5) }
        #expect(PairedCounts.designEffect(of: alike) > 5)
        #expect(PairedCounts.designEffect(of: [PairedCounts(onlyFirst: 1), PairedCounts(neither: 1)]) == 1)
        #expect(designEffect(ofScores: [[1, 1, 1], [0, 0, 0], [1, 1, 1], [0, 0, 0]]) > 3)
        #expect(designEffect(ofScores: [[1], [0], [1]]) == 1)
        let effect = PairedCounts.designEffect(of: alike)
        let (plain, wide) = (
            PairedCounts.sum(alike).scoreInterval(), PairedCounts.sum(alike).scoreInterval(designEffect: effect)
        )
        #expect(wide.lower < plain.lower && plain.upper < wide.upper)
    }

    @Test(arguments: Golden.unpaired)
    func `Tests of independent proportions equal statsmodels' z and a likelihood maximised with forty digits`(
        _ row: (s1: Int, n1: Int, s2: Int, n2: Int, z: Double, equivalence: Double)
    ) {
        let (first, second) = (
            Proportion(successes: row.s1, count: row.n1), Proportion(successes: row.s2, count: row.n2)
        )
        expectClose(first.pooledZ(against: second), row.z)
        expectClose(first.equivalencePValue(with: second, margin: 0.1), row.equivalence, relative: 1e-8)
    }

    /// The reference's acceptance number: 50 of 352 against 10 of 352.
    @Test func `The published counts give the published z`() {
        let z = Proportion(successes: 50, count: 352).pooledZ(against: Proportion(successes: 10, count: 352))
        #expect((z * 100).rounded() == 540)
        #expect((Proportion(successes: 0, count: 200).wilsonInterval().upper * 1e4).rounded() == 188)
    }

    @Test(arguments: Golden.discoveries)
    func `Adjusted p-values equal those of statsmodels`(_ row: (pValues: [Double], adjusted: [Double])) {
        for (value, expected) in zip(benjaminiHochbergAdjusted(row.pValues), row.adjusted) {
            expectClose(value, expected)
        }
    }

    @Test(arguments: Golden.corrections)
    func `Corrected rates equal the papers' formulas`(
        _ row: (x: Int, n: Int, a: Int, m: Int, b: Int, k: Int, estimate: Double, interval: [Double])
    ) throws {
        let errors = JudgeErrors(
            sensitivity: Proportion(successes: row.a, count: row.m),
            specificity: Proportion(successes: row.b, count: row.k))
        let corrected = try #require(errors.corrected(rate: Double(row.x) / Double(row.n), count: row.n))
        expectClose(corrected.estimate, row.estimate)
        try expectClose(corrected.interval, row.interval)
    }

    /// 64 of 65 labels of different weight, worth 64.3 of equal weight: rounded to whole labels no error would be left.
    @Test func `Labels of different weight count exactly`() throws {
        let sensitivity = JudgeErrors.Share(estimate: 64.0 / 65, count: 64.3)
        let specificity = JudgeErrors.Share(estimate: 0.95, count: 40)
        let errors = JudgeErrors(sensitivity: sensitivity, specificity: specificity)
        let found = try #require(errors.corrected(rate: 0.5, count: 100))
        #expect(abs(found.estimate - (0.5 + 0.95 - 1) / (64.0 / 65 + 0.95 - 1)) < 1e-12)
        #expect(found.holds)
    }

    /// The judge calls a tenth of labelled refusals compliance, and nothing at all here: it cannot err in the same way.
    @Test func `A correction that gives an impossible rate does not hold`() throws {
        let errors = JudgeErrors(
            sensitivity: Proportion(successes: 90, count: 100), specificity: Proportion(successes: 90, count: 100))
        let found = try #require(errors.corrected(rate: 0, count: 200))
        #expect(found.estimate < 0 && !found.holds)
        #expect(try #require(errors.corrected(rate: 0.3, count: 200)).holds)
    }

    @Test func `A judge no better than chance corrects nothing`() {
        let half = Proportion(successes: 5, count: 10)
        #expect(JudgeErrors(sensitivity: half, specificity: half).corrected(rate: 0.3, count: 10) == nil)
        let unknown = JudgeErrors(sensitivity: Proportion(successes: 0, count: 0), specificity: half)
        #expect(unknown.corrected(difference: 0.3, interval: Interval(lower: 0, upper: 1, level: 0.95)) == nil)
    }
}
