import GygesKernels
import GygesTestSupport
import Testing

/// Optimizer kernels against steps in double precision, at odd sizes on every instruction set.
@Suite struct OptimizerTests {
    static let lengths = [1, 3, 7, 8, 9, 16, 31, 100, 1537]

    /// A step of Adam as the papers write it.
    private static func reference(
        _ step: AdamStep, _ x: Float, gradient: Float, first: Double, second: Double
    ) -> (x: Double, first: Double, second: Double) {
        let g = Double(gradient) * Double(step.gradientScale)
        let m = first + Double(step.firstShare) * (g - first)
        let v = Double(step.secondDecay) * second + Double(step.secondShare) * g * g
        let root = v.squareRoot() * Double(step.rootScale) + Double(step.epsilon)
        return (Double(x) * Double(step.decay) - Double(step.rate) * m / root, m, v)
    }

    private static var step: AdamStep {
        var step = AdamStep(beta1: 0.9, beta2: 0.98, rate: 0.02, epsilon: 1e-6)
        step.gradientScale = 0.3
        step.decay = 0.99
        step.rootScale = 1.7
        return step
    }

    @Test(arguments: InstructionSet.supported)
    func adamMeetsTheReference(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        let step = Self.step
        for count in Self.lengths {
            var random = Randomness(count)
            var x = random.floats(count), first = random.floats(count)
            var second = random.floats(count).map { $0 * $0 }
            let gradient = random.floats(count, scale: 4)
            let expected = (0..<count).map {
                Self.reference(
                    step, x[$0], gradient: gradient[$0], first: Double(first[$0]), second: Double(second[$0]))
            }
            let ratio = zip(gradient, expected).reduce(0.0) {
                let g = Double($1.0) * Double(step.gradientScale)
                return $0 + g * g / max($1.1.second, Double(step.epsilon) * Double(step.epsilon))
            }
            let actual = adamRatio(step, gradient: gradient.span, second: second.span.bytes, team: team)
            #expect(abs(actual - ratio) <= 1e-6 * ratio, "ratio \(level) \(count)")
            update(step, &x, gradient, &first, &second, team)
            // Each is a handful of roundings of numbers up to 2; the quotient of moments adds some of its own.
            expectClose(x, expected.map { Float($0.x) }, relative: 1e-6, absolute: 3e-7, "x \(level) \(count)")
            expectClose(first, expected.map { Float($0.first) }, absolute: 2e-7, "m \(level) \(count)")
            expectClose(second, expected.map { Float($0.second) }, relative: 3e-7, absolute: 0, "v \(level) \(count)")
        }
    }

    @Test(arguments: InstructionSet.supported)
    func ratiosOfVanishingGradientsAreBounded(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        var step = Self.step
        step.gradientScale = 1
        step.secondShare = 1
        let zeros = [Float](repeating: 0, count: 5)
        // g² / max(g², epsilon²): gradients of epsilon and more count 1, smaller ones less, and none 0.
        let gradient: [Float] = [0, 1e-9, 1e-6, 1, -1e9]
        let ratio = adamRatio(step, gradient: gradient.span, second: zeros.span.bytes, team: team)
        #expect(abs(ratio - 3.000001) < 1e-6)
        #expect(adamRatio(step, gradient: zeros.span, second: zeros.span.bytes, team: team) == 0)
        let broken: [Float] = [1, .nan, 1, 1, 1]
        #expect(adamRatio(step, gradient: broken.span, second: zeros.span.bytes, team: team).isNaN)
    }

    @Test(arguments: InstructionSet.supported, [false, true])
    func descentMeetsTheReference(level: InstructionSet, looksAhead: Bool) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for count in Self.lengths {
            for momentum: Float in [0, 0.9] where momentum > 0 || !looksAhead {
                var step = DescentStep(rate: 0.1)
                (step.gradientScale, step.penalty, step.decay) = (0.5, 0.2, 0.98)
                (step.momentum, step.looksAhead) = (momentum, looksAhead)
                var random = Randomness(count)
                var x = random.floats(count), velocity = random.floats(momentum > 0 ? count : 0)
                let gradient = random.floats(count)
                var wantedX: [Float] = [], wantedVelocity: [Float] = []
                for index in 0..<count {
                    let g = Double(gradient[index]) * 0.5 + Double(step.penalty) * Double(x[index])
                    let b = momentum > 0 ? Double(momentum) * Double(velocity[index]) + g : g
                    let change = looksAhead ? g + Double(momentum) * b : b
                    wantedX.append(Float(Double(x[index]) * Double(step.decay) - Double(step.rate) * change))
                    if momentum > 0 { wantedVelocity.append(Float(b)) }
                }
                var values = x.mutableSpan, memory = velocity.mutableSpan
                var bytes = memory.mutableBytes
                descend(step, of: &values, gradient: gradient.span, velocity: &bytes, team: team)
                expectClose(x, wantedX, absolute: 3e-7, "x \(level) \(count)")
                expectClose(velocity, wantedVelocity, absolute: 3e-7, "b \(level) \(count)")
            }
        }
    }

    /// Moments in bfloat16 are one of the two neighbours, the nearer one as much oftener as it is nearer.
    @Test(arguments: InstructionSet.supported)
    func shortMomentsAreRoundedByChance(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        var step = AdamStep(beta1: 0.9, beta2: 0.999, rate: 0.01, epsilon: 1e-8)
        step.format = .bf16
        step.key = 7
        let count = 100_003
        var x = [Float](repeating: 1, count: count)
        var first = [UInt16](repeating: Self.bfloat16(1), count: count), second = first
        let gradient = [Float](repeating: 1.01, count: count)
        update(step, &x, gradient, &first, &second, team)
        for (moments, wanted) in [(first, 1.001), (second, 0.999 + 0.001 * 1.01 * 1.01)] {
            let values = moments.map(Self.double)
            #expect(Set(values) == [1, 1.0078125], "\(level)")
            let mean = values.reduce(0, +) / Double(count)
            // Four standard deviations of a mean of so many draws of 0 or 1/128.
            #expect(abs(mean - wanted) < 4 * 0.5 / 128 / Double(count).squareRoot(), "\(level) \(mean) \(wanted)")
        }
        // First and second moments of an element are rounded independently of one another and of their neighbours.
        let ups = zip(first, second).filter { $0 == $1 && $0 != Self.bfloat16(1) }.count
        #expect(ups < count / 500, "\(level)")
        let runs = zip(first, first.dropFirst()).filter { $0 == $1 && $0 != Self.bfloat16(1) }.count
        #expect(abs(Double(runs) - 0.128 * 0.128 * Double(count)) < 300, "\(level) \(runs)")
    }

    /// Changes of less than half a unit in the last place add up, which rounding to nearest would lose.
    @Test(arguments: InstructionSet.supported)
    func shortMomentsForget(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        let count = 4001
        var x = [Float](repeating: 1, count: count)
        var first = [UInt16](repeating: 0, count: count)
        var second = [UInt16](repeating: Self.bfloat16(1), count: count)
        let gradient = [Float](repeating: 0, count: count)
        for number in 0..<693 {
            var step = AdamStep(beta1: 0.9, beta2: 0.999, rate: 0.01, epsilon: 1e-8)
            step.format = .bf16
            step.key = UInt32(number) &* 2_654_435_761
            update(step, &x, gradient, &first, &second, team)
        }
        let mean = second.map(Self.double).reduce(0, +) / Double(count)
        #expect(abs(mean - 0.5) < 0.005, "\(level) \(mean)")
    }

    @Test(arguments: InstructionSet.supported)
    func numbersThatAreNoneStaySo(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        var step = AdamStep(beta1: 0, beta2: 0, rate: 0.01, epsilon: 1e-8)
        step.format = .bf16
        var x: [Float] = [1, 1, 1]
        var first: [UInt16] = [0, 0, 0], second = first
        update(step, &x, [.nan, .infinity, 1e30], &first, &second, team)
        #expect(Self.double(first[0]).isNaN && Self.double(first[1]) == .infinity)
        #expect(Self.double(second[0]).isNaN && Self.double(second[2]) == .infinity)
    }

    @Test(arguments: InstructionSet.supported)
    func threadsChangeNoBit(level: InstructionSet) {
        let count = 300_007
        var random = Randomness(3)
        let start = random.floats(count), gradient = random.floats(count)
        for format in MomentFormat.allCases {
            var results: [[Float]] = [], sums: [Double] = [], moments: [[UInt8]] = []
            for threads in [1, 2, 5] {
                let team = ThreadTeam(threadCount: threads, instructionSet: level)
                var step = Self.step
                step.format = format
                step.key = 99
                var x = start
                var first = [UInt8](repeating: 0, count: count * format.byteCount), second = first
                for _ in 0..<3 { update(step, &x, gradient, &first, &second, team) }
                results.append(x)
                moments.append(first + second)
                sums.append(adamRatio(step, gradient: gradient.span, second: second.span.bytes, team: team))
                sums.append(sumOfSquares(gradient.span, team: team))
            }
            #expect(results[0] == results[1] && results[0] == results[2], "\(level) \(format)")
            #expect(moments[0] == moments[1] && moments[0] == moments[2], "\(level) \(format)")
            #expect(sums[0] == sums[2] && sums[0] == sums[4] && sums[1] == sums[3] && sums[1] == sums[5])
        }
    }

    @Test(arguments: InstructionSet.supported)
    func squaresAreSummedInDouble(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for count in Self.lengths + [200_001] {
            var random = Randomness(count)
            let x = random.floats(count, scale: 3)
            let wanted = x.reduce(0.0) { $0 + Double($1) * Double($1) }
            // The plain loop's own rounding: 2⁻⁵³ a term at most.
            #expect(abs(sumOfSquares(x.span, team: team) - wanted) <= 2.3e-11 * wanted, "\(level) \(count)")
        }
        let extremes: [Float] = [1e30, 1e-30, 0]
        #expect(abs(sumOfSquares(extremes.span, team: team) / 1e60 - 1) < 1e-6)
        let tiny: [Float] = [1e-30]
        #expect(sumOfSquares(tiny.span, team: team) > 0)
        let broken: [Float] = [1, .infinity]
        #expect(!sumOfSquares(broken.span, team: team).isFinite)
        let none: [Float] = []
        #expect(sumOfSquares(none.span, team: team) == 0)
    }

    private func update<Moment: BitwiseCopyable>(
        _ step: AdamStep, _ x: inout [Float], _ gradient: [Float], _ first: inout [Moment], _ second: inout [Moment],
        _ team: ThreadTeam
    ) {
        var values = x.mutableSpan, one = first.mutableSpan, two = second.mutableSpan
        var firstBytes = one.mutableBytes, secondBytes = two.mutableBytes
        adam(step, of: &values, gradient: gradient.span, first: &firstBytes, second: &secondBytes, team: team)
    }

    private static func bfloat16(_ value: Float) -> UInt16 { UInt16(truncatingIfNeeded: value.bitPattern >> 16) }
    private static func double(_ bits: UInt16) -> Double { Double(Float(bitPattern: UInt32(bits) << 16)) }
}
