import GygesKernels

/// One line of the table: a kernel at one shape.
struct KernelBenchmark {
    /// The kernel and its shape, for readers and `--filter`.
    var name: String
    /// What the kernel's multiplications can reach at most; `nil` for kernels that are not about multiplying.
    var peak: Peak?
    /// Makes everything ready: memory that is only needed for this line is only held during it.
    var prepare: (ThreadTeam) -> PreparedKernel
}

/// A kernel whose operands are in memory.
struct PreparedKernel {
    /// Multiplications and additions of one call.
    var operations: Double
    /// Bytes that one call has to read, and for elementwise kernels write.
    var bytes: Double
    /// Whether calls find those bytes outside of the caches, because they go round through more memory than caches hold.
    var isStreamed = false
    /// The call; the argument counts calls, so that each can take the next of several copies of its operands.
    var call: (Int) -> Void
}

/// What was measured.
struct KernelResult: Codable {
    var name: String
    var threads: Int
    /// Seconds of one call, in the middle of the rounds.
    var seconds: Double
    var operationsPerSecond: Double?
    /// The median over the rounds of this kernel's rate over the peak's measured just before and after.
    var fractionOfPeak: Double?
    var peak: Peak?
    var bytesPerSecond: Double
    /// The same for reading memory; only where the operands come from memory.
    var fractionOfMemorySpeed: Double?
}

extension KernelBenchmark {
    /// Every line of the table.
    static var all: [KernelBenchmark] { allProducts + allTraining + allAttention + allBidirectional + allElementwise }

    /// Measures the kernel and its limits in turn, so that a slow phase of the machine hits both.
    ///
    /// - Parameters:
    ///   - rounds: Alternations; each takes about three milliseconds of the kernel, or one call if that takes longer.
    func measure(rounds: Int, probe: MemoryProbe, team: ThreadTeam) -> KernelResult {
        let kernel = prepare(team)
        var calls = 0
        func run(_ count: Int) -> Double {
            defer { calls += count }
            return seconds { for call in calls..<calls + count { kernel.call(call) } } / Double(count)
        }
        // The first touches memory, the second tells how many calls fill a round.
        _ = run(1)
        let count = max(1, min(10_000, Int(3e-3 / max(run(1), 1e-7))))
        var times: [Double] = []
        var peaks: [Double] = []
        var speeds: [Double] = []
        func measureLimits() {
            if let rate = peak?.measure(team: team) { peaks.append(rate) }
            if kernel.isStreamed { speeds.append(probe.measure(team: team)) }
        }
        measureLimits()
        for _ in 0..<rounds {
            times.append(run(count))
            measureLimits()
        }
        /// The median of what is reached of a limit that was measured before and after each round.
        func fraction(_ amount: Double, of limits: [Double]) -> Double? {
            guard limits.count == times.count + 1 else { return nil }
            return median(times.indices.map { amount / times[$0] / ((limits[$0] + limits[$0 + 1]) / 2) })
        }
        let time = median(times)
        return KernelResult(
            name: name, threads: team.threadCount, seconds: time,
            operationsPerSecond: peak.map { _ in kernel.operations / time },
            fractionOfPeak: fraction(kernel.operations, of: peaks), peak: peak, bytesPerSecond: kernel.bytes / time,
            fractionOfMemorySpeed: fraction(kernel.bytes, of: speeds))
    }
}
