import CGygesKernels

/// Root-mean-square normalisation of each row: `y = x / √(mean(x²) + ε) · weight` (Zhang & Sennrich 2019).
///
/// - Parameters:
///   - x: `[rows, weight.count]`.
///   - y: As `x`, overwritten.
public func rmsNorm(
    _ x: Span<Float>, weight: Span<Float>, epsilon: Float, into y: inout MutableSpan<Float>, team: ThreadTeam
) {
    let columns = weight.count
    expect(columns > 0 && x.count % columns == 0 && y.count == x.count, "rmsNorm: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.vector.rms_norm
    weight.withUnsafeBufferPointer { weight in
        withPointers(x, &y) { x, y in
            team.run(over: x.count / columns, minimum: max(1, (1 << 15) / columns)) { rows in
                let offset = rows.lowerBound * columns
                kernel(
                    x.baseAddress! + offset, weight.baseAddress!, epsilon, rows.count, columns, y.baseAddress! + offset)
            }
        }
    }
}

/// Layer normalisation of each row: `y = (x - mean(x)) / √(variance(x) + ε) · weight + bias` (Ba et al. 2016).
///
/// - Parameters:
///   - x: `[rows, weight.count]`.
///   - bias: As many as `weight`; `nil` for none.
///   - y: As `x`, overwritten.
public func layerNorm(
    _ x: Span<Float>, weight: Span<Float>, bias: Span<Float>?, epsilon: Float, into y: inout MutableSpan<Float>,
    team: ThreadTeam
) {
    let columns = weight.count
    expect(columns > 0 && x.count % columns == 0 && y.count == x.count, "layerNorm: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.vector.layer_norm
    func run(_ bias: UnsafeBufferPointer<Float>?) {
        expect(bias.map { $0.count == columns } ?? true, "layerNorm: the bias does not fit the weight")
        weight.withUnsafeBufferPointer { weight in
            withPointers(x, &y) { x, y in
                team.run(over: x.count / columns, minimum: max(1, (1 << 15) / columns)) { rows in
                    let offset = rows.lowerBound * columns
                    kernel(
                        x.baseAddress! + offset, weight.baseAddress!, bias?.baseAddress, epsilon, rows.count, columns,
                        y.baseAddress! + offset)
                }
            }
        }
    }
    if let bias { bias.withUnsafeBufferPointer { run($0) } } else { run(nil) }
}

/// The activation function of a layer, elementwise and in place.
public func activate(_ x: inout MutableSpan<Float>, _ activation: GateActivation, team: ThreadTeam) {
    let vector = team.instructionSet.kernels.pointee.vector
    let kernel =
        switch activation {
        case .silu: vector.silu
        case .gelu: vector.gelu
        }
    x.withUnsafeMutableBufferPointer { x in
        nonisolated(unsafe) let x = x
        team.run(over: x.count, minimum: 1 << 13, multiple: 16) { run in
            kernel(x.baseAddress! + run.lowerBound, run.count)
        }
    }
}

/// `y = activation(x) · y`, elementwise; both of one length.
public func gate(
    _ x: Span<Float>, with activation: GateActivation, times y: inout MutableSpan<Float>, team: ThreadTeam
) {
    expect(x.count == y.count, "gate: lengths do not agree")
    let kernel = activation.gating(team.instructionSet.kernels.pointee.vector)
    withPointers(x, &y) { x, y in
        team.run(over: x.count, minimum: 1 << 13, multiple: 16) { run in
            let offset = run.lowerBound
            kernel(x.baseAddress! + offset, y.baseAddress! + offset, run.count, y.baseAddress! + offset)
        }
    }
}

/// `z = activation(x) · y`, elementwise; all of one length. The bits are those of ``gate(_:with:times:team:)``.
public func gate(
    _ x: Span<Float>, with activation: GateActivation, times y: Span<Float>, into z: inout MutableSpan<Float>,
    team: ThreadTeam
) {
    expect(x.count == y.count && x.count == z.count, "gate: lengths do not agree")
    let kernel = activation.gating(team.instructionSet.kernels.pointee.vector)
    y.withUnsafeBufferPointer { y in
        nonisolated(unsafe) let y = y
        withPointers(x, &z) { x, z in
            team.run(over: x.count, minimum: 1 << 13, multiple: 16) { run in
                let offset = run.lowerBound
                kernel(x.baseAddress! + offset, y.baseAddress! + offset, run.count, z.baseAddress! + offset)
            }
        }
    }
}

extension GateActivation {
    /// The kernel that activates its first run of floats, multiplies it by the second and writes to the third, which may be
    /// either.
    func gating(_ kernels: GygesVectorKernels) -> (
        @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        switch self {
        case .silu: kernels.silu_gate
        case .gelu: kernels.gelu_gate
        }
    }
}

/// `y += x`, elementwise; both of one length.
public func add(_ x: Span<Float>, into y: inout MutableSpan<Float>, team: ThreadTeam) {
    expect(x.count == y.count, "add: lengths do not agree")
    let kernel = team.instructionSet.kernels.pointee.vector.add
    withPointers(x, &y) { x, y in
        team.run(over: x.count, minimum: 1 << 15, multiple: 16) { run in
            kernel(x.baseAddress! + run.lowerBound, run.count, y.baseAddress! + run.lowerBound)
        }
    }
}

/// Adds `bias` to each row of `y` `[rows, bias.count]`.
public func addBias(_ bias: Span<Float>, into y: inout MutableSpan<Float>, team: ThreadTeam) {
    let columns = bias.count
    expect(columns > 0 && y.count % columns == 0, "addBias: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.vector.add
    withPointers(bias, &y) { bias, y in
        team.run(over: y.count / columns, minimum: max(1, (1 << 15) / columns)) { rows in
            for row in rows { kernel(bias.baseAddress!, columns, y.baseAddress! + row * columns) }
        }
    }
}

/// Turns each row of `x` `[rows, columns]` into `exp(x - max) / Σ exp(x - max)`.
public func softmax(_ x: inout MutableSpan<Float>, columns: Int, team: ThreadTeam) {
    expect(columns > 0 && x.count % columns == 0, "softmax: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.vector.softmax
    x.withUnsafeMutableBufferPointer { x in
        nonisolated(unsafe) let x = x
        team.run(over: x.count / columns, minimum: max(1, (1 << 13) / columns)) { rows in
            kernel(x.baseAddress! + rows.lowerBound * columns, rows.count, columns)
        }
    }
}

/// Turns one row into `exp(x - max) / Σ exp(x - max)` on the caller's thread.
public func softmax(_ x: inout MutableSpan<Float>, instructionSet: InstructionSet = .current) {
    let kernel = instructionSet.kernels.pointee.vector.softmax
    x.withUnsafeMutableBufferPointer { x in
        if let base = x.baseAddress { kernel(base, 1, x.count) }
    }
}

/// `log Σ exp(x)` without overflow, summed in double across runs of 256; -infinity for no elements.
public func logSumExp(_ x: Span<Float>, instructionSet: InstructionSet = .current) -> Float {
    let kernels = instructionSet.kernels.pointee.vector
    return x.withUnsafeBufferPointer { x in
        guard let base = x.baseAddress, !x.isEmpty else { return -.infinity }
        let shift = kernels.maximum(base, x.count)
        guard shift.isFinite else { return shift }
        return Float(Double(shift) + logarithm(kernels.exp_sum(base, x.count, shift)))
    }
}

/// The index of the largest element, the first of equals; NaN never wins.
///
/// - Precondition: `x` is not empty.
public func argmax(_ x: Span<Float>, instructionSet: InstructionSet = .current) -> Int {
    let kernels = instructionSet.kernels.pointee.vector
    return x.withUnsafeBufferPointer { x in
        guard let base = x.baseAddress, !x.isEmpty else { fatalError("argmax of nothing") }
        let largest = kernels.maximum(base, x.count)
        return x.firstIndex { $0 == largest } ?? 0
    }
}

/// The indices, in order, of few elements among which are the `count` largest and all equal to the smallest of these; `nil` if
/// `count` is too large for a short list.
///
/// The `count`-th largest of the maxima of short runs is a value that at least `count` elements reach.
/// - Complexity: O(elements), at the speed of reading them.
public func indicesOfLargest(
    _ count: Int, of x: Span<Float>, instructionSet: InstructionSet = .current
) -> [Int]? {
    let runLength = 256
    let maximum = instructionSet.kernels.pointee.vector.maximum
    return x.withUnsafeBufferPointer { x -> [Int]? in
        guard let base = x.baseAddress else { return [] }
        let starts = stride(from: 0, to: x.count, by: runLength)
        var maxima: [Float] = []
        for start in starts { maxima.append(maximum(base + start, min(runLength, x.count - start))) }
        guard count > 0, count <= maxima.count else { return nil }
        let threshold = maxima.sorted(by: >)[count - 1]
        var indices: [Int] = []
        for (start, largest) in zip(starts, maxima) where largest >= threshold {
            for index in start..<min(start + runLength, x.count) where x[index] >= threshold { indices.append(index) }
        }
        return indices
    }
}

// MARK: - Shared by the functions of this room

/// Stops the program with a message: wrong shapes are a programmer's error, not a file's or a request's.
@inline(__always)
func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fatalError(message()) }
}

/// The memory of two spans, to be shared among threads that write disjoint places of the second; `body` is not called where
/// either is empty, so that base addresses are there.
func withPointers(
    _ x: Span<Float>, _ y: inout MutableSpan<Float>,
    _ body: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void
) {
    x.withUnsafeBufferPointer { x in
        y.withUnsafeMutableBufferPointer { y in
            if x.baseAddress != nil, y.baseAddress != nil { body(x, y) }
        }
    }
}
