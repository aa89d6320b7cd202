/// Text in columns as wide as their widest cell.
struct Table {
    /// Where the text of a column stands.
    enum Alignment { case left, right }

    private let alignments: [Alignment]
    private var rows: [[String]]
    private let minimumWidths: [Int]

    /// Creates a table with a row of headings.
    ///
    /// - Parameter minimumWidths: How wide the first columns are at least: for rows that are printed before all are known.
    init(_ columns: [(heading: String, alignment: Alignment)], minimumWidths: [Int] = []) {
        alignments = columns.map(\.alignment)
        self.minimumWidths = minimumWidths
        rows = [columns.map(\.heading)]
    }

    /// Adds a row with a cell for each column.
    mutating func append(_ cells: [String]) { rows.append(cells) }

    /// The lines, without spaces at their ends.
    var text: String { lines.joined(separator: "\n") }

    /// The line of the last row, as wide as the rows so far ask for.
    var lastLine: String { lines.last ?? "" }

    private var lines: [String] {
        let widths = alignments.indices.map { column in
            max(column < minimumWidths.count ? minimumWidths[column] : 0, rows.map { $0[column].count }.max() ?? 0)
        }
        return rows.map { row in
            let cells = alignments.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + padding : padding + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }
    }
}
