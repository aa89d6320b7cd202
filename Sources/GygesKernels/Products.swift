import CGygesKernels

/// A weight matrix and where its products go.
public struct Product {
    /// The weights `[outputs, inputs]`.
    public var matrix: PackedMatrix
    /// `[rows, outputs]`, overwritten.
    public var result: UnsafeMutableBufferPointer<Float>

    /// Creates a product; `result` stays valid and is nobody else's until it is computed.
    public init(_ matrix: PackedMatrix, into result: UnsafeMutableBufferPointer<Float>) {
        self.matrix = matrix
        self.result = result
    }
}

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
    y.withUnsafeMutableBufferPointer { multiply(x, [Product(matrix, into: $0)], team: team) }
}

/// Several matrices' products with the same rows, shared out among the threads together: the threads then wait for each
/// other once, which matters with few rows.
public func multiply(_ x: borrowing Activations, _ products: [Product], team: ThreadTeam) {
    let rows = x.rows
    guard rows > 0 else { return }
    var parts: [MatrixPart] = []
    var end = 0
    for product in products {
        let matrix = product.matrix
        guard x.columns == matrix.columns, product.result.count == rows * matrix.rows else {
            fatalError(
                "product of [\(rows), \(x.columns)] with [\(matrix.rows), \(matrix.columns)] into "
                    + "\(product.result.count) floats")
        }
        guard let tiles = x.tiles(matrix.activationKind) else {
            fatalError("activations were not loaded for this matrix")
        }
        parts.append(MatrixPart(matrix: matrix, tiles: tiles, result: product.result.baseAddress, firstPanel: end))
        // Runs of panels begin at even ones, because float kernels take two at a time.
        end += (parts[parts.count - 1].panelCount + 1) / 2 * 2
    }
    // Only base addresses are shared; parts write disjoint columns.
    nonisolated(unsafe) let shared = parts
    // Enough work in a part to be worth handing over: about 10 µs.
    let minimum = max(2, (1 << 20) / (x.columns * panelOutputs * min(rows, 16)))
    let instructionSet = team.instructionSet
    team.run(over: end, minimum: minimum, multiple: 2) { panels in
        for part in shared {
            let first = max(panels.lowerBound - part.firstPanel, 0)
            let last = min(panels.upperBound - part.firstPanel, part.panelCount)
            if first < last { part.multiply(panels: first..<last, rows: rows, instructionSet: instructionSet) }
        }
    }
}

/// One matrix of a joint product.
private struct MatrixPart {
    var matrix: PackedMatrix
    var tiles: UnsafePointer<UInt8>
    var result: UnsafeMutablePointer<Float>?
    /// The number of its first panel, counted through all matrices.
    var firstPanel: Int

    var panelCount: Int { (matrix.rows + panelOutputs - 1) / panelOutputs }

    /// Multiplies all rows by some panels.
    func multiply(panels: Range<Int>, rows: Int, instructionSet: InstructionSet) {
        let kind = matrix.activationKind
        let kernels = instructionSet.kernels.pointee.products
        let kernel =
            switch kind {
            case .quantized: kernels.quantized
            case .float32: kernels.float32
            case .bfloat16: kernels.bfloat16
            case .int8: kernels.int8
            }
        let scratchCount = kind == .float32 && matrix.format.hasBlocks ? matrix.columns * 2 * panelOutputs : 0
        withUnsafeTemporaryAllocation(of: Float.self, capacity: scratchCount) { scratch in
            var product = GygesProduct(
                format: matrix.format.code, panels: matrix.panels, outputs: matrix.rows, columns: matrix.columns,
                activations: tiles, rows: rows, panel_begin: panels.lowerBound, panel_end: panels.upperBound,
                tile_begin: 0, tile_end: (rows + kind.tileRows - 1) / kind.tileRows, y: result,
                scratch: scratch.baseAddress)
            kernel?(&product)
        }
    }
}
