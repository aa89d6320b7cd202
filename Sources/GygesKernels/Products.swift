import CGygesKernels

/// `y[m, n] = Σ_k x[m, k] · w[n, k]`: every loaded row times the transpose of `matrix`.
///
/// A result depends only on its own row: the number of rows and of threads changes no bit.
/// - Parameters:
///   - x: Activations loaded for this matrix.
///   - y: `[rows, matrix.rows]`, overwritten.
/// - Precondition: The columns agree and `y` has the right length.
public func multiply(
    _ x: borrowing Activations, by matrix: PackedMatrix, into y: inout MutableSpan<Float>, team: ThreadTeam
) {
    let rows = x.rows
    guard x.columns == matrix.columns, y.count == rows * matrix.rows else {
        fatalError(
            "product of [\(rows), \(x.columns)] with [\(matrix.rows), \(matrix.columns)] into \(y.count) floats")
    }
    guard rows > 0 else { return }
    guard let tiles = x.tiles(matrix.activationKind) else { fatalError("activations were not loaded for this matrix") }
    let kind = matrix.activationKind
    let kernels = team.instructionSet.kernels.pointee.products
    let multiplyPart =
        switch kind {
        case .quantized: kernels.quantized
        case .float32: kernels.float32
        case .bfloat16: kernels.bfloat16
        }
    let scratchCount = kind == .float32 && matrix.format.isQuantized ? matrix.columns * 2 * panelOutputs : 0

    y.withUnsafeMutableBufferPointer { y in
        // Only the base address is shared; parts write disjoint columns.
        nonisolated(unsafe) let target = y.baseAddress
        let panelCount = (matrix.rows + panelOutputs - 1) / panelOutputs
        // Enough work in a part to be worth handing over: about 10 µs.
        let minimum = max(2, (1 << 20) / (matrix.columns * panelOutputs * min(rows, 16)))
        team.run(over: panelCount, minimum: minimum, multiple: 2) { panels in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: scratchCount) { scratch in
                var product = GygesProduct(
                    format: matrix.format.code, panels: matrix.panels, outputs: matrix.rows, columns: matrix.columns,
                    activations: tiles, rows: rows, panel_begin: panels.lowerBound, panel_end: panels.upperBound,
                    tile_begin: 0, tile_end: (rows + kind.tileRows - 1) / kind.tileRows, y: target,
                    scratch: scratch.baseAddress)
                multiplyPart?(&product)
            }
        }
    }
}
