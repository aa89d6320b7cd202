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
        func rate(pairs: Int, above second: Double) -> Double? {
            smallestValue(in: second...1) {
                PromptDesign(PairedDesign(first: $0, second: second)).power(prompts: pairs) >= 0.8
            }
        }
        #expect(abs(try #require(rate(pairs: pairs, above: 0.028)) - 0.142) < 0.002)
        #expect(PairedDesign(first: 0.3, second: 0.3).pairsNeeded() == nil)
        #expect(rate(pairs: 3, above: 0.1) == nil)
        #expect(PairedDesign(first: 0.3, second: 0.1, correlation: 1).onlySecond < 1e-12)
    }

    /// Over all signs of eleven differences, counted one by one.
    @Test func `The distribution over signs is exact`() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<50 {
            let differences = (0..<11).map { _ in Int.random(in: -4...4, using: &generator) }
            let observed = abs(differences.reduce(0, +))
            let hits = (0..<2048).count { pattern in
                let sum = differences.enumerated().reduce(0) {
                    $0 + (pattern >> $1.offset & 1 == 0 ? $1.element : -$1.element)
                }
                return abs(sum) >= observed
            }
            expectClose(exactSignFlipPValue(differences) ?? -1, Double(hits) / 2048)
        }
        #expect(exactSignFlipPValue([]) == 1 && exactSignFlipPValue([0, 0]) == 1)
        #expect(exactSignFlipPValue([Int.min]) == nil && exactSignFlipPValue([Int.max, 1]) == nil)
        #expect(exactSignFlipPValue(Array(repeating: 100, count: 2000)) == nil)
        // Large numbers neither overflow nor vanish.
        #expect(exactSignFlipPValue(Array(repeating: 1, count: 1500)) == 0)
        expectClose(exactSignFlipPValue(Array(repeating: 1, count: 1000)) ?? -1, 0x1p-999)
    }

    @Test func `One pair a prompt is McNemar's test, by enumeration and by drawing`() {
        let design = PromptDesign(PairedDesign(first: 0.4, second: 0.1))
        #expect(design.power(prompts: 40) == design.pair.power(pairs: 40))
        // All alike are as good as one.
        var alike = design
        (alike.samples, alike.intraclassCorrelation) = (6, 1)
        #expect(abs(alike.power(prompts: 40) - design.power(prompts: 40)) < 0.015)
        var independent = alike
        independent.intraclassCorrelation = 0
        #expect(independent.power(prompts: 20) > alike.power(prompts: 20) + 0.3)
        // A level of 5 % in either direction is one of 2.5 % in one, but for what is found the wrong way round.
        let (either, greater) = (
            design.power(prompts: 40, alpha: 0.05), design.power(prompts: 40, alpha: 0.025, direction: .greater)
        )
        #expect(abs(either - greater) < 1e-4)
    }

    /// Five prompts have 32 sign patterns, however many answers each has.
    @Test func `Too few prompts find nothing, however many answers they have`() {
        let design = PromptDesign(PairedDesign(first: 1, second: 0), samples: 20)
        #expect(design.power(prompts: 5) == 0 && design.smallestPValue(prompts: 5) == 0.0625)
        #expect(design.power(prompts: 5, direction: .greater) == 1 && design.power(prompts: 6) == 1)
        // 8 right answers of 8 are not surely more than 80 %: .8⁸ = .17.
        #expect(RateDesign(1).power(prompts: 8, above: 0.8) == 0)
        #expect(RateDesign(1).power(prompts: 14, above: 0.8) == 1)
    }

    @Test func `A rate is found as often as its test finds it`() {
        // 9 of 20 and more have a p-value below .05 against 0.2 (by hand: 8 have .0321, 7 .0867).
        expectClose(
            RateDesign(0.5).power(prompts: 20, above: 0.2), Proportion(successes: 8, count: 20).upperTail(under: 0.5))
        #expect(RateDesign(0.5).intervalPower(prompts: 20, above: 0.9) < 1e-4)
        let drawn = RateDesign(0.5, samples: 2, intraclassCorrelation: 1).power(prompts: 20, above: 0.2)
        // The design effect allows for few prompts by Student's t, and so finds a little less.
        #expect(drawn < RateDesign(0.5).power(prompts: 20, above: 0.2) && drawn > 0.6)
    }

    @Test func `As many prompts are needed as find it`() throws {
        let design = PromptDesign(PairedDesign(first: 0.3, second: 0.1), samples: 4, intraclassCorrelation: 0.2)
        let found = try #require(promptsNeeded(from: 2) { design.power(prompts: $0, draws: 4_000) >= 0.8 })
        #expect(abs(design.power(prompts: found) - 0.8) < 0.03)
        #expect(abs(Double(design.approximatePromptsNeeded() ?? 0) / Double(found) - 1) < 0.2)
        #expect(promptsNeeded(from: 2) { _ in false } == nil && promptsNeeded(from: 9) { $0 >= 5 } == 5)
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
