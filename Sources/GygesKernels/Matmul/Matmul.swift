import CGygesKernels

/// A weight matrix and where its matmul with activations goes.
public struct Matmul {
    /// The weights `[outputs, inputs]`.
    public var matrix: PackedMatrix
    /// `[rows, outputs]`
    public var result: UnsafeMutableBufferPointer<Float>
    /// Whether the results are added to what `result` holds, or replace it.
    public var isAdded: Bool

    /// Creates a matmul; `result` stays valid and is nobody else's until it is computed.
    public init(
        _ matrix: PackedMatrix, into result: UnsafeMutableBufferPointer<Float>, isAdded: Bool = false
    ) {
        self.matrix = matrix
        self.result = result
        self.isAdded = isAdded
    }
}

/// `y[m, n] = Σ_k x[m, k] · w[n, k]`: every loaded row times the transpose of `matrix`.
///
/// A result depends only on its own row: the number of rows and of threads changes no bit.
/// - Parameters:
///   - x: Activations loaded for this matrix.
///   - y: `[rows, matrix.rows]`, overwritten.
/// - Precondition: The columns agree and `y` has the right length.
public func matmul(
    _ x: borrowing Activations, by matrix: PackedMatrix, into y: inout MutableSpan<Float>, team: ThreadTeam
) {
    y.withUnsafeMutableBufferPointer { matmul(x, [Matmul(matrix, into: $0)], team: team) }
}

/// Several matrices' matmuls with the same rows, shared out among the threads together: the threads then wait for each
/// other once, which matters with few rows.
public func matmul(_ x: borrowing Activations, _ matmuls: [Matmul], team: ThreadTeam) {
    let rows = x.rows
    guard rows > 0 else { return }
    var parts: [MatrixPart] = []
    var end = 0
    for matmul in matmuls {
        let matrix = matmul.matrix
        guard x.columns == matrix.columns, matmul.result.count == rows * matrix.rows else {
            fatalError(
                "matmul of [\(rows), \(x.columns)] with [\(matrix.rows), \(matrix.columns)] into "
                    + "\(matmul.result.count) floats")
        }
        guard let tiles = x.tiles(matrix.activationKind) else {
            fatalError("activations were not loaded for this matrix")
        }
        var destination = matmul.result.count >= streamedResults ? GYGES_STREAM : GYGES_STORE
        if matmul.isAdded { destination = GYGES_ADD }
        parts.append(
            MatrixPart(
                matrix: matrix, tiles: tiles, result: matmul.result.baseAddress, destination: destination,
                firstPanel: end))
        // Runs of panels begin at even ones, because float kernels take two at a time.
        end += (matrix.panelCount + 1) / 2 * 2
    }
    // Only base addresses are shared; parts write disjoint columns.
    nonisolated(unsafe) let shared = parts
    let instructionSet = team.instructionSet
    team.run(over: end, minimum: minimumPanels(columns: x.columns, rows: rows), multiple: 2) { panels in
        for part in shared {
            let first = max(panels.lowerBound - part.firstPanel, 0)
            let last = min(panels.upperBound - part.firstPanel, part.matrix.panelCount)
            if first < last { part.matmul(panels: first..<last, rows: rows, instructionSet: instructionSet) }
        }
    }
}

/// As many results stay in no second-level cache until they are read: storing them past the caches need not read the lines
/// first (7 % of a prompt of 512).
private let streamedResults = 1 << 19

/// Enough panels to be worth handing over to a thread: about 10 µs of work.
func minimumPanels(columns: Int, rows: Int) -> Int { max(2, (1 << 20) / (columns * panelOutputs * min(rows, 16))) }

/// One matrix of a joint matmul.
private struct MatrixPart {
    var matrix: PackedMatrix
    var tiles: UnsafePointer<UInt8>
    var result: UnsafeMutablePointer<Float>?
    var destination: GygesDestination
    /// The number of its first panel, counted through all matrices.
    var firstPanel: Int

    /// Multiplies all rows by some panels.
    func matmul(panels: Range<Int>, rows: Int, instructionSet: InstructionSet) {
        guard let result else { return }
        matrix.matmul(
            tiles, rows: rows, tiles: 0..<matrix.activationKind.tileCount(rows: rows), panels: panels,
            into: result + panels.lowerBound * panelOutputs, stride: matrix.rows, destination: destination,
            instructionSet: instructionSet)
    }
}

extension PackedMatrix {
    /// Multiplies some tiles of activations by some panels.
    ///
    /// - Parameters:
    ///   - activations: The tiles of `rows` rows, from the first on.
    ///   - y: Where the results of the first tile's first row and the first panel's first output go; rows are `stride` apart.
    func matmul(
        _ activations: UnsafePointer<UInt8>, rows: Int, tiles: Range<Int>, panels: Range<Int>,
        into y: UnsafeMutablePointer<Float>, stride: Int, destination: GygesDestination, instructionSet: InstructionSet
    ) {
        let kernels = instructionSet.kernels.pointee.matmul
        let kernel =
            switch activationKind {
            case .quantized32, .quantized64: kernels.quantized
            case .float32: kernels.float32
            case .bfloat16: kernels.bfloat16
            case .int8: kernels.int8
            }
        let scratchCount = activationKind == .float32 && format.hasBlocks ? columns * 2 * panelOutputs : 0
        withUnsafeTemporaryAllocation(of: Float.self, capacity: scratchCount) { scratch in
            var matmul = GygesMatmul(
                format: format.code, panels: self.panels, outputs: self.rows, columns: columns,
                activations: activations, rows: rows, panel_begin: panels.lowerBound, panel_end: panels.upperBound,
                tile_begin: tiles.lowerBound, tile_end: tiles.upperBound, y: y, stride: stride,
                destination: destination, scratch: scratch.baseAddress)
            kernel(&matmul)
        }
    }
}
