import GygesStatistics
import Testing

@Suite struct PowerTests {
    @Test(arguments: Golden.pairedPowers)
    func `Power equals the sum over all tables`(
        _ row: (n: Int, b: Double, c: Double, alpha: Double, power: Double)
    ) {
        expectClose(PairedDesign(onlyFirst: row.b, onlySecond: row.c).power(pairs: row.n, alpha: row.alpha), row.power)
    }

    /// The reference's section 4.4: n in each group for 80 % power at 5 %.
    @Test(arguments: [(0.142, 0.028, 93), (0.1, 0.05, 435), (0.05, 0.01, 285), (0.03, 0.01, 769), (0.02, 0.01, 2319)])
    func `Groups needed equal the derived numbers`(_ first: Double, _ second: Double, _ count: Int) {
        let design = UnpairedDesign(first: first, second: second)
        let needed = design.countNeeded() ?? 0
        #expect(abs(needed - count) <= 1)
        #expect(design.power(count: needed) >= 0.8 - 1e-9)
    }

    @Test func `Pairs needed reach the power, and the smallest rate is found with it`() throws {
        let design = PairedDesign(first: 0.142, second: 0.028)
        let pairs = try #require(design.pairsNeeded())
        #expect(design.power(pairs: pairs) >= 0.8 && design.power(pairs: pairs - 1) < 0.8)
        #expect(pairs == 101)
        let rate = try #require(smallestDetectableRate(above: 0.028, pairs: pairs))
        #expect(abs(rate - 0.142) < 0.002)
        #expect(PairedDesign(first: 0.3, second: 0.3).pairsNeeded() == nil)
        #expect(smallestDetectableRate(above: 0.1, pairs: 3) == nil)
        #expect(PairedDesign(first: 0.3, second: 0.1, correlation: 1).onlySecond < 1e-12)
    }

    @Test(arguments: Golden.bootstraps)
    func `Intervals over given draws equal those of NumPy and SciPy`(
        _ row: (sample: [Double], draws: [Double], jackknife: [Double], percentile: [Double], corrected: [Double])
    ) throws {
        try expectClose(percentileInterval(ofDraws: row.draws), row.percentile)
        let mean = row.sample.reduce(0, +) / Double(row.sample.count)
        try expectClose(
            biasCorrectedInterval(ofDraws: row.draws, estimate: mean, jackknife: row.jackknife), row.corrected)
    }
}
