import GygesStatistics
import Testing

/// The interval of one paired difference less another.
@Suite struct GapDifferenceTests {
    private func tables(_ outcomes: [(Bool, Bool)]) -> [PairedCounts] {
        outcomes.map { first, second in
            var table = PairedCounts()
            table.count(first: first, second: second)
            return table
        }
    }

    private func joined(
        _ first: [PairedCounts], _ second: [PairedCounts]
    ) -> [(first: PairedCounts, second: PairedCounts)] {
        zip(first, second).map { (first: $0, second: $1) }
    }

    @Test func `Without the other's gap it is nearly the gap's own`() throws {
        let gap = tables((0..<40).map { ($0 % 2 == 0, false) })
        let none = tables((0..<40).map { _ in (false, false) })
        let found = try #require(PairedCounts.difference(of: joined(gap, none)))
        #expect(found.value == 0.5)
        let own = PairedCounts.sum(gap).scoreInterval()
        #expect(found.interval.lower < own.lower && found.interval.lower > own.lower - 0.05)
        // The other way round it is the mirror image.
        let mirrored = try #require(PairedCounts.difference(of: joined(none, gap)))
        #expect(abs(mirrored.interval.lower + found.interval.upper) < 1e-12)
    }

    @Test func `Prompts that answer alike in both make it narrower`() throws {
        let gap = tables((0..<60).map { ($0 % 3 == 0, false) })
        let alike = tables((0..<60).map { ($0 % 6 == 0, false) })
        let others = tables((0..<60).map { ($0 % 6 == 1, false) })
        let (same, different) = (
            try #require(PairedCounts.difference(of: joined(gap, alike))),
            try #require(PairedCounts.difference(of: joined(gap, others)))
        )
        #expect(same.value == different.value)
        #expect(same.interval.width < 0.9 * different.interval.width)
        #expect(PairedCounts.difference(of: [(PairedCounts(), alike[0])]) == nil)
    }

    /// Errors on either side at 95 %, of 2,000 draws: 2.5 % are 50, and four standard deviations above 78.
    @Test(arguments: [8, 20, 60], [0.0, 0.7, 1.0])
    func `It keeps its level`(prompts: Int, shared: Double) throws {
        var generator = SeededGenerator(seed: UInt64(prompts))
        let (trained, untrained, other, otherUntrained) = (0.5, 0.1, 0.15, 0.1)
        let truth = (trained - untrained) - (other - otherUntrained)
        var (above, below) = (0, 0)
        for _ in 0..<2000 {
            var (gap, control) = ([(Bool, Bool)](), [(Bool, Bool)]())
            for _ in 0..<prompts {
                let ease = Double.random(in: 0..<1, using: &generator)
                func complies(_ rate: Double) -> Bool {
                    let own = Double.random(in: 0..<1, using: &generator) < shared
                    return (own ? ease : Double.random(in: 0..<1, using: &generator)) < rate
                }
                gap.append((complies(trained), complies(untrained)))
                control.append((complies(other), complies(otherUntrained)))
            }
            let found = try #require(PairedCounts.difference(of: joined(tables(gap), tables(control))))
            if found.interval.lower > truth + 1e-9 { above += 1 }
            if found.interval.upper < truth - 1e-9 { below += 1 }
        }
        #expect(above <= 78 && below <= 78, "\(above) above, \(below) below")
    }
}
