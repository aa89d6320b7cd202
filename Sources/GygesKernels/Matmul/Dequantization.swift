import CGygesKernels

/// Reads rows of a stored matrix as floats, exactly as its format defines them: a table lookup.
///
/// - Parameters:
///   - bytes: The whole matrix, `columns` elements a row.
///   - rows: The rows to read, in order.
///   - y: `[rows.count, columns]`, overwritten.
/// - Precondition: Rows lie within the matrix.
public func dequantizeRows(
    _ bytes: UnsafeRawBufferPointer, format: WeightFormat, columns: Int, rows: [Int],
    into y: inout MutableSpan<Float>, team: ThreadTeam
) {
    guard let rowBytes = format.byteCount(elementCount: columns), columns > 0, let base = bytes.baseAddress else {
        fatalError("dequantizeRows: \(columns) columns are not whole blocks of \(format.rawValue)")
    }
    let rowCount = bytes.count / rowBytes
    expect(y.count == rows.count * columns, "dequantizeRows: \(y.count) floats for \(rows.count) rows")
    expect(rows.allSatisfy { $0 >= 0 && $0 < rowCount }, "dequantizeRows: row out of range")
    let source = base.assumingMemoryBound(to: UInt8.self)
    y.withUnsafeMutableBufferPointer { y in
        nonisolated(unsafe) let y = y
        team.run(over: rows.count, minimum: max(1, (1 << 13) / columns)) { part in
            for row in part {
                gyges_dequantize_row(
                    format.code, source + rows[row] * rowBytes, columns, y.baseAddress! + row * columns)
            }
        }
    }
}
