import GygesFiles

/// A picture of the report and the same numbers as a table: for those who cannot see it, and for those who want to go on with them.
protocol Chart: Sendable {
    /// What stands above the table's columns.
    var headings: [String] { get }
    /// The table's rows; in a column, all have values of one kind.
    var rows: [[ChartValue]] { get }
    /// The picture.
    var picture: Drawing { get }
    /// The picture in words, for those who cannot see it.
    var description: String { get }
}

extension Chart {
    var description: String { rowsInWords }

    /// The picture as part of a page, where `id` is unique.
    func svg(id: String, title: String) -> Markup { picture.svg(id: id, title: title, description: description) }

    /// The numbers in sentences.
    var rowsInWords: String {
        let rows = rows
        let shown = rows.prefix(12).map { row in
            zip(headings, row).map { "\($0): \($1.shown)" }.joined(separator: ", ")
        }
        return shown.joined(separator: ". ") + (rows.count > 12 ? ". The table below has \(rows.count) rows." : ".")
    }

    /// The numbers as lines of comma-separated values, in full precision; shares and differences of shares as fractions of 1.
    var commaSeparated: [String] {
        let rows = rows
        let kinds = rows.first ?? headings.map { _ in .text("") }
        let columns = zip(headings, kinds).flatMap { $1.columns($0) }
        return ([columns] + rows.map { $0.flatMap(\.fields) }).map(CommaSeparatedTable.fields)
    }
}
