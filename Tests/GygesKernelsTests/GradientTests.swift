import GygesKernels
import GygesTestSupport
import Testing

/// Gradients of norms, gates, sums and lookups against the reference, at odd sizes on every instruction set.
@Suite struct GradientTests {
    static let lengths = [1, 3, 15, 16, 17, 31, 67, 130, 577]

    @Test(arguments: InstructionSet.supported, [false, true])
    func normsMeetTheReference(level: InstructionSet, isLayerNorm: Bool) {
        for columns in Self.lengths {
            for rows in [1, 3, 70] {
                var random = Randomness(columns + rows)
                // Away from zero, so that a mean matters.
                let x = random.floats(rows * columns, scale: 3).map { $0 + (isLayerNorm ? 2 : 0) }
                let (weight, dy) = (random.floats(columns), random.floats(rows * columns))
                let before = random.floats(rows * columns)
                let sums = random.floats(2 * columns)
                for isAdded in [false, true] {
                    let team = ThreadTeam(threadCount: isAdded ? 3 : 1, instructionSet: level)
                    let memory = NormMemory(
                        x: Memory(x), weight: Memory(weight), dy: Memory(dy),
                        dx: Memory(isAdded ? before : x.map { _ in .nan }),
                        dweight: Memory(Array(sums[..<columns])), dbias: Memory(Array(sums[columns...])))
                    memory.differentiate(isLayerNorm: isLayerNorm, isAdded: isAdded, team: team)
                    let label = "\(level) [\(rows), \(columns)]"
                    check(memory, x, weight, dy, isAdded ? before : nil, sums, isLayerNorm, label)
                }
            }
        }
    }

    private func check(
        _ memory: NormMemory, _ x: [Float], _ weight: [Float], _ dy: [Float], _ before: [Float]?, _ sums: [Float],
        _ isLayerNorm: Bool, _ label: String
    ) {
        let columns = weight.count
        var dweight = sums[..<columns].map(Double.init), dbias = sums[columns...].map(Double.init)
        var dx: [Float] = []
        for start in stride(from: 0, to: x.count, by: columns) {
            let row = x[start..<start + columns].map(Double.init), rise = dy[start..<start + columns].map(Double.init)
            let gains = weight.map(Double.init)
            let expected =
                isLayerNorm
                ? Reference.layerNormGradient(row, weight: gains, dy: rise, epsilon: 1e-3)
                : Reference.rmsNormGradient(row, weight: gains, dy: rise, epsilon: 1e-3)
            dx += expected.dx.enumerated().map { Float($1 + Double(before?[start + $0] ?? 0)) }
            for channel in 0..<columns {
                dweight[channel] += expected.dweight[channel]
                dbias[channel] += rise[channel]
            }
        }
        // Factors of up to 1/√ε = 32 stand before differences of rounded terms.
        expectClose(Array(memory.dx.elements), dx, relative: 1e-5, absolute: 5e-5, "\(label) dx")
        let rows = Float(x.count / columns)
        expectClose(
            Array(memory.dweight.elements), dweight.map { Float($0) }, relative: 1e-5, absolute: 2e-6 * rows,
            "\(label) dweight")
        guard isLayerNorm else { return }
        expectClose(
            Array(memory.dbias.elements), dbias.map { Float($0) }, relative: 1e-6, absolute: 2e-7 * rows,
            "\(label) dbias")
    }

    @Test(arguments: InstructionSet.supported)
    func gatesMeetTheReference(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for count in Self.lengths + [20_000] {
            var random = Randomness(count)
            let (gate, up, dy) = (random.floats(count, scale: 9), random.floats(count), random.floats(count))
            for activation in [GateActivation.silu, .gelu] {
                let (gates, ups, rise) = (Memory(gate), Memory(up), Memory(dy))
                // In place, as the tape computes it.
                gateGradient(
                    gates.elements, up: ups.elements, with: activation, dy: rise.elements, into: gates.elements,
                    and: ups.elements, team: team)
                let isSilu = activation == .silu
                let dgate = gate.indices.map { index in
                    let slope = isSilu ? Reference.siluDerivative(gate[index]) : Reference.geluDerivative(gate[index])
                    return Float(Double(dy[index]) * Double(up[index]) * slope)
                }
                let dup = gate.indices.map { index in
                    let value = isSilu ? Reference.silu(gate[index]) : Reference.gelu(gate[index])
                    return Float(Double(dy[index]) * value)
                }
                // 1 - sigmoid cancels, and the error function's formula is good to 1.5e-7, of which up to 9 is taken.
                expectClose(Array(gates.elements), dgate, relative: 1e-6, absolute: 2e-6, "\(level) \(activation) gate")
                expectClose(Array(ups.elements), dup, relative: 1e-6, absolute: 2e-6, "\(level) \(activation) up")
            }
        }
    }

    @Test(arguments: InstructionSet.supported)
    func sumsMeetTheReference(level: InstructionSet) {
        for columns in Self.lengths {
            for rows in [1, 32, 33, 100] {
                var random = Randomness(columns)
                let x = random.floats(rows * columns), before = random.floats(columns)
                var results: [[Float]] = []
                for threads in [1, 3] {
                    let (memory, sums) = (Memory(x), Memory(before))
                    addColumnSums(
                        memory.elements, to: sums.elements,
                        team: ThreadTeam(threadCount: threads, instructionSet: level))
                    results.append(Array(sums.elements))
                }
                #expect(results[0] == results[1])
                let expected = (0..<columns).map { column in
                    Float((0..<rows).reduce(Double(before[column])) { $0 + Double(x[$1 * columns + column]) })
                }
                expectClose(results[0], expected, relative: 1e-6, absolute: 1e-5, "\(level) [\(rows), \(columns)]")
            }
        }
    }

    @Test(arguments: InstructionSet.supported)
    func rowsAreAddedInOrder(level: InstructionSet) {
        let rows = [4, 0, 4, 2, 4]
        for columns in Self.lengths {
            var random = Randomness(columns)
            let x = random.floats(rows.count * columns), before = random.floats(5 * columns)
            let (memory, table) = (Memory(x), Memory(before))
            addRows(
                memory.elements, to: table.elements, rows: rows, team: ThreadTeam(threadCount: 3, instructionSet: level)
            )
            var expected = before
            for (index, row) in rows.enumerated() {
                for column in 0..<columns { expected[row * columns + column] += x[index * columns + column] }
            }
            #expect(Array(table.elements) == expected)
            add(
                memory.elements, times: -0.5, into: memory.elements,
                team: ThreadTeam(threadCount: 2, instructionSet: level))
            #expect(Array(memory.elements) == x.map { $0 - 0.5 * $0 })
        }
    }

    @Test(arguments: InstructionSet.supported)
    func softmaxesAreScaled(level: InstructionSet) {
        for count in Self.lengths {
            var random = Randomness(count)
            var logits = random.floats(count, scale: 10)
            logits[0] = -.infinity
            if count == 1 { logits[0] = 3 }
            let memory = Memory(logits)
            scaleToSoftmax(
                memory.elements, logSumExp: logSumExp(logits.span, instructionSet: level), weight: -2,
                instructionSet: level)
            let expected = Reference.softmax(logits.map(Double.init)).map { Float(-2 * $0) }
            // The difference to the sum, up to 20, is rounded before it is exponentiated.
            expectClose(Array(memory.elements), expected, relative: 5e-6, absolute: 1e-30, "\(level) \(count)")
        }
    }
}

/// What a norm's gradient reads and writes.
private struct NormMemory {
    let x: Memory, weight: Memory, dy: Memory, dx: Memory, dweight: Memory, dbias: Memory

    func differentiate(isLayerNorm: Bool, isAdded: Bool, team: ThreadTeam) {
        let gains = UnsafeBufferPointer(weight.elements)
        if isLayerNorm {
            layerNormGradient(
                x.elements, weight: gains, dy: dy.elements, epsilon: 1e-3, into: dx.elements, isAdded: isAdded,
                dweight: dweight.elements, dbias: dbias.elements, team: team)
        } else {
            rmsNormGradient(
                x.elements, weight: gains, dy: dy.elements, epsilon: 1e-3, into: dx.elements, isAdded: isAdded,
                dweight: dweight.elements, team: team)
        }
    }
}
