import GygesTestSupport
import Testing

@testable import GygesTensors

/// What training keeps of its activations follows what passes need.
@Suite struct ActivationPoolTests {
    /// Passes of nearly one size, whose activations come and go in the order of forwards and backwards.
    private func pass(_ pool: ActivationPool, rows: Int) {
        var kept: [Activation] = []
        for layer in 0..<12 { kept.append(Activation(rows: rows, columns: layer % 3 == 0 ? 700 : 256, pool: pool)) }
        while kept.popLast() != nil { _ = Activation(rows: rows, columns: 256, pool: pool) }
        pool.trim()
    }

    @Test func passesOfNearlyOneSizeTakeWhatTheLargestTakes() {
        var random = Randomness(71)
        let pool = ActivationPool(keeping: .peak)
        var most = 0
        for _ in 0..<60 {
            pool.resetPeak()
            pass(pool, rows: 2000 + Int(random.next() % 48))
            #expect(pool.liveByteCount == 0)
            most = max(most, pool.freeByteCount)
            // A quarter more than was needed, and an eighth by which sizes are rounded up.
            #expect(Double(pool.freeByteCount) <= 1.25 * 1.125 * Double(pool.peakByteCount))
        }
        // Passes of other sizes let go of what was kept for these.
        for _ in 0..<3 {
            pool.resetPeak()
            pass(pool, rows: 40)
        }
        #expect(pool.freeByteCount < most / 20)
    }

    @Test func fewPiecesAreKeptWhereFewAreAskedFor() {
        let pool = ActivationPool(keeping: .pieces(4))
        do { _ = (1...9).map { Activation(rows: $0, columns: 100, pool: pool) } }
        #expect(pool.freeByteCount > 0 && pool.freeByteCount <= (6...9).reduce(0) { $0 + $1 * 400 })
    }
}
