import GygesStatistics
import Testing

@Suite struct AgreementTests {
    @Test(arguments: Golden.curves)
    func `Curves and areas equal those of scikit-learn`(
        _ row: (
            scores: [Double], labels: [Int], area: Double, error: Double, falsePositives: [Double],
            truePositives: [Double]
        )
    ) throws {
        let curve = try #require(ReceiverOperatingCurve(scores: row.scores, isPositive: row.labels.map { $0 == 1 }))
        expectClose(curve.area, row.area)
        expectClose(try #require(curve.standardError), row.error)
        #expect(curve.points.count == row.falsePositives.count)
        for (point, (x, y)) in zip(curve.points, zip(row.falsePositives, row.truePositives)) {
            expectClose(point.falsePositiveRate, x)
            expectClose(point.truePositiveRate, y)
        }
        #expect(curve.interval()?.contains(curve.area) == true)
    }

    @Test(arguments: Golden.curves)
    func `An item that stands for several counts as so many`(
        _ row: (
            scores: [Double], labels: [Int], area: Double, error: Double, falsePositives: [Double],
            truePositives: [Double]
        )
    ) throws {
        let weights = row.scores.indices.map { 1 + $0 % 3 }
        let repeated = row.scores.indices.flatMap { index in Array(repeating: index, count: weights[index]) }
        let labels = row.labels.map { $0 == 1 }
        let curve = try #require(
            ReceiverOperatingCurve(scores: row.scores, isPositive: labels, weights: weights.map(Double.init)))
        let long = try #require(
            ReceiverOperatingCurve(scores: repeated.map { row.scores[$0] }, isPositive: repeated.map { labels[$0] }))
        expectClose(curve.area, long.area)
        for (a, b) in zip(curve.points, long.points) {
            expectClose(a.falsePositiveRate, b.falsePositiveRate)
            expectClose(a.truePositiveRate, b.truePositiveRate)
        }
        #expect(curve.points.reduce(0) { $0 + $1.positives } == curve.positives)
        // Copies look like more items than there are.
        #expect(try #require(curve.standardError) > (try #require(long.standardError)))
        // Only ratios of weights matter.
        let scaled = ReceiverOperatingCurve(
            scores: row.scores, isPositive: labels, weights: row.scores.map { _ in 7.5 })
        expectClose(try #require(scaled?.standardError), row.error)
    }

    @Test func `Krippendorff's alpha of two judges is that of their values`() {
        for counts in [
            PairedCounts(bothYes: 7, onlyFirst: 2, onlySecond: 1, neither: 10), PairedCounts(bothYes: 3, neither: 4),
            PairedCounts(onlyFirst: 5, onlySecond: 5), PairedCounts(bothYes: 9), PairedCounts(),
        ] {
            let items =
                Array(repeating: [1.0, 1], count: counts.bothYes) + Array(repeating: [1, 0], count: counts.onlyFirst)
                + Array(repeating: [0, 1], count: counts.onlySecond) + Array(repeating: [0, 0], count: counts.neither)
            let (mine, other) = (counts.krippendorffAlpha, krippendorffAlpha(items))
            #expect((mine == nil) == (other == nil))
            if let mine, let other { expectClose(mine, other) }
        }
    }

    @Test func `Without both kinds there is no curve`() {
        #expect(ReceiverOperatingCurve(scores: [1, 2], isPositive: [true, true]) == nil)
        #expect(ReceiverOperatingCurve(scores: [1, .nan], isPositive: [true, false]) == nil)
        #expect(ReceiverOperatingCurve(scores: [1, 2], isPositive: [false, true])?.standardError == nil)
    }

    /// 0.92 of 51 positive and 55 negative labels has a standard error of 0.028.
    @Test(arguments: Golden.hanleyMcNeil)
    func `The error from the area alone equals the formula`(
        _ row: (area: Double, positives: Int, negatives: Int, error: Double)
    ) {
        let error = hanleyMcNeilStandardError(area: row.area, positives: row.positives, negatives: row.negatives)
        expectClose(error, row.error)
        if row.area == 0.92 { #expect((error * 1000).rounded() == 28) }
    }

    @Test(arguments: Golden.correlations)
    func `Correlations equal those of SciPy`(
        _ row: (
            x: [Double], y: [Double], pearson: Double, pearsonP: Double, interval: [Double], spearman: Double,
            spearmanP: Double
        )
    ) throws {
        let pearson = try #require(Correlation(pearson: row.x, row.y))
        expectClose(pearson.coefficient, row.pearson)
        expectClose(pearson.pValue, row.pearsonP)
        try expectClose(pearson.fisherInterval(), row.interval)
        let spearman = try #require(Correlation(spearman: row.x, row.y))
        expectClose(spearman.coefficient, row.spearman)
        expectClose(spearman.pValue, row.spearmanP)
    }

    @Test func `Agreement equals that of scikit-learn, statsmodels and krippendorff`() throws {
        for row in Golden.kappas { expectClose(try #require(cohensKappa(row.first, row.second)), row.kappa) }
        for row in Golden.fleiss { expectClose(try #require(fleissKappa(row.items)), row.kappa) }
        for row in Golden.alphas {
            expectClose(try #require(krippendorffAlpha(row.items)), row.nominal)
            expectClose(try #require(krippendorffAlpha(row.items, distance: .interval)), row.interval)
        }
        #expect(
            cohensKappa([], []) == nil && fleissKappa([[2, 0], [1, 0]]) == nil && krippendorffAlpha([[1, 1]]) == nil)
    }

    @Test func `The least-squares line equals NumPy's`() throws {
        // numpy.polyfit([0, 1, 2, 4], [1, 3, 2, 5], 1)
        let fit = try #require(LinearFit([0, 1, 2, 4], [1, 3, 2, 5]))
        #expect(abs(fit.slope - 0.8857142857142857) < 1e-12 && abs(fit.intercept - 1.2) < 1e-12)
        #expect(LinearFit([1, 1, 1], [1, 2, 3]) == nil && LinearFit([1, 2], [1, 2]) == nil)
    }
}
