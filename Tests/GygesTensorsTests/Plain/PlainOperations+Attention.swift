import Foundation
import GygesKernels
import GygesTensors

/// The keys and values of a plain interpreter's earlier passes: sequences in the order of the batch.
final class PlainCache: AttentionCache {
    final class Layer {
        /// For each sequence, its keys (rotated) and values by position.
        var keys: [[[Double]]] = []
        var values: [[[Double]]] = []
    }

    private var layers: [Int: Layer] = [:]

    func layer(_ index: Int) -> Layer {
        if let layer = layers[index] { return layer }
        let layer = Layer()
        layers[index] = layer
        return layer
    }
}

extension PlainOperations {
    func attention(
        queries: consuming Value, keys: consuming Value, values: consuming Value, in batch: PackedBatch,
        cache: PlainCache.Layer?, shape: AttentionShape, encoding: PositionEncoding?
    ) -> Value {
        let (queries, keys, values) = (take(queries), take(keys), take(values))
        let memory = cache ?? PlainCache.Layer()
        let d = shape.headDimension
        var output: [[Double]] = []
        for (number, sequence) in batch.sequences.enumerated() {
            if memory.keys.count <= number {
                memory.keys.append([])
                memory.values.append([])
            }
            let place = encoding.map { sequence.encoding ?? $0 }
            let table = place?.table
            let scale = Double(place?.temperature ?? 1) / Double(d).squareRoot()
            for row in sequence.rows {
                let position = sequence.firstPosition + row - sequence.rows.lowerBound
                precondition(memory.keys[number].count == position)
                memory.keys[number].append(rotated(keys[row], at: position, by: table))
                memory.values[number].append(values[row])
                let query = rotated(queries[row], at: position, by: table)
                output.append(
                    (0..<shape.headCount).flatMap { head -> [Double] in
                        let group = head / (shape.headCount / shape.keyValueHeadCount)
                        return attended(
                            Array(query[head * d..<(head + 1) * d]),
                            keys: memory.keys[number].map { Array($0[group * d..<(group + 1) * d]) },
                            values: memory.values[number].map { Array($0[group * d..<(group + 1) * d]) }, scale: scale)
                    })
            }
        }
        return made(rows: output, columns: queries.columns)
    }

    func bidirectionalAttention(
        queries: consuming Value, at rows: [Int]?, keys: consuming Value, values: consuming Value,
        in batch: PackedBatch, as attention: EncoderAttention
    ) -> Value {
        let (queries, keys, values) = (take(queries), take(keys), take(values))
        let d = attention.table.headDimension
        let output = (rows ?? Array(0..<batch.rowCount)).enumerated().map { index, row -> [Double] in
            guard let sequence = batch.sequences.first(where: { $0.rows.contains(row) }) else { return [] }
            let position = row - sequence.rows.lowerBound
            let query = rotated(queries[index], at: position, by: attention.table)
            let seen = (0..<(sequence.attendedCount ?? sequence.rows.count)).filter {
                abs($0 - position) <= attention.windowRadius ?? .max
            }
            return (0..<attention.headCount).flatMap { head -> [Double] in
                let channels = head * d..<(head + 1) * d
                return attended(
                    Array(query[channels]),
                    keys: seen.map {
                        Array(rotated(keys[sequence.rows.lowerBound + $0], at: $0, by: attention.table)[channels])
                    },
                    values: seen.map { Array(values[sequence.rows.lowerBound + $0][channels]) },
                    scale: 1 / Double(d).squareRoot())
            }
        }
        return made(rows: output, columns: queries.columns)
    }

    private func attended(_ query: [Double], keys: [[Double]], values: [[Double]], scale: Double) -> [Double] {
        let weights = softmax(keys.map { key in zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } * scale })
        return query.indices.map { channel in
            zip(weights, values).reduce(0) { $0 + $1.0 * $1.1[channel] }
        }
    }

    /// Every head of a row, rotated by the angles of a position.
    private func rotated(_ row: [Double], at position: Int, by table: RotaryTable?) -> [Double] {
        guard let table else { return row }
        var row = row
        let pairs = table.frequencies.count
        for start in stride(from: 0, to: row.count, by: table.headDimension) {
            for (pair, frequency) in table.frequencies.enumerated() {
                let (i, j) = table.layout == .halves ? (pair, pair + pairs) : (2 * pair, 2 * pair + 1)
                let angle = Float(position) * frequency
                let (cosine, sine) = (Double(cosf(angle) * table.magnitude), Double(sinf(angle) * table.magnitude))
                let (a, b) = (row[start + i], row[start + j])
                row[start + i] = a * cosine - b * sine
                row[start + j] = b * cosine + a * sine
            }
        }
        return row
    }
}
