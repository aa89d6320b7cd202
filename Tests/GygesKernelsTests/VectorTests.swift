import Foundation
import GygesKernels
import GygesTestSupport
import Testing

/// Norms, gates, rotary, softmax and sums against the reference, at odd sizes on every instruction set.
@Suite struct VectorTests {
    static let lengths = [1, 3, 15, 16, 17, 31, 64, 67, 100, 576, 1537]

    @Test(arguments: InstructionSet.supported)
    func rmsNormMeetsTheReference(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for columns in Self.lengths {
            for rows in [1, 3, 70] {
                var random = Randomness(columns + rows)
                let x = random.floats(rows * columns, scale: 20)
                let weight = random.floats(columns)
                var y = [Float](repeating: .nan, count: x.count)
                var span = y.mutableSpan
                rmsNorm(x.span, weight: weight.span, epsilon: 1e-5, into: &span, team: team)
                let expected = Reference.rmsNorm(x, weight: weight, epsilon: 1e-5)
                expectClose(y, expected, relative: 1e-6, absolute: 1e-7, "\(level) [\(rows), \(columns)]")
            }
        }
    }

    @Test(arguments: InstructionSet.supported)
    func layerNormMeetsTheReference(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for columns in Self.lengths {
            for rows in [1, 3, 70] {
                var random = Randomness(columns + rows)
                // Far from zero, so that a variance by the difference of squares would show.
                let x = random.floats(rows * columns, scale: 20).map { $0 + 500 }
                let weight = random.floats(columns), bias = random.floats(columns)
                for bias in [bias, nil] {
                    var y = [Float](repeating: .nan, count: x.count)
                    var span = y.mutableSpan
                    layerNorm(x.span, weight: weight.span, bias: bias?.span, epsilon: 1e-5, into: &span, team: team)
                    let expected = Reference.layerNorm(
                        x, weight: weight, bias: bias ?? weight.map { _ in 0 }, epsilon: 1e-5)
                    // The mean, near 500, is good to 2^-24 of that: some 3e-5 of a standard deviation of 12.
                    let absolute: Float = columns == 1 ? 1e-2 : 5e-5
                    expectClose(y, expected, relative: 1e-5, absolute: absolute, "\(level) [\(rows), \(columns)]")
                }
            }
        }
    }

    @Test(arguments: InstructionSet.supported)
    func gatesMeetTheReference(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for count in Self.lengths + [40_000] {
            var random = Randomness(count)
            let gate = random.floats(count, scale: 12)
            let up = random.floats(count)
            var silu = up, gelu = up
            var span = silu.mutableSpan
            GygesKernels.gate(gate.span, with: .silu, times: &span, team: team)
            span = gelu.mutableSpan
            GygesKernels.gate(gate.span, with: .gelu, times: &span, team: team)
            let expectedSilu = zip(gate, up).map { Float(Reference.silu($0) * Double($1)) }
            let expectedGelu = zip(gate, up).map { Float(Reference.gelu($0) * Double($1)) }
            expectClose(silu, expectedSilu, relative: 1e-6, absolute: 1e-9, "silu \(level) \(count)")
            // The error function's formula is good to 1.5e-7 of z.
            expectClose(gelu, expectedGelu, relative: 1e-6, absolute: 2e-6, "gelu \(level) \(count)")

            // An activation alone has the bits of one that gates ones.
            for activation in [GateActivation.silu, .gelu] {
                var alone = gate
                span = alone.mutableSpan
                activate(&span, activation, team: team)
                var gated = [Float](repeating: 1, count: count)
                span = gated.mutableSpan
                GygesKernels.gate(gate.span, with: activation, times: &span, team: team)
                #expect(alone == gated, "\(activation) \(level) \(count)")

                // So does one into other memory.
                var apart = [Float](repeating: .nan, count: count)
                span = apart.mutableSpan
                GygesKernels.gate(gate.span, with: activation, times: up.span, into: &span, team: team)
                #expect(apart == (activation == .silu ? silu : gelu), "\(activation) \(level) \(count)")
            }
        }
    }

    @Test(arguments: InstructionSet.supported)
    func gatesKeepTheirLimits(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        let gate: [Float] = [-1e30, -200, -88, 0, 88, 200, 1e30, .nan]
        var y = [Float](repeating: 1, count: gate.count)
        var span = y.mutableSpan
        GygesKernels.gate(gate.span, with: .silu, times: &span, team: team)
        #expect(abs(y[0]) == 0 && abs(y[1]) == 0 && y[3] == 0)
        #expect(y[4] == 88 && y[5] == 200 && y[6] == 1e30 && y[7].isNaN)
    }

    @Test(arguments: InstructionSet.supported)
    func sumsMeetTheReference(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for columns in Self.lengths {
            let rows = 3
            var random = Randomness(columns)
            var x = random.floats(rows * columns, scale: 40)
            let bias = random.floats(columns)
            let original = x
            var span = x.mutableSpan
            addBias(bias.span, into: &span, team: team)
            add(original.span, into: &span, team: team)
            #expect(x == original.indices.map { original[$0] + bias[$0 % columns] + original[$0] })

            x = original
            span = x.mutableSpan
            softmax(&span, columns: columns, team: team)
            let expected = stride(from: 0, to: x.count, by: columns).flatMap { start in
                Reference.softmax(original[start..<start + columns].map(Double.init)).map { Float($0) }
            }
            // The difference to the largest element, up to 80, is rounded before it is exponentiated.
            expectClose(x, expected, relative: 8e-6, absolute: 1e-37, "softmax \(level) \(columns)")

            let largest = original.max() ?? 0
            let sum = original.reduce(0) { $0 + exp(Double($1 - largest)) }
            let wanted = Double(largest) + log(sum)
            #expect(abs(Double(logSumExp(original.span, instructionSet: level)) - wanted) < 1e-5)
            #expect(original[argmax(original.span, instructionSet: level)] == largest)
        }
    }

    @Test(arguments: InstructionSet.supported)
    func sumsOfStrangeValues(level: InstructionSet) {
        let none: [Float] = []
        #expect(logSumExp(none.span, instructionSet: level) == -.infinity)
        let floor: [Float] = [-.infinity, -.infinity]
        #expect(logSumExp(floor.span, instructionSet: level) == -.infinity)
        let mixed: [Float] = [.nan, 2, 5, 5]
        #expect(argmax(mixed.span, instructionSet: level) == 2)
        let huge: [Float] = [1e30, -1e30]
        #expect(logSumExp(huge.span, instructionSet: level) == 1e30)
    }

    @Test(arguments: InstructionSet.supported, [RotaryLayout.halves, .pairs])
    func rotaryMeetsTheReference(level: InstructionSet, layout: RotaryLayout) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for (dimension, rotary) in [(2, 2), (20, 20), (64, 64), (80, 32), (128, 128)] {
            let rows = 5, heads = 3, offset = 4, stride = heads * dimension + 7, pairs = rotary / 2
            var random = Randomness(dimension)
            var x = random.floats(rows * stride)
            let original = x
            let angles = random.floats(rows * pairs, scale: 10)
            let cosines = angles.map { Float(cos(Double($0))) }, sines = angles.map { Float(sin(Double($0))) }
            var span = x.mutableSpan
            rotate(
                &span, rowStride: stride, headOffset: offset, headCount: heads, headDimension: dimension,
                rotaryDimension: rotary, cosines: cosines.span, sines: sines.span, layout: layout, team: team)
            var expected = original
            for row in 0..<rows {
                for head in 0..<heads {
                    for pair in 0..<pairs {
                        let start = row * stride + offset + head * dimension
                        let a = start + (layout == .halves ? pair : 2 * pair)
                        let b = layout == .halves ? a + pairs : a + 1
                        let (c, s) = (cosines[row * pairs + pair], sines[row * pairs + pair])
                        expected[a] = original[a] * c - original[b] * s
                        expected[b] = original[b] * c + original[a] * s
                    }
                }
            }
            expectClose(x, expected, absolute: 3e-7, "\(level) \(layout) \(dimension)")
        }
    }

    @Test(arguments: InstructionSet.supported)
    func fewIndicesHoldTheLargest(level: InstructionSet) {
        for (length, count) in [(1, 1), (255, 1), (256, 2), (257, 2), (5000, 20), (151_936, 40)] {
            var random = Randomness(length + count)
            var x = random.floats(length, scale: 3)
            if length > 300 { x[7] = .nan; x[299] = x[12] }
            let indices = indicesOfLargest(count, of: x.span, instructionSet: level)
            guard length > 256 * (count - 1) else {
                #expect(indices == nil, "\(count) of \(length)")
                continue
            }
            let order = x.indices.filter { !x[$0].isNaN }.sorted { (x[$0], $1) > (x[$1], $0) }
            let least = x[order[count - 1]]
            #expect(Set(order.filter { x[$0] >= least }).isSubset(of: Set(indices ?? [])))
            #expect((indices ?? []).count <= 256 * count && indices == indices?.sorted())
        }
    }
}
