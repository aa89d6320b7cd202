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
        self.rows = rows
        self.columns = columns
        for kind in ActivationKind.allCases {
            guard matrices.contains(where: { $0.activationKind == kind }) else {
                tiles[kind]?.isCurrent = false
                continue
            }
            let tile = tiles[kind] ?? TileMemory()
            tiles[kind] = tile
            tile.fill(x, kind: kind, rows: rows, columns: columns, team: team)
        }
    }

    /// The tiles of one form, from the first on.
    func tiles(_ kind: ActivationKind) -> UnsafePointer<UInt8>? {
        guard let memory = tiles[kind], memory.isCurrent else { return nil }
        return UnsafePointer(memory.base)
    }
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
        }
    }
}

/// The tiles of one form. Used by the owner of its `Activations` alone.
private final class TileMemory {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var isCurrent = false

    deinit { memory.deallocate() }

    var base: UnsafeMutablePointer<UInt8>? { memory.baseAddress?.assumingMemoryBound(to: UInt8.self) }

    func fill(_ x: Span<Float>, kind: ActivationKind, rows: Int, columns: Int, team: ThreadTeam) {
        let tileCount = (rows + kind.tileRows - 1) / kind.tileRows
        let tileBytes = kind.tileBytes(rows: kind.tileRows, columns: columns)
        if memory.count < tileCount * tileBytes {
            memory.deallocate()
            memory = allocateForStreaming(byteCount: tileCount * tileBytes)
        }
        isCurrent = true
        guard let base else { return }
        let kernels = team.instructionSet.kernels.pointee.products
        x.withUnsafeBufferPointer { x in
            guard let x = x.baseAddress else { return }
            team.run(over: tileCount, minimum: max(1, (1 << 14) / (kind.tileRows * columns))) { tiles in
                for tile in tiles {
                    let first = tile * kind.tileRows
                    let count = min(kind.tileRows, rows - first)
                    let laidOut = gyges_tile_rows(count, kind.tileRows)
                    let target = base + tile * tileBytes
                    switch kind {
                    case .quantized:
                        kernels.quantize_tile(x + first * columns, count, laidOut, columns, target)
                    case .float32:
                        target.withMemoryRebound(to: Float.self, capacity: laidOut * columns) {
                            kernels.float32_tile(x + first * columns, count, laidOut, columns, $0)
                        }
                    case .bfloat16:
                        kernels.bfloat16_tile(x + first * columns, count, laidOut, columns, target)
                    }
                }
            }
        }
    }
}
