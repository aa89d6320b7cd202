/// A picture of the report and the same numbers as a table, for those who cannot see it or want to copy them.
protocol Figure {
    /// What stands above the table's columns.
    var headings: [String] { get }
    /// The table's rows.
    var rows: [[String]] { get }
    /// The picture; `id` is unique on the page.
    func svg(id: String, title: String) -> Markup
}

extension Figure {
    /// The numbers in a sentence, for a picture's description.
    var description: String {
        let rows = rows
        let shown = rows.prefix(12).map { row in
            zip(headings, row).map { "\($0): \($1)" }.joined(separator: ", ")
        }
        return shown.joined(separator: ". ") + (rows.count > 12 ? ". The table below has \(rows.count) rows." : ".")
    }
}
