import CGygesKernels

/// The left side of products: rows laid out in tiles, and quantised, once for all matrices that read them.
///
/// Keeps its memory from one use to the next. Belongs to one thread.
public struct Activations: ~Copyable {
    private var tiles: [ActivationKind: TileMemory] = [:]
    private(set) var rows = 0
    private(set) var columns = 0

    /// Creates room for activations.
    public init() {}

    /// Lays out `x` `[rows, columns]` in every form that products with `matrices` need.
    ///
    /// - Precondition: `columns` is the number of columns of each matrix.
    public mutating func load(
        _ x: Span<Float>, rows: Int, columns: Int, for matrices: some Collection<PackedMatrix>, team: ThreadTeam
    ) {
        guard x.count == rows * columns else {
            fatalError("activations [\(rows), \(columns)] do not fit \(x.count) floats")
        }
        x.withUnsafeBufferPointer { x in
            guard let x = x.baseAddress else { return }
            load(.stored(x), rows: rows, columns: columns, for: matrices, team: team)
        }
    }

    /// Lays out `activation(gate) · up`, both `[rows, columns]`, without writing it to memory first: a tile of it at a time.
    ///
    /// - Precondition: As for ``load(_:rows:columns:for:team:)``.
    public mutating func load(
        gate: Span<Float>, up: Span<Float>, activation: GateActivation, rows: Int, columns: Int,
        for matrices: some Collection<PackedMatrix>, team: ThreadTeam
    ) {
        guard gate.count == rows * columns, up.count == gate.count else {
            fatalError("activations [\(rows), \(columns)] do not fit \(gate.count) and \(up.count) floats")
        }
        let vector = team.instructionSet.kernels.pointee.vector
        let kernel =
            switch activation {
            case .silu: vector.silu_gate
            case .gelu: vector.gelu_gate
            }
        up.withUnsafeBufferPointer { up in
            gate.withUnsafeBufferPointer { gate in
                guard let gate = gate.baseAddress, let up = up.baseAddress, let kernel else { return }
                load(.gated(gate, up, kernel), rows: rows, columns: columns, for: matrices, team: team)
            }
        }
    }

    private mutating func load(
        _ source: RowSource, rows: Int, columns: Int, for matrices: some Collection<PackedMatrix>, team: ThreadTeam
    ) {
        self.rows = rows
        self.columns = columns
        for kind in ActivationKind.allCases {
            guard matrices.contains(where: { $0.activationKind == kind }) else {
                tiles[kind]?.isCurrent = false
                continue
            }
            let tile = tiles[kind] ?? TileMemory()
            tiles[kind] = tile
            tile.fill(source, kind: kind, rows: rows, columns: columns, team: team)
        }
    }

    /// The tiles of one form, from the first on.
    func tiles(_ kind: ActivationKind) -> UnsafePointer<UInt8>? {
        guard let memory = tiles[kind], memory.isCurrent else { return nil }
        return UnsafePointer(memory.base)
    }
}

/// The activation of a gated linear unit.
public enum GateActivation: Sendable, Equatable {
    /// `z · sigmoid(z)`: Qwen2.5's and Llama's.
    case silu
    /// `z · Φ(z)` with the exact error function: ModernBERT's.
    case gelu
}

extension ActivationKind {
    /// The most rows in a tile.
    var tileRows: Int { Int(self == .quantized ? GYGES_QUANTIZED_TILE_ROWS : GYGES_FLOAT_TILE_ROWS) }

    /// The bytes of a tile of `rows` rows.
    func tileBytes(rows: Int, columns: Int) -> Int {
        switch self {
        case .quantized: gyges_quantized_tile_bytes(rows, columns)
        case .float32: rows * columns * 4
        case .bfloat16: rows * ((columns + 1) / 2) * 4
        case .int8: gyges_int8_tile_bytes(rows, columns)
        }
    }
}

/// The tiles of one form. Used by the owner of its `Activations` alone.
private final class TileMemory {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var isCurrent = false

    deinit { memory.deallocate() }

    var base: UnsafeMutablePointer<UInt8>? { memory.baseAddress?.assumingMemoryBound(to: UInt8.self) }

    func fill(_ source: RowSource, kind: ActivationKind, rows: Int, columns: Int, team: ThreadTeam) {
        let tileCount = (rows + kind.tileRows - 1) / kind.tileRows
        let tileBytes = kind.tileBytes(rows: kind.tileRows, columns: columns)
        if memory.count < tileCount * tileBytes {
            memory.deallocate()
            memory = allocateForStreaming(byteCount: tileCount * tileBytes)
        }
        isCurrent = true
        guard let base else { return }
        let kernels = team.instructionSet.kernels.pointee.products
        // Tiles are laid out along the columns, so that even a single one can be shared out. Where scales
        // follow all codes, rows are laid out whole.
        let runLength = kind == .int8 ? columns : Self.columnsTogether
        let runCount = (columns + runLength - 1) / runLength
        team.run(over: tileCount * runCount, minimum: max(1, (1 << 14) / (min(rows, 16) * columns))) { pieces in
            for piece in pieces {
                let first = piece / runCount * kind.tileRows
                let count = min(kind.tileRows, rows - first)
                let laidOut = gyges_tile_rows(count, kind.tileRows)
                let start = piece % runCount * runLength
                let run = start..<min(start + runLength, columns)
                let offset = start == 0 ? 0 : kind.tileBytes(rows: laidOut, columns: start)
                let target = base + piece / runCount * tileBytes + offset
                source.withRows(first..<(first + count), of: columns, in: run) { x, stride in
                    switch kind {
                    case .quantized:
                        kernels.quantize_tile(x, stride, count, laidOut, run.count, target)
                    case .float32:
                        target.withMemoryRebound(to: Float.self, capacity: laidOut * run.count) {
                            kernels.float32_tile(x, stride, count, laidOut, run.count, $0)
                        }
                    case .bfloat16:
                        kernels.bfloat16_tile(x, stride, count, laidOut, run.count, target)
                    case .int8:
                        kernels.int8_tile(x, stride, count, laidOut, run.count, target)
                    }
                }
            }
        }
    }

    /// The columns of a tile that are laid out at once: whole blocks and pairs, and few enough that what a gate made of
    /// them is still near.
    private static let columnsTogether = 512
}

/// Where the rows that are laid out come from.
private enum RowSource {
    case stored(UnsafePointer<Float>)
    case gated(
        UnsafePointer<Float>, UnsafePointer<Float>,
        @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int, UnsafeMutablePointer<Float>?) -> Void)

    /// Calls `body` with some columns of some rows, which have `columns`, and how far apart the rows are.
    func withRows(
        _ rows: Range<Int>, of columns: Int, in run: Range<Int>,
        _ body: (_ x: UnsafePointer<Float>, _ stride: Int) -> Void
    ) {
        switch self {
        case .stored(let x): body(x + rows.lowerBound * columns + run.lowerBound, columns)
        case .gated(let gate, let up, let kernel):
            withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * run.count) { gated in
                guard let gated = gated.baseAddress else { return }
                for (place, row) in rows.enumerated() {
                    let offset = row * columns + run.lowerBound
                    kernel(gate + offset, up + offset, run.count, gated + place * run.count)
                }
                body(gated, run.count)
            }
        }
    }
}
