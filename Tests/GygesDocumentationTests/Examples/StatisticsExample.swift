import GygesStatistics
import Testing

@Suite struct StatisticsExample {
    @Test func comparesTwoRates() {
        let trained = Proportion(successes: 24, count: 32)
        let untrained = Proportion(successes: 19, count: 34)
        let gap = trained.newcombeInterval(minus: untrained)
        print(trained.wilsonInterval(), untrained.wilsonInterval(), gap)

        // The same prompts in both tiers are pairs, which say more.
        let pairs = PairedCounts(bothYes: 17, onlyFirst: 8, onlySecond: 1, neither: 5)
        print(pairs.mcNemarPValue)

        #expect(gap.contains(24.0 / 32 - 19.0 / 34))
        #expect(pairs.mcNemarPValue < 0.05)
    }
}
