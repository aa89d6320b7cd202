import CGygesKernels

/// The gradient of ``rmsNorm(_:weight:epsilon:into:team:)``.
///
/// - Parameters:
///   - x: What was normed, `[rows, weight.count]`.
///   - dy: The gradient of the result.
///   - dx: The gradient of `x`: written, or added to if `isAdded`.
///   - dweight: The gradient of the gains, added to; `nil` if it is not wanted. Rows are summed in fixed blocks, in order.
public func rmsNormGradient(
    _ x: UnsafeMutableBufferPointer<Float>, weight: UnsafeBufferPointer<Float>, dy: UnsafeMutableBufferPointer<Float>,
    epsilon: Float, into dx: UnsafeMutableBufferPointer<Float>, isAdded: Bool,
    dweight: UnsafeMutableBufferPointer<Float>?, team: ThreadTeam
) {
    let columns = weight.count
    expect(
        columns > 0 && x.count % columns == 0 && dy.count == x.count && dx.count == x.count
            && dweight.map { $0.count == columns } ?? true, "rmsNormGradient: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.gradient.rms_norm
    nonisolated(unsafe) let (x, weight, dy, dx) = (x, weight, dy, dx)
    sumOverRows(x.count / columns, columns: columns, into: [dweight], team: team) { rows, sums in
        let offset = rows.lowerBound * columns
        kernel(
            x.baseAddress! + offset, weight.baseAddress!, dy.baseAddress! + offset, epsilon, rows.count, columns,
            isAdded ? 1 : 0, dx.baseAddress! + offset, sums[0])
    }
}

/// The gradient of ``layerNorm(_:weight:bias:epsilon:into:team:)``, as ``rmsNormGradient(_:weight:dy:epsilon:into:isAdded:dweight:team:)``.
///
/// - Parameter dbias: The gradient of the bias, added to; `nil` if it is not wanted.
public func layerNormGradient(
    _ x: UnsafeMutableBufferPointer<Float>, weight: UnsafeBufferPointer<Float>, dy: UnsafeMutableBufferPointer<Float>,
    epsilon: Float, into dx: UnsafeMutableBufferPointer<Float>, isAdded: Bool,
    dweight: UnsafeMutableBufferPointer<Float>?, dbias: UnsafeMutableBufferPointer<Float>?, team: ThreadTeam
) {
    let columns = weight.count
    expect(
        columns > 0 && x.count % columns == 0 && dy.count == x.count && dx.count == x.count
            && dweight.map { $0.count == columns } ?? true && dbias.map { $0.count == columns } ?? true,
        "layerNormGradient: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.gradient.layer_norm
    nonisolated(unsafe) let (x, weight, dy, dx) = (x, weight, dy, dx)
    sumOverRows(x.count / columns, columns: columns, into: [dweight, dbias], team: team) { rows, sums in
        let offset = rows.lowerBound * columns
        kernel(
            x.baseAddress! + offset, weight.baseAddress!, dy.baseAddress! + offset, epsilon, rows.count, columns,
            isAdded ? 1 : 0, dx.baseAddress! + offset, sums[0], sums[1])
    }
}

/// Adds the sums of the columns of `x` `[rows, sums.count]` to `sums`: the gradient of a bias. Rows are summed in fixed blocks,
/// in order.
public func addColumnSums(
    _ x: UnsafeMutableBufferPointer<Float>, to sums: UnsafeMutableBufferPointer<Float>, team: ThreadTeam
) {
    let columns = sums.count
    expect(columns > 0 && x.count % columns == 0, "addColumnSums: shapes do not agree")
    let kernel = team.instructionSet.kernels.pointee.vector.add
    nonisolated(unsafe) let x = x
    sumOverRows(x.count / columns, columns: columns, into: [sums], team: team) { rows, sums in
        for row in rows { kernel(x.baseAddress! + row * columns, columns, sums[0]!) }
    }
}

/// The rows that are summed by themselves before they are added up: what makes sums over rows independent of threads.
private let rowsSummedTogether = 32

/// Calls `body` with every block of rows and zeroed memory for each wanted target, then adds these to the targets in order.
private func sumOverRows(
    _ rows: Int, columns: Int, into targets: [UnsafeMutableBufferPointer<Float>?], team: ThreadTeam,
    _ body: (Range<Int>, [UnsafeMutablePointer<Float>?]) -> Void
) {
    guard rows > 0 else { return }
    let blocks = (rows + rowsSummedTogether - 1) / rowsSummedTogether
    let add = team.instructionSet.kernels.pointee.vector.add
    team.scratch.with(byteCount: max(1, targets.count * blocks * columns * 4)) { memory in
        nonisolated(unsafe) let partial = memory.assumingMemoryBound(to: Float.self)
        nonisolated(unsafe) let targets = targets
        team.run(parts: blocks) { block in
            let sums = targets.indices.map { index -> UnsafeMutablePointer<Float>? in
                guard targets[index] != nil else { return nil }
                let sum = partial + (index * blocks + block) * columns
                sum.update(repeating: 0, count: columns)
                return sum
            }
            body(block * rowsSummedTogether..<min((block + 1) * rowsSummedTogether, rows), sums)
        }
        for (index, target) in targets.enumerated() {
            guard let target = target?.baseAddress else { continue }
            for block in 0..<blocks { add(partial + (index * blocks + block) * columns, columns, target) }
        }
    }
}
