import GygesCheckpoints
public import GygesKernels
import GygesModels
public import GygesTensors

/// The parameters of a larger model, begun with those of a smaller one: ModernBERT-large from base (Warner et al. 2024, §2.2.4; the depths as
/// Gopher's, Rae et al. 2021, appendix G.3.3).
///
/// A new layer begins as the old one at the same share of the depth. A matrix or vector lies in the middle of the new one and goes on beyond its
/// edges from its other side, so that heads stay together where half of what is added is a whole number of heads. The last norm is not
/// taken over: its gains begin as ones.
public struct GrownParameters: ParameterSource {
    /// A parameter of the smaller model.
    private struct Tile {
        var rows: Int
        var columns: Int
        var elements: [Float]
    }

    private let tiles: [ParameterPath: Tile]
    private let layers: [Int]

    /// Parameters of a model of more layers, or wider ones, or both.
    ///
    /// - Parameters:
    ///   - small: The smaller model's.
    ///   - oldLayerCount: How many layers it has.
    ///   - newLayerCount: How many the larger has.
    /// - Complexity: The memory of the smaller model.
    public init(
        from small: any ParameterTree<TapeMatrix, TapeVector>, layers oldLayerCount: Int, to newLayerCount: Int,
        team: ThreadTeam
    ) {
        layers = Self.layerMap(from: oldLayerCount, to: newLayerCount)
        tiles = Self.tiles(of: small, team)
    }

    private static func tiles(
        of tree: some ParameterTree<TapeMatrix, TapeVector>, _ team: ThreadTeam
    ) -> [ParameterPath: Tile] {
        var tiles: [ParameterPath: Tile] = [:]
        tree.forEachParameter(
            matrix: { parameter in
                tiles[parameter.path] = Tile(
                    rows: parameter.value.rows, columns: parameter.value.columns,
                    elements: parameter.value.stored(team: team).elements)
            },
            vector: { parameter in
                let elements = parameter.value.floats
                tiles[parameter.path] = Tile(rows: 1, columns: elements.count, elements: elements)
            })
        return tiles
    }

    /// For each new layer the old one that it begins as: `i · old / new`, rounded to the nearest, halves to even.
    public static func layerMap(from oldCount: Int, to newCount: Int) -> [Int] {
        (0..<newCount).map { index in
            let place = (Double(index * oldCount) / Double(newCount)).rounded(.toNearestOrEven)
            return min(oldCount - 1, Int(place))
        }
    }

    /// A matrix around a smaller one in its middle, which goes on from its other side: `new[r, c] = old[(r - top) mod rows, (c - left) mod columns]`.
    static func tiled(
        _ elements: [Float], rows: Int, columns: Int, toRows newRows: Int, columns newColumns: Int
    ) -> [Float] {
        func sources(_ old: Int, _ new: Int) -> [Int] {
            let offset = Int((Double(new - old) / 2).rounded(.down))
            return (0..<new).map { place in ((place - offset) % old + old) % old }
        }
        let columnSources = sources(columns, newColumns)
        var result: [Float] = []
        result.reserveCapacity(newRows * newColumns)
        for row in sources(rows, newRows) {
            for column in columnSources { result.append(elements[row * columns + column]) }
        }
        return result
    }

    /// The matrix of a path, around the smaller model's.
    public func matrix(_ path: ParameterPath, _ shape: MatrixShape) -> TapeMatrix {
        guard let tile = tile(path) else { return .trained(ParameterBuffer(rows: shape.rows, columns: shape.columns)) }
        let elements = Self.tiled(
            tile.elements, rows: tile.rows, columns: tile.columns, toRows: shape.rows, columns: shape.columns)
        return .trained(ParameterBuffer(elements, rows: shape.rows, columns: shape.columns))
    }

    /// The vector of a path, around the smaller model's; ones for gains that it has not, and for those of the last norm.
    public func vector(_ path: ParameterPath, _ shape: VectorShape) -> TapeVector {
        guard let tile = tile(path), path.components.first != "norm" else {
            let buffer = ParameterBuffer(rows: 1, columns: shape.count)
            if path.components.last == "weight" { buffer.elements.update(repeating: 1) }
            return .trained(buffer)
        }
        let elements = Self.tiled(tile.elements, rows: 1, columns: tile.columns, toRows: 1, columns: shape.count)
        return .trained(ParameterBuffer(elements, rows: 1, columns: shape.count))
    }

    private func tile(_ path: ParameterPath) -> Tile? {
        let parts = path.components
        guard parts.first == "layers", parts.count > 1, let layer = Int(parts[1]), layers.indices.contains(layer) else {
            return tiles[path]
        }
        return tiles[ParameterPath((["layers", "\(layers[layer])"] + parts.dropFirst(2)).joined(separator: "."))]
    }
}
