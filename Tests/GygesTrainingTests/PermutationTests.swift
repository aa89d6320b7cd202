import GygesTensors
import GygesTraining
import Testing

/// Orders are one to one, spread evenly, and follow from their key.
@Suite struct PermutationTests {
    @Test func everyNumberStandsOnce() {
        for count in [0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 1000, 4096, 4097] {
            let order = Permutation(count: count, bits: KeyedBits(seed: UInt64(count)))
            #expect((0..<count).map { order[$0] }.sorted() == Array(0..<count), "\(count)")
        }
    }

    /// Far beyond what an array could hold, and at the limits of an integer.
    @Test func largeOrdersNeedNoMemory() {
        for count in [1 << 40, 1 << 40 + 1, Int.max] {
            let order = Permutation(count: count, bits: KeyedBits(seed: 1))
            let places = [0, 1, 2, count / 3, count / 2, count - 1]
            let numbers = places.map { order[$0] }
            #expect(Set(numbers).count == places.count && numbers.allSatisfy { (0..<count).contains($0) })
        }
    }

    /// All 120 orders of five numbers, 48,000 keys: χ² with 119 degrees of freedom has mean 119 and deviation 15.4.
    @Test func ordersAreEquallyProbable() {
        var counts: [[Int]: Int] = [:]
        for seed in 0..<48_000 as Range<UInt64> {
            let order = Permutation(count: 5, bits: KeyedBits(seed: 17).branch(seed))
            counts[(0..<5).map { order[$0] }, default: 0] += 1
        }
        #expect(counts.count == 120)
        let statistic = counts.values.reduce(0.0) { $0 + (Double($1) - 400) * (Double($1) - 400) / 400 }
        #expect(statistic < 119 + 4 * 15.4, "\(statistic)")
    }

    /// Where numbers of a thousand go, over places and over neighbours: 100 cells of 1,000 draws, mean 99, deviation 14.1.
    @Test func placesAndNeighboursAreIndependent() {
        var placed = [Int](repeating: 0, count: 100), followed = placed
        for epoch in 0..<100 as Range<UInt64> {
            let order = Permutation(count: 1000, bits: KeyedBits(seed: 5).branch(epoch))
            for place in 0..<1000 {
                placed[place / 100 * 10 + order[place] / 100] += 1
                followed[order[place] / 100 * 10 + order[(place + 1) % 1000] / 100] += 1
            }
        }
        for counts in [placed, followed] {
            let statistic = counts.reduce(0.0) { $0 + (Double($1) - 1000) * (Double($1) - 1000) / 1000 }
            #expect(statistic < 99 + 4 * 14.1, "\(statistic)")
        }
    }

    @Test func keysChooseTheOrder() {
        func order(_ seed: UInt64, _ epoch: UInt64) -> [Int] {
            let order = Permutation(count: 50, bits: KeyedBits(seed: seed).branch(epoch))
            return (0..<50).map { order[$0] }
        }
        #expect(order(1, 2) == order(1, 2))
        #expect(Set([order(1, 2), order(2, 1), order(1, 3), order(2, 2), order(1 << 40 + 1, 2)]).count == 5)
        // Runs of any version of the program agree: data would otherwise be repeated or left out after an update.
        let pinned = Permutation(count: 10, bits: KeyedBits(seed: 0).branch(0))
        #expect((0..<10).map { pinned[$0] } == [4, 9, 5, 0, 3, 2, 7, 1, 6, 8])
    }

    @Test func bitsAreEven() {
        let bits = KeyedBits(seed: 3)
        var counts = [Int](repeating: 0, count: 7), ones = 0
        for place in 0..<70_000 as Range<UInt64> {
            counts[Int(bits.number(below: 7, at: place))] += 1
            ones += bits.bits(at: place).nonzeroBitCount
            #expect((0..<1).contains(bits.fraction(at: place)))
        }
        // Six degrees of freedom: mean 6, deviation 3.5.
        #expect(counts.reduce(0.0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000 } < 20)
        #expect(abs(Double(ones) / (70_000 * 64) - 0.5) < 4 * 0.5 / (70_000.0 * 64).squareRoot())
    }
}
