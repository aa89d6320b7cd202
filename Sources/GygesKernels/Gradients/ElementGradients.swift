import CGygesKernels

/// The gradient of ``gate(_:with:times:team:)``'s `y = activation(gate) · up`, elementwise.
///
/// - Parameters:
///   - dy: The gradient of the result.
///   - dgate: The gradient of `gate`, overwritten; may be `gate`'s own memory.
///   - dup: The gradient of `up`, overwritten; may be `up`'s own memory.
public func gateGradient(
    _ gate: UnsafeMutableBufferPointer<Float>, up: UnsafeMutableBufferPointer<Float>, with activation: GateActivation,
    dy: UnsafeMutableBufferPointer<Float>, into dgate: UnsafeMutableBufferPointer<Float>,
    and dup: UnsafeMutableBufferPointer<Float>, team: ThreadTeam
) {
    expect(
        up.count == gate.count && dy.count == gate.count && dgate.count == gate.count && dup.count == gate.count,
        "gateGradient: lengths do not agree")
    let kernels = team.instructionSet.kernels.pointee.gradient
    let kernel =
        switch activation {
        case .silu: kernels.silu_gate
        case .gelu: kernels.gelu_gate
        }
    guard let gate = gate.baseAddress, let up = up.baseAddress, let rise = dy.baseAddress,
        let dgate = dgate.baseAddress, let dup = dup.baseAddress
    else { return }
    nonisolated(unsafe) let pointers = (gate, up, rise, dgate, dup)
    team.run(over: dy.count, minimum: 1 << 13, multiple: 16) { run in
        let (gate, up, rise, dgate, dup) = pointers
        let first = run.lowerBound
        kernel(gate + first, up + first, rise + first, run.count, dgate + first, dup + first)
    }
}

/// `y += factor · x`, elementwise; both of one length.
public func add(
    _ x: UnsafeMutableBufferPointer<Float>, times factor: Float, into y: UnsafeMutableBufferPointer<Float>,
    team: ThreadTeam
) {
    expect(x.count == y.count, "add: lengths do not agree")
    let kernel = team.instructionSet.kernels.pointee.gradient.add_scaled
    nonisolated(unsafe) let (x, y) = (x, y)
    team.run(over: x.count, minimum: 1 << 15, multiple: 16) { run in
        kernel(x.baseAddress! + run.lowerBound, run.count, factor, y.baseAddress! + run.lowerBound)
    }
}

/// Turns a row of logits into `weight` times their softmax: the gradient of `weight · logSumExp`, of which losses take what
/// they are about.
///
/// - Parameter logSumExp: Of the row.
public func scaleToSoftmax(
    _ x: UnsafeMutableBufferPointer<Float>, logSumExp: Float, weight: Float, instructionSet: InstructionSet = .current
) {
    guard let base = x.baseAddress else { return }
    guard weight != 0 else { return x.update(repeating: 0) }
    // The weight goes into the exponent: once over the row instead of twice.
    let shift = logSumExp - logarithm(abs(weight))
    _ = instructionSet.kernels.pointee.gradient.exponentials(base, x.count, 1, shift)
    if weight < 0 { for index in x.indices { x[index] = -x[index] } }
}

/// Adds rows of `x` to rows of `y`, one after another: the gradient of a lookup.
///
/// - Parameters:
///   - x: `[rows.count, columns]`.
///   - rows: For each row of `x` the row of `y` that it adds to; a row may occur more than once.
///   - y: As many columns.
/// - Precondition: Rows lie within `y`.
public func addRows(
    _ x: UnsafeMutableBufferPointer<Float>, to y: UnsafeMutableBufferPointer<Float>, rows: [Int], team: ThreadTeam
) {
    guard let first = x.baseAddress, let target = y.baseAddress, !rows.isEmpty else { return }
    let columns = x.count / rows.count
    expect(
        columns * rows.count == x.count && rows.allSatisfy { $0 >= 0 && ($0 + 1) * columns <= y.count },
        "addRows: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.vector.add
    nonisolated(unsafe) let (source, sum) = (first, target)
    // Threads take columns, so that every sum has the order of the rows.
    team.run(over: columns, minimum: max(16, (1 << 15) / rows.count), multiple: 16) { part in
        for (index, row) in rows.enumerated() {
            kernel(
                source + index * columns + part.lowerBound, part.count, sum + row * columns + part.lowerBound)
        }
    }
}
