import Testing

@testable import GygesStatistics

@Suite struct ResamplingTests {
    /// The known answers of Random123's `kat_vectors`.
    @Test func `The generator gives the published blocks`() {
        let zero = SeededGenerator.block((0, 0, 0, 0), key: (0, 0))
        #expect(zero == (0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        let ones = SeededGenerator.block((.max, .max, .max, .max), key: (.max, .max))
        #expect(ones == (0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
        let digits = SeededGenerator.block(
            (0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: (0xA409_3822, 0x299F_31D0))
        #expect(digits == (0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
    }

    @Test func `Streams differ, and the same stream repeats`() {
        func draw(_ seed: UInt64, _ stream: UInt64) -> [UInt64] {
            var generator = SeededGenerator(seed: seed, stream: stream)
            return (0..<5).map { _ in generator.next() }
        }
        #expect(draw(1, 0) == draw(1, 0))
        #expect(Set(draw(1, 0) + draw(1, 1) + draw(2, 0)).count == 15)
    }

    @Test(arguments: Golden.quantiles)
    func `Quantiles equal NumPy's`(_ row: (values: [Double], p: Double, quantile: Double)) {
        expectClose(quantile(ofSorted: row.values, row.p), row.quantile, relative: 1e-15)
    }

    @Test(arguments: Golden.signFlips)
    func `Sign flips equal full enumeration`(_ row: (differences: [Double], pValue: Double)) {
        var generator = SeededGenerator(seed: 1)
        expectClose(signFlipPValue(row.differences, using: &generator), row.pValue)
    }

    @Test func `Many differences of one sign are unlikely, balanced ones are not`() {
        var generator = SeededGenerator(seed: 1)
        #expect(signFlipPValue(Array(repeating: 0.5, count: 30), using: &generator) == 1e-4)
        // Whole numbers need no draws.
        #expect(signFlipPValue(Array(repeating: 1, count: 30), using: &generator) == 0x1p-29)
        #expect(signFlipPValue((0..<30).map { $0 % 2 == 0 ? 1 : -1 }, using: &generator) == 1)
        #expect(signFlipPValue([], using: &generator) == 1)
    }

    @Test func `The bootstrap repeats with its seed and agrees with the normal interval of a mean`() throws {
        var values = SeededGenerator(seed: 7)
        let sample = (0..<400).map { _ in Double(values.next() >> 11) * 0x1p-53 }
        func interval(_ seed: UInt64) -> Interval? {
            var generator = SeededGenerator(seed: seed)
            return bootstrapInterval(of: sample, draws: 4000, using: &generator) { SampleMean($0).mean }
        }
        let bootstrap = try #require(interval(1))
        #expect(bootstrap == interval(1))
        #expect(bootstrap != interval(2))
        let normal = try #require(SampleMean(sample).studentInterval())
        // Monte Carlo error of a 2.5 % quantile over 4,000 draws: about 0.04 standard errors, here 0.0006.
        expectClose(bootstrap.lower, normal.lower, relative: 0, absolute: 0.003)
        expectClose(bootstrap.upper, normal.upper, relative: 0, absolute: 0.003)
    }

    @Test func `Draws that are not numbers give no interval`() {
        #expect(percentileInterval(ofDraws: [1, .nan]) == nil)
        #expect(percentileInterval(ofDraws: []) == nil)
    }

    @Test(arguments: Golden.holm)
    func `Adjusted p-values equal those of statsmodels`(_ row: (pValues: [Double], adjusted: [Double])) {
        for (adjusted, expected) in zip(holmAdjusted(row.pValues), row.adjusted) { expectClose(adjusted, expected) }
    }
}
