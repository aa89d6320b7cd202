import CGygesKernels

/// The left side of matmuls: rows laid out in tiles, and quantised, once for all matrices that read them.
///
/// Keeps its memory from one use to the next. Belongs to one thread.
public struct Activations: ~Copyable {
    private var tiles: [ActivationKind: TileMemory] = [:]
    private(set) var rows = 0
    private(set) var columns = 0

    /// Creates room for activations.
    public init() {}

    /// Lays out `x` `[rows, columns]` in every form that matmuls with `matrices` need.
    ///
    /// - Parameter norm: What each row goes through first, a tile at a time; `nil` for nothing.
    /// - Precondition: `columns` is the number of columns of each matrix, and of the norm's gains.
    public mutating func load(
        _ x: Span<Float>, rows: Int, columns: Int, normalizedBy norm: RowNorm? = nil,
        for matrices: some Collection<PackedMatrix>, team: ThreadTeam
    ) {
        expect(x.count == rows * columns, "activations [\(rows), \(columns)] do not fit \(x.count) floats")
        expect(norm.map { $0.weight.count == columns } ?? true, "the norm does not fit \(columns) columns")
        x.withUnsafeBufferPointer { x in
            guard let x = x.baseAddress else { return }
            let source = RowSource(x: x, columns: columns, norm: norm)
            for layout in reserve(rows: rows, columns: columns, for: matrices) {
                layout.fill(from: source, team: team)
            }
        }
    }

    /// Makes room for rows in every form that matmuls with `matrices` need; whoever asked fills it.
    mutating func reserve(rows: Int, columns: Int, for matrices: some Collection<PackedMatrix>) -> [TileLayout] {
        self.rows = rows
        self.columns = columns
        return ActivationKind.allCases.compactMap { kind in
            guard matrices.contains(where: { $0.activationKind == kind }) else {
                tiles[kind]?.isCurrent = false
                return nil
            }
            let memory = tiles[kind] ?? TileMemory()
            tiles[kind] = memory
            return memory.layout(kind, rows: rows, columns: columns)
        }
    }

    /// The tiles of one form, from the first on.
    func tiles(_ kind: ActivationKind) -> UnsafePointer<UInt8>? {
        guard let memory = tiles[kind], memory.isCurrent else { return nil }
        return UnsafePointer(memory.base)
    }
}

/// What each row goes through on its way into tiles: the norms of ``rmsNorm(_:weight:epsilon:into:team:)`` and
/// ``layerNorm(_:weight:bias:epsilon:into:team:)``, with the same bits.
public enum RowNorm {
    /// Divided by the root of the mean of its squares.
    case rootMeanSquare(weight: [Float], epsilon: Float)
    /// The same after its mean was subtracted.
    case layer(weight: [Float], bias: [Float]?, epsilon: Float)

    /// The gains.
    var weight: [Float] {
        switch self {
        case .rootMeanSquare(let weight, _), .layer(let weight, _, _): weight
        }
    }

    /// Writes some rows, `weight.count` long, normed.
    func apply(
        to x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, kernels: GygesVectorKernels
    ) {
        switch self {
        case .rootMeanSquare(let weight, let epsilon):
            kernels.rms_norm(x, weight, epsilon, rows, weight.count, y)
        case .layer(let weight, let bias, let epsilon):
            if let bias {
                kernels.layer_norm(x, weight, bias, epsilon, rows, weight.count, y)
            } else {
                kernels.layer_norm(x, weight, nil, epsilon, rows, weight.count, y)
            }
        }
    }
}

/// The form of activations that a matmul reads.
enum ActivationKind: CaseIterable {
    /// Rounded to 8 bits with a scale for each 32 columns.
    case quantized32
    /// Rounded to 8 bits with a scale for each 64 columns.
    case quantized64
    case float32
    case bfloat16
    case int8

    /// The most rows in a tile.
    var tileRows: Int {
        switch self {
        case .quantized32, .quantized64: Int(GYGES_QUANTIZED_TILE_ROWS)
        case .float32, .bfloat16, .int8: Int(GYGES_FLOAT_TILE_ROWS)
        }
    }

    /// The tiles of so many rows.
    func tileCount(rows: Int) -> Int { (rows + tileRows - 1) / tileRows }

    /// The bytes of a tile of `rows` rows.
    func tileBytes(rows: Int, columns: Int) -> Int {
        switch self {
        case .quantized32, .quantized64: gyges_quantized_tile_bytes(rows, columns)
        case .float32: rows * columns * 4
        case .bfloat16: rows * ((columns + 1) / 2) * 4
        case .int8: gyges_int8_tile_bytes(rows, columns)
        }
    }

    /// The columns after which a tile can be cut: whole blocks and pairs.
    var columnMultiple: Int {
        switch self {
        case .quantized32: 32
        case .quantized64: 64
        case .float32, .bfloat16: 2
        case .int8: Int(GYGES_INT8_BLOCK)
        }
    }
}

/// The tiles of one form. Used by the owner of its `Activations` alone.
private final class TileMemory {
    // Invariant: this object's own, freed in `deinit` and where it is replaced by more; nobody uses a pointer into it after the
    // next call of `layout`.
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var isCurrent = false

    deinit { memory.deallocate() }

    var base: UnsafeMutablePointer<UInt8>? { memory.baseAddress?.assumingMemoryBound(to: UInt8.self) }

    /// Room for so many rows, to be filled; `nil` for none.
    func layout(_ kind: ActivationKind, rows: Int, columns: Int) -> TileLayout? {
        let byteCount = kind.tileCount(rows: rows) * kind.tileBytes(rows: kind.tileRows, columns: columns)
        if memory.count < byteCount {
            memory.deallocate()
            memory = allocateForStreaming(byteCount: byteCount)
        }
        isCurrent = true
        return base.map { TileLayout(base: $0, kind: kind, rows: rows, columns: columns) }
    }
}

/// Where rows go in tiles of one form. Places of different tiles or columns are disjoint.
struct TileLayout {
    // Invariant: room for all tiles of `rows` rows of `columns`, until their `TileMemory` lays out others.
    let base: UnsafeMutablePointer<UInt8>
    let kind: ActivationKind
    let rows: Int
    let columns: Int

    /// Lays out some columns of one tile.
    ///
    /// - Parameters:
    ///   - x: The tile's rows from the first of these columns on, `stride` apart.
    ///   - run: From a multiple of ``ActivationKind/columnMultiple`` to another, or to the last column.
    func layOut(
        _ x: UnsafePointer<Float>, stride: Int, tile: Int, columns run: Range<Int>, kernels: GygesMatmulKernels
    ) {
        let first = tile * kind.tileRows
        let count = min(kind.tileRows, rows - first)
        let laidOut = gyges_tile_rows(count, kind.tileRows)
        let target =
            base + tile * kind.tileBytes(rows: kind.tileRows, columns: columns)
            + kind.tileBytes(rows: laidOut, columns: run.lowerBound)
        switch kind {
        case .quantized32, .quantized64:
            kernels.quantize_tile(x, stride, count, laidOut, run.count, kind.columnMultiple, target)
        case .float32:
            target.withMemoryRebound(to: Float.self, capacity: laidOut * run.count) {
                kernels.float32_tile(x, stride, count, laidOut, run.count, $0)
            }
        case .bfloat16: kernels.bfloat16_tile(x, stride, count, laidOut, run.count, target)
        case .int8: kernels.int8_tile(x, stride, count, laidOut, run.count, target)
        }
    }

    /// Lays out all rows of a source, shared out among the threads.
    fileprivate func fill(from source: RowSource, team: ThreadTeam) {
        let kernels = team.instructionSet.kernels.pointee
        // Tiles are laid out along the columns, so that even a single one can be shared out; rows to be normed are whole.
        let runLength = source.norm == nil ? Self.columnsTogether : columns
        let runCount = (columns + runLength - 1) / runLength
        // Only addresses are shared; pieces write disjoint places.
        nonisolated(unsafe) let (layout, source) = (self, source)
        let minimum = max(1, (1 << 14) / (min(rows, 16) * columns))
        team.run(over: kind.tileCount(rows: rows) * runCount, minimum: minimum) { pieces in
            for piece in pieces {
                let tile = piece / runCount, start = piece % runCount * runLength
                let first = tile * layout.kind.tileRows
                source.withRows(first..<min(first + layout.kind.tileRows, layout.rows), kernels: kernels.vector) { x in
                    layout.layOut(
                        x + start, stride: layout.columns, tile: tile,
                        columns: start..<min(start + runLength, layout.columns), kernels: kernels.matmul)
                }
            }
        }
    }

    /// The columns of a tile that are laid out at once: whole blocks and pairs of every form.
    private static let columnsTogether = 512
}

/// Rows to be laid out, and what they go through first.
private struct RowSource {
    // Invariant: whole rows of `columns` floats, which the caller keeps valid while they are laid out.
    let x: UnsafePointer<Float>
    let columns: Int
    let norm: RowNorm?

    /// Calls `body` with the first of some rows, which lie one after another.
    func withRows(_ rows: Range<Int>, kernels: GygesVectorKernels, _ body: (UnsafePointer<Float>) -> Void) {
        let stored = x + rows.lowerBound * columns
        guard let norm else { return body(stored) }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * columns) { normed in
            guard let normed = normed.baseAddress else { return }
            norm.apply(to: stored, rows: rows.count, into: normed, kernels: kernels)
            body(normed)
        }
    }
}
