import FoundationEssentials
import GygesStatistics
import Testing

@Suite struct ProportionTests {
    @Test(arguments: Golden.proportions)
    func `Intervals equal those of statsmodels`(
        _ row: (successes: Int, count: Int, level: Double, wilson: [Double], exact: [Double])
    ) throws {
        let proportion = Proportion(successes: row.successes, count: row.count)
        try expectClose(proportion.wilsonInterval(level: row.level), row.wilson)
        try expectClose(proportion.clopperPearsonInterval(level: row.level), row.exact)
    }

    @Test(arguments: Golden.independent)
    func `Differences of independent proportions equal those of statsmodels`(
        _ row: (s1: Int, n1: Int, s2: Int, n2: Int, level: Double, interval: [Double])
    ) throws {
        let first = Proportion(successes: row.s1, count: row.n1)
        let second = Proportion(successes: row.s2, count: row.n2)
        try expectClose(first.newcombeInterval(minus: second, level: row.level), row.interval)
    }

    @Test func `No success in 200 trials leaves room for 1.88 percent`() {
        let interval = Proportion(successes: 0, count: 200).wilsonInterval()
        #expect(interval.lower == 0)
        #expect((interval.upper * 1e4).rounded() == 188)
    }

    /// Newcombe 1998, table II, example (a).
    @Test func `Differences equal the published ones`() {
        let interval = Proportion(successes: 56, count: 70).newcombeInterval(
            minus: Proportion(successes: 48, count: 80))
        #expect((interval.lower * 1e4).rounded() == 524)
        #expect((interval.upper * 1e4).rounded() == 3339)
    }

    @Test(arguments: [(0.5, 1), (0.25, 4), (0.9, 13), (0, 3), (1, 3), (1.0 / 3, 1000)] as [(Double, Int)])
    func `A mean's interval ends where the mean lies z standard errors away`(_ mean: Double, _ count: Int) {
        let interval = wilsonInterval(ofMean: mean, count: count)
        #expect(interval.contains(mean))
        for end in [interval.lower, interval.upper] where end > 0 && end < 1 {
            // Wilson's equation, by which the interval is defined; 1.96² = 3.8414588.
            let distance = (end - mean) * (end - mean) - 3.841_458_820_694_124 * end * (1 - end) / Double(count)
            #expect(abs(distance) < 1e-12)
        }
        #expect((interval.lower == 0) == (mean == 0) && (interval.upper == 1) == (mean == 1))
    }

    @Test func `Without trials nothing is excluded`() {
        let none = Proportion(successes: 0, count: 0)
        #expect(none.estimate == nil)
        #expect(none.wilsonInterval() == Interval(lower: 0, upper: 1, level: 0.95))
        #expect(none.clopperPearsonInterval() == Interval(lower: 0, upper: 1, level: 0.95))
        #expect(
            none.newcombeInterval(minus: Proportion(successes: 1, count: 2))
                == Interval(lower: -1, upper: 1, level: 0.95))
    }

    @Test(arguments: [#"{"successes":3,"count":2}"#, #"{"successes":-1,"count":2}"#])
    func `Impossible counts are not decoded`(_ text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Proportion.self, from: Data(text.utf8)) }
    }

    /// With p known, the coverage of the interval can be summed over all outcomes instead of simulated.
    @Test(arguments: [0.02, 0.142, 0.5])
    func `Exact intervals cover at least their level`(_ truth: Double) {
        let count = 60
        var coverage = 0.0
        var mass = 1.0
        for _ in 0..<count { mass *= 1 - truth }
        for successes in 0...count {
            let proportion = Proportion(successes: successes, count: count)
            if proportion.clopperPearsonInterval().contains(truth) { coverage += mass }
            mass *= Double(count - successes) / Double(successes + 1) * truth / (1 - truth)
        }
        #expect(coverage >= 0.95)
        #expect(coverage < 1)
    }

    /// `scipy.stats.binomtest(k, n, p, alternative="greater").pvalue` and "less".
    @Test(arguments: [
        (7, 10, 0.5, 0.171875, 0.9453125), (0, 12, 0.1, 1.0, 0.282429536481), (12, 12, 0.8, 0.06871947673600004, 1.0),
        (3, 40, 0.05, 0.3232642392513527, 0.8618502244989343), (61, 80, 0.7, 0.1352233058903422, 0.9126852077863341),
    ])
    func `Exact tails equal those of SciPy`(_ k: Int, _ n: Int, _ share: Double, _ upper: Double, _ lower: Double) {
        let proportion = Proportion(successes: k, count: n)
        expectClose(proportion.upperTail(under: share), upper)
        expectClose(proportion.lowerTail(under: share), lower)
    }
}
