import CGygesKernels

/// What dense matmuls round their operands to. Sums are f32 either way.
public enum DensePrecision: String, Sendable, CaseIterable {
    /// Nothing.
    case float32
    /// bfloat16; processors without products of bfloat16 then compute no faster.
    case bfloat16
}

/// A matrix of floats in memory of the caller, as it lies or transposed.
public struct DenseMatrix {
    // Invariant: as many floats from here on as the shape and strides reach, which the caller keeps valid.
    let base: UnsafePointer<Float>
    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int
    let rowStride: Int
    let columnStride: Int

    /// Rows of floats one after another.
    ///
    /// - Precondition: There are `rows · columns` elements, more than none, which stay valid and unchanged while the matrix is used.
    public init(_ elements: UnsafeMutableBufferPointer<Float>, rows: Int, columns: Int) {
        guard let base = elements.baseAddress, elements.count == rows * columns else {
            fatalError("a matrix [\(rows), \(columns)] has not \(elements.count) floats")
        }
        self.init(base: base, rows: rows, columns: columns, rowStride: columns, columnStride: 1)
    }

    init(base: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, columnStride: Int) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.rowStride = rowStride
        self.columnStride = columnStride
    }

    /// Rows become columns; nothing moves.
    public var transposed: DenseMatrix {
        DenseMatrix(base: base, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
    }
}

/// The right side of a dense matmul.
public enum DenseOperand {
    /// Floats.
    case floats(DenseMatrix)
    /// Weights `[outputs, inputs]` that were packed for other matmuls, or their transpose: turned to floats a piece at a time, in
    /// the cache, and exactly as their format defines them.
    case packed(PackedMatrix, isTransposed: Bool = false)

    var rows: Int {
        switch self {
        case .floats(let matrix): matrix.rows
        case .packed(let matrix, let isTransposed): isTransposed ? matrix.columns : matrix.rows
        }
    }

    var columns: Int {
        switch self {
        case .floats(let matrix): matrix.columns
        case .packed(let matrix, let isTransposed): isTransposed ? matrix.rows : matrix.columns
        }
    }

    /// What the depth of a block is a multiple of: whole panels of weights, or whole blocks of their format.
    var depthMultiple: Int {
        guard case .packed(let matrix, isTransposed: true) = self else { return denseRight }
        return max(denseRight, matrix.layout.source.blockLength)
    }
}

/// `y[i, j] = Σ_d left[i, d] · right[d, j]`: the three matmuls of training.
///
/// With weights `W` `[outputs, inputs]`, activations `X` `[rows, inputs]` and the gradient `dY` `[rows, outputs]` these are
/// `X · Wᵀ` (forward), `dY · W` (gradient of the input) and `dYᵀ · X` (gradient of the weights).
///
/// Operands are packed a block at a time into memory that stays in the caches. A sum has a fixed order: a result depends
/// neither on other rows and columns nor on the number of threads.
/// - Parameters:
///   - y: `[left.rows, right.columns]`; overlaps neither operand.
///   - isAdded: Whether the results are added to what `y` holds, or replace it.
/// - Precondition: The shapes agree.
/// - Complexity: O(rows · depth · columns).
public func denseMatmul(
    _ left: DenseMatrix, _ right: DenseOperand, into y: UnsafeMutableBufferPointer<Float>, isAdded: Bool = false,
    precision: DensePrecision = .float32, team: ThreadTeam
) {
    guard left.columns == right.rows, y.count == left.rows * right.columns else {
        fatalError(
            "dense matmul of [\(left.rows), \(left.columns)] with [\(right.rows), \(right.columns)] into \(y.count) floats"
        )
    }
    guard let result = y.baseAddress, !y.isEmpty else { return }
    let multiplication = DenseMultiplication(
        left: left, right: right, result: result, isAdded: isAdded,
        kernels: DenseKernels(precision, team.instructionSet))
    let width = min(DenseMultiplication.columnsTogether, right.columns)
    let depth = denseDepth(of: left.columns, multiple: right.depthMultiple)
    team.scratch.with(byteCount: (width + denseRight - 1) / denseRight * denseRight * depth * 4) { memory in
        let packed = memory.assumingMemoryBound(to: Float.self)
        for first in stride(from: 0, to: right.columns, by: DenseMultiplication.columnsTogether) {
            let columns = first..<min(first + DenseMultiplication.columnsTogether, right.columns)
            for start in stride(from: 0, to: left.columns, by: depth) {
                let depth = start..<min(start + depth, left.columns)
                multiplication.packRight(depth: depth, columns: columns, into: packed, team: team)
                multiplication.multiply(depth: depth, columns: columns, right: packed, team: team)
            }
        }
    }
}

/// The most depth of a block: a few left panels and half a right one stay in the first two caches. Every further block passes over
/// the results once more.
private let mostDenseDepth = 384

/// The depth of a sum's blocks: the fewest of one length, which is a multiple.
private func denseDepth(of sum: Int, multiple: Int) -> Int {
    let most = max(multiple, mostDenseDepth / multiple * multiple)
    let blocks = max(1, (sum + most - 1) / most)
    return ((sum + blocks - 1) / blocks + multiple - 1) / multiple * multiple
}

/// The kernels of a precision.
struct DenseKernels {
    private let all: GygesDenseKernels
    private let precision: DensePrecision
    /// Whether two numbers share the place of one.
    private let isPaired: Bool

    init(_ precision: DensePrecision, _ instructionSet: InstructionSet) {
        all = instructionSet.kernels.pointee.dense
        self.precision = precision
        isPaired = precision == .bfloat16 && instructionSet == .avx512
    }

    /// Where an even depth of a panel begins, in floats for each item.
    func place(ofDepth depth: Int) -> Int { isPaired ? depth / 2 : depth }

    /// Lays out items by depth; `x[item · itemStride + depth · depthStride]`.
    func pack(
        _ x: UnsafePointer<Float>, itemStride: Int, depthStride: Int, items: Int, depth: Int, width: Int,
        into packed: UnsafeMutablePointer<Float>, panelStride: Int
    ) {
        var pack = GygesDensePack(
            x: x, item_stride: itemStride, depth_stride: depthStride, items: items, depth: depth, width: width,
            packed: packed, panel_stride: panelStride)
        if precision == .float32 { all.pack(&pack) } else { all.pack_bfloat16(&pack) }
    }

    /// Multiplies a block of packed operands.
    func multiply(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, rows: Int, columns: Int, depth: Int,
        into y: UnsafeMutablePointer<Float>, stride: Int, adds: Bool
    ) {
        var block = GygesDenseBlock(
            left: left, right: right, rows: rows, columns: columns, depth: depth, y: y, stride: stride,
            adds: adds ? 1 : 0)
        if precision == .float32 { all.multiply(&block) } else { all.multiply_bfloat16(&block) }
    }

    /// Some inputs of a packed panel as floats `[columns][16]`.
    func floats(
        of matrix: PackedMatrix, panel: Int, columns: Range<Int>, into floats: UnsafeMutablePointer<Float>
    ) {
        all.panel_floats(
            matrix.format.code, matrix.panels + panel * matrix.layout.panelByteCount, matrix.columns,
            columns.lowerBound, columns.upperBound, floats)
    }
}

/// The rows of a left panel and the columns of a right one.
let (denseLeft, denseRight) = (Int(GYGES_DENSE_LEFT), Int(GYGES_DENSE_RIGHT))

/// One matmul, block by block.
private struct DenseMultiplication {
    // Only addresses; threads write disjoint places of the result.
    nonisolated(unsafe) let left: DenseMatrix
    nonisolated(unsafe) let right: DenseOperand
    nonisolated(unsafe) let result: UnsafeMutablePointer<Float>
    let isAdded: Bool
    let kernels: DenseKernels

    /// The columns of a block, 3 MiB with the most depth: what threads share in the last-level cache. Whole blocks of every format.
    static let columnsTogether = 2048
    /// The most left panels that are packed at once: 144 KiB of the second-level cache.
    private static let panelsTogether = 8

    /// Lays out a block of the right operand.
    func packRight(
        depth: Range<Int>, columns: Range<Int>, into packed: UnsafeMutablePointer<Float>, team: ThreadTeam
    ) {
        nonisolated(unsafe) let packed = packed
        let panelStride = denseRight * depth.count
        switch right {
        case .floats(let matrix):
            nonisolated(unsafe) let matrix = matrix
            team.run(over: columns.count, minimum: 64, multiple: denseRight) { part in
                let first = columns.lowerBound + part.lowerBound
                kernels.pack(
                    matrix.base + first * matrix.columnStride + depth.lowerBound * matrix.rowStride,
                    itemStride: matrix.columnStride, depthStride: matrix.rowStride, items: part.count,
                    depth: depth.count, width: denseRight, into: packed + part.lowerBound / denseRight * panelStride,
                    panelStride: panelStride)
            }
        case .packed(let matrix, let isTransposed):
            let multiple = isTransposed ? denseRight : max(denseRight, matrix.layout.source.blockLength)
            team.run(over: columns.count, minimum: multiple, multiple: multiple) { part in
                let columns = columns.lowerBound + part.lowerBound..<columns.lowerBound + part.upperBound
                let target = packed + part.lowerBound / denseRight * panelStride
                if isTransposed {
                    packOutputs(columns, of: matrix, depth: depth, into: target)
                } else {
                    packInputs(columns, of: matrix, depth: depth, into: target)
                }
            }
        }
    }

    /// Lays out weights whose inputs are columns; a panel of outputs is some of the depth.
    private func packInputs(
        _ columns: Range<Int>, of matrix: PackedMatrix, depth: Range<Int>, into packed: UnsafeMutablePointer<Float>
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: columns.count * panelOutputs) { floats in
            guard let floats = floats.baseAddress else { return }
            for start in stride(from: depth.lowerBound, to: depth.upperBound, by: panelOutputs) {
                kernels.floats(of: matrix, panel: start / panelOutputs, columns: columns, into: floats)
                kernels.pack(
                    floats, itemStride: panelOutputs, depthStride: 1, items: columns.count,
                    depth: min(panelOutputs, depth.upperBound - start), width: denseRight,
                    into: packed + kernels.place(ofDepth: start - depth.lowerBound) * denseRight,
                    panelStride: denseRight * depth.count)
            }
        }
    }

    /// Lays out weights whose outputs are columns; two panels of outputs are a right panel.
    private func packOutputs(
        _ columns: Range<Int>, of matrix: PackedMatrix, depth: Range<Int>, into packed: UnsafeMutablePointer<Float>
    ) {
        let depthCount = depth.count
        withUnsafeTemporaryAllocation(of: Float.self, capacity: (denseRight + panelOutputs) * depthCount) { memory in
            guard let both = memory.baseAddress else { return }
            let one = both + denseRight * depthCount
            for first in stride(from: columns.lowerBound, to: columns.upperBound, by: denseRight) {
                let items = min(denseRight, columns.upperBound - first)
                for half in stride(from: 0, to: items, by: panelOutputs) {
                    kernels.floats(of: matrix, panel: (first + half) / panelOutputs, columns: depth, into: one)
                    for place in 0..<depthCount {
                        (both + place * denseRight + half).update(from: one + place * panelOutputs, count: panelOutputs)
                    }
                }
                kernels.pack(
                    both, itemStride: 1, depthStride: denseRight, items: items, depth: depthCount, width: denseRight,
                    into: packed + (first - columns.lowerBound) * depthCount, panelStride: denseRight * depthCount)
            }
        }
    }

    /// Multiplies all rows by a block of the right operand.
    func multiply(
        depth: Range<Int>, columns: Range<Int>, right: UnsafePointer<Float>, team: ThreadTeam
    ) {
        // As many parts for each thread, of whole panels: threads end together.
        let leftPanels = (left.rows + denseLeft - 1) / denseLeft
        let blocks = (leftPanels + Self.panelsTogether - 1) / Self.panelsTogether
        let rowParts = min(leftPanels, (blocks + team.threadCount - 1) / team.threadCount * team.threadCount)
        let panels = (columns.count + denseRight - 1) / denseRight
        // Few rows are shared out by columns as well, some panels each.
        let cuts = min(max(1, panels / 4), max(1, 4 * team.threadCount / rowParts))
        nonisolated(unsafe) let right = right
        team.run(parts: rowParts * cuts) { part in
            let block = part / cuts, cut = part % cuts
            let row = block * leftPanels / rowParts * denseLeft
            let rows = min((block + 1) * leftPanels / rowParts * denseLeft, left.rows) - row
            let some = (cut * panels / cuts * denseRight)..<min((cut + 1) * panels / cuts * denseRight, columns.count)
            let capacity = (rows + denseLeft - 1) / denseLeft * denseLeft * depth.count
            withUnsafeTemporaryAllocation(byteCount: capacity * 4, alignment: 64) { memory in
                guard let packed = memory.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
                kernels.pack(
                    left.base + row * left.rowStride + depth.lowerBound * left.columnStride,
                    itemStride: left.rowStride, depthStride: left.columnStride, items: rows, depth: depth.count,
                    width: denseLeft, into: packed, panelStride: denseLeft * depth.count)
                kernels.multiply(
                    packed, right + some.lowerBound * depth.count, rows: rows, columns: some.count,
                    depth: depth.count,
                    into: result + row * self.right.columns + columns.lowerBound + some.lowerBound,
                    stride: self.right.columns, adds: isAdded || depth.lowerBound > 0)
            }
        }
    }
}
