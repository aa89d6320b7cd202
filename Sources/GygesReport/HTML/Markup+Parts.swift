/// Parts that all pages are made of.
extension Markup {
    /// A table that scrolls by itself where it is wider than the page.
    ///
    /// - Parameter isStacked: whether a narrow screen shows each row as a block, a line for every cell; otherwise the table is moved
    ///   below its first column.
    static func table(
        _ caption: String, _ headings: [(name: String, isText: Bool)], _ rows: [[Markup]], isStacked: Bool = false
    ) -> Markup {
        guard !rows.isEmpty else { return "" }
        func cells(_ tag: Markup, _ values: [Markup]) -> Markup {
            let scope: Markup = tag == "th" ? " scope=\"col\"" : ""
            return zip(headings, values).map { heading, value -> Markup in
                let kind: Markup = heading.isText ? " class=\"l\"" : ""
                let label: Markup = isStacked && tag == "td" ? " data-label=\"\(heading.name)\"" : ""
                return "<\(tag)\(kind)\(scope)\(label)>\(value)</\(tag)>"
            }.joined()
        }
        let head = cells("th", headings.map { Markup($0.name) })
        let body = rows.map { row -> Markup in "<tr>\(cells("td", row))</tr>" }.joined()
        let kind: Markup = isStacked ? " class=\"stack\"" : ""
        let title: Markup = caption.isEmpty ? "" : "<caption><span>\(caption)</span></caption>"
        return """
            <div class="scroll" tabindex="0" role="group" aria-label="\(caption.isEmpty ? "Numbers" : caption)"><table\(kind)>\(title)<thead><tr>\(head)</tr></thead>\
            <tbody>\(body)</tbody></table></div>
            """
    }

    /// Buttons by which a reader takes a chart's picture and its numbers as files; the page's script shows them.
    ///
    /// - Parameter name: the chart's name within the page and in the files' names.
    static func tools(for chart: any Chart, named name: String, caption: String) -> Markup {
        """
        <p class="tools" hidden><button type="button" data-name="\(name)" data-take="svg" \
        aria-label="SVG: save the picture “\(caption)”">SVG</button> <button type="button" \
        data-name="\(name)" data-take="csv" data-csv="\(chart.commaSeparated.joined(separator: "\n"))" \
        aria-label="CSV: save the numbers of “\(caption)”">CSV</button></p>
        """
    }
}
