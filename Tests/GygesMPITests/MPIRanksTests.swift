#if MPI
    import GygesMPI
    import GygesTraining
    import Testing

    /// Sums over however many processes these tests were started in; `scripts/acceptance/mpi_training.sh` starts them in several.
    ///
    /// One test, because all processes have to make the same calls in the same order.
    @Suite struct MPIRanksTests {
        /// A number that only its place and its rank decide, of one of many magnitudes: their order decides how sums round.
        private func number(_ index: Int, _ rank: Int) -> Float {
            let bits = UInt32(truncatingIfNeeded: (index &+ 1) &* 0x9E37_79B9 &+ rank &* 0x85EB_CA6B)
            let magnitude = Float(sign: .plus, exponent: Int(bits >> 28), significand: 1)
            return (Float(bits & 0xFFFF) - 32_768) * magnitude
        }

        @Test func sumsAreThoseInTheOrderOfRanks() throws {
            let ranks = try MPIRanks()
            #expect(ranks.rank >= 0 && ranks.rank < ranks.count)
            // Fewer than processes, odd, at the edge of a chunk and beyond.
            for length in [0, 1, 2, 7, 1000, (1 << 18) - 1, 1 << 18, (1 << 18) + 5, 1_000_001] {
                var values = (0..<length).map { number($0, ranks.rank) }
                try values.withUnsafeMutableBufferPointer { try ranks.sum($0) }
                let expected = (0..<length).map { index in
                    (1..<ranks.count).reduce(number(index, 0)) { $0 + number(index, $1) }
                }
                #expect(values == expected, "\(length) numbers")
            }
            #expect(try ranks.gather([]) == Array(repeating: [], count: ranks.count))
            #expect(try ranks.gather([Double(ranks.rank), 0.1]) == (0..<ranks.count).map { [Double($0), 0.1] })
            #expect(try ranks.any(ranks.rank == ranks.count - 1))
            #expect(try !ranks.any(false))
            try ranks.finish()
        }
    }
#endif
