import Testing

@testable import GygesStatistics

@Suite struct MeanTests {
    @Test(arguments: Golden.means)
    func `Intervals and tests equal those of SciPy`(
        _ row: (sample: [Double], interval: [Double], pValue: Double, sign: Double)
    ) throws {
        let mean = SampleMean(row.sample)
        try expectClose(mean.studentInterval(), row.interval)
        // The second sample's p-value of 1e-14 multiplies the rounding of its mean a thousandfold.
        expectClose(try #require(mean.studentPValue()), row.pValue, relative: 1e-8, absolute: 0)
        expectClose(signTestPValue(row.sample), row.sign)
    }

    @Test(arguments: Golden.studentQuantiles)
    func `Student's quantiles equal SciPy's`(_ row: (tails: Double, degrees: Double, t: Double)) {
        expectClose(
            studentQuantile(twoSidedTails: row.tails, degreesOfFreedom: row.degrees), row.t, relative: 1e-10,
            absolute: 0)
    }

    @Test(arguments: Golden.normalQuantiles)
    func `Normal quantiles equal SciPy's`(_ row: (p: Double, z: Double)) {
        expectClose(normalQuantile(row.p), row.z, relative: 1e-13, absolute: 1e-15)
    }

    @Test(arguments: [(0.5, 0.5), (3, 7), (40, 0.5), (2000, 3000)])
    func `The beta quantile undoes the beta distribution`(_ a: Double, _ b: Double) {
        for p in [1e-9, 0.01, 0.5, 0.99] {
            expectClose(regularizedIncompleteBeta(betaQuantile(p, a, b), a, b), p, relative: 1e-10)
        }
    }

    @Test func `Fewer than two values have no interval`() {
        #expect(SampleMean([]).studentInterval() == nil)
        #expect(SampleMean([3]).mean == 3)
        #expect(SampleMean([3]).studentInterval() == nil)
        #expect(SampleMean([3]).studentPValue() == nil)
    }

    @Test func `Equal values have an interval of no width`() {
        let mean = SampleMean([2, 2, 2])
        #expect(mean.studentInterval() == Interval(lower: 2, upper: 2, level: 0.95))
        #expect(mean.studentPValue(against: 2) == 1)
        #expect(mean.studentPValue() == 0)
    }
}
