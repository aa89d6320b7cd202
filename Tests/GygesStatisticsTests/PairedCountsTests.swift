import FoundationEssentials
import GygesStatistics
import Testing

@Suite struct PairedCountsTests {
    @Test(arguments: Golden.tables)
    func `Tests and intervals equal those of statsmodels and of the paper's formula`(
        _ row: (a: Int, b: Int, c: Int, d: Int, exact: Double, mid: Double, interval: [Double], kappa: Double?)
    ) throws {
        let table = PairedCounts(bothYes: row.a, onlyFirst: row.b, onlySecond: row.c, neither: row.d)
        expectClose(table.mcNemarPValue, row.exact)
        expectClose(table.mcNemarMidPValue, row.mid)
        try expectClose(table.newcombeInterval(), row.interval)
        #expect((table.cohensKappa == nil) == (row.kappa == nil))
        if let kappa = table.cohensKappa, let expected = row.kappa { expectClose(kappa, expected) }
    }

    /// From `statsmodels.stats.inter_rater.cohens_kappa`, version 0.15.0.
    @Test(arguments: [
        (20, 5, 10, 15, 0.12699606293110033), (3, 1, 7, 40, 0.16932868053396885), (0, 4, 3, 9, 0.10543265142291781),
        (50, 1, 2, 60, 0.03047727034075432), (8, 0, 0, 5, 0),
    ])
    func `The standard error of kappa equals statsmodels`(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ expected: Double)
        throws
    {
        let table = PairedCounts(bothYes: a, onlyFirst: b, onlySecond: c, neither: d)
        expectClose(try #require(table.kappaStandardError), expected)
        guard table.discordant > 0 else { return }
        let interval = try #require(table.kappaInterval())
        expectClose(interval.lower, max(-1, (table.cohensKappa ?? 0) - 1.959963984540054 * expected))
        expectClose(interval.upper, min(1, (table.cohensKappa ?? 0) + 1.959963984540054 * expected))
    }

    /// Fagerland, Lydersen & Laake 2014 (doi:10.1002/sim.6148): airway hyper-responsiveness.
    @Test func `The interval equals the published one`() {
        let interval = PairedCounts(bothYes: 1, onlyFirst: 1, onlySecond: 7, neither: 12).newcombeInterval()
        #expect((interval.lower * 1e3).rounded() == -507)
        #expect((interval.upper * 1e3).rounded() == -26)
    }

    @Test func `Pairs are counted into the cell they belong to`() {
        var table = PairedCounts()
        table.count(first: true, second: true)
        table.count(first: true, second: false)
        table.count(first: true, second: false)
        table.count(first: false, second: true)
        table.count(first: false, second: false)
        #expect(table == PairedCounts(bothYes: 1, onlyFirst: 2, onlySecond: 1, neither: 1))
        #expect(table.count == 5)
        #expect(table.discordant == 3)
        #expect(table.first == Proportion(successes: 3, count: 5))
        #expect(table.second == Proportion(successes: 2, count: 5))
        #expect(table.difference == 0.2)
        #expect(table.agreement == Proportion(successes: 2, count: 5))
    }

    @Test func `Without pairs nothing is found`() {
        let none = PairedCounts()
        #expect(none.difference == nil)
        #expect(none.mcNemarPValue == 1)
        #expect(none.mcNemarMidPValue == 1)
        #expect(none.newcombeInterval() == Interval(lower: -1, upper: 1, level: 0.95))
        #expect(none.cohensKappa == nil)
        #expect(none.kappaInterval() == nil)
    }

    @Test func `Five pairs can never reject, six can`() {
        for count in 0...12 {
            let table = PairedCounts(bothYes: count)
            #expect(table.smallestMcNemarPValue == PairedCounts(onlySecond: count).mcNemarPValue)
            #expect((table.smallestMcNemarPValue < 0.05) == (count >= 6))
        }
    }

    @Test func `Swapping the outcomes turns the interval around`() {
        let table = PairedCounts(bothYes: 5, onlyFirst: 9, onlySecond: 2, neither: 24)
        let swapped = PairedCounts(bothYes: 5, onlyFirst: 2, onlySecond: 9, neither: 24)
        expectClose(table.newcombeInterval().lower, -swapped.newcombeInterval().upper)
        #expect(table.mcNemarPValue == swapped.mcNemarPValue)
    }

    @Test func `Negative counts are not decoded`() {
        let text = #"{"bothYes":0,"onlyFirst":-1,"onlySecond":0,"neither":0}"#
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(PairedCounts.self, from: Data(text.utf8)) }
    }

    /// 10 of 10: Wilson's lower end is 10 / (10 + z²) = 0.7225, and chance agreement 0.5.
    @Test func `Two judges who always agree are not known to`() throws {
        let interval = try #require(PairedCounts(bothYes: 5, neither: 5).kappaInterval())
        #expect(abs(interval.lower - 0.4450) < 1e-3 && interval.upper == 1)
        let alike = try #require(PairedCounts(bothYes: 5, neither: 5).kappaInterval(designEffect: 5))
        #expect(alike.lower < 0)
    }
}
