import GygesKernels

/// What an adapter adds to one projection of a pass: `B (s · A x)`, `x` with some of its elements left out at random.
///
/// Inputs that are left out are zeros, and the others are divided by the share that stays (Srivastava et al. 2014), where an adapter
/// reads them and nowhere else (Hu et al. 2021, as PEFT computes it).
final class AdaptedProjection {
    private let adapter: LowRankAdapter<TapeMatrix>
    private let tape: Tape
    private let dropout: AdapterDropout?
    /// What the adapter read, as far as the gradient of `A` needs it.
    private var input: Activation?
    /// `s · A x`, as far as the gradient of `B` needs it.
    private var reduced: Activation?

    init(_ adapter: LowRankAdapter<TapeMatrix>, of tape: Tape) {
        self.adapter = adapter
        self.tape = tape
        let share = tape.options.adapterDropout
        dropout = share > 0 ? AdapterDropout(share: share, seeds: tape.dropoutSeeds, path: adapter.a.path) : nil
    }

    /// Adds the adapter's term to `output`.
    func add(to output: Activation, input: Activation) {
        var input = input
        if let dropout {
            input = input.copied(to: tape.pool)
            dropout.apply(to: input, team: tape.team)
        }
        let reduced = tape.activation(rows: input.rows, columns: adapter.a.value.rows)
        tape.load(input, for: [adapter.a.value])
        tape.multiply(input, by: adapter.a.value, into: reduced, isAdded: false)
        scale(reduced)
        tape.load(reduced, for: [adapter.b.value])
        tape.multiply(reduced, by: adapter.b.value, into: output, isAdded: true)
        if adapter.a.value.isTrained { self.input = input }
        if adapter.b.value.isTrained { self.reduced = reduced }
    }

    /// Adds the gradients of both matrices and of the input.
    func differentiate(_ dy: Activation, into slot: GradientSlot?) {
        tape.addWeightGradient(of: adapter.b, input: reduced, dy: dy)
        let dreduced = tape.activation(rows: dy.rows, columns: adapter.b.value.columns)
        tape.multiplyBack(dy, by: adapter.b.value, into: dreduced, isAdded: false)
        scale(dreduced)
        tape.addWeightGradient(of: adapter.a, input: input, dy: dreduced)
        guard let slot else { return }
        let columns = adapter.a.value.columns
        guard let dropout else {
            slot.add(in: tape.pool, rows: dy.rows, columns: columns) { dx, isAdded in
                tape.multiplyBack(dreduced, by: adapter.a.value, into: dx, isAdded: isAdded)
            }
            return
        }
        let dinput = tape.activation(rows: dy.rows, columns: columns)
        tape.multiplyBack(dreduced, by: adapter.a.value, into: dinput, isAdded: false)
        dropout.apply(to: dinput, team: tape.team)
        slot.add(dinput, in: tape.pool)
    }

    private func scale(_ x: Activation) {
        for index in x.elements.indices { x.elements[index] *= adapter.scale }
    }
}
