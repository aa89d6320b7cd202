import GygesAnalysis

/// What became of every answer that was to be asked for, as bars divided by state.
struct LedgerChart: Chart {
    struct Row {
        var group: String
        var label: String
        var ledger: Ledger
    }

    let data: [Row]

    var headings: [String] { ["Condition", "Tier", "Asked"] + states.map(\.label) }

    var rows: [[ChartValue]] {
        data.map { row in
            [.text(row.group), .text(row.label), .count(row.ledger.asked)]
                + states.map { .count(row.ledger[$0.form]) }
        }
    }

    /// The states that occur, in their fixed order; each always has the same look.
    private var states: [Exchange.State] {
        Exchange.State.allCases.filter { state in state == .valid || data.contains { $0.ledger[state.form] > 0 } }
    }

    func svg(id: String, title: String) -> Markup {
        let (headingHeight, rowHeight) = (26.0, 24.0)
        let headings = data.indices.count { isFirstOfGroup($0) }
        let bottom = 34 + Double(headings) * headingHeight + Double(data.count) * rowHeight
        var drawing = Drawing(width: 560, height: bottom + 6)
        var x = 0.0
        for state in states {
            segment(x, 6, 14, 14, state, in: &drawing)
            drawing.text(x + 19, 17, state.label, "tick")
            x += 36 + 6.2 * Double(state.label.count)
        }
        let maximum = data.map(\.ledger.asked).max() ?? 0
        let scale = Scale(values: 0...Double(max(1, maximum)), places: 200...500)
        var y = 28.0
        for (index, row) in data.enumerated() {
            if isFirstOfGroup(index) {
                drawing.text(0, y + 17, row.group, "heading")
                y += headingHeight
            }
            drawing.text(192, y + 16, Drawing.shortened(row.label, to: 28), "label", anchor: .end)
            var done = 0
            for state in states where row.ledger[state.form] > 0 {
                let count = row.ledger[state.form]
                let (left, right) = (scale(Double(done)), scale(Double(done + count)))
                drawing.group(title: "\(row.label): \(count) \(state.label)") {
                    segment(left, y + 4, right - left, 16, state, in: &$0)
                    if right - left > 20 {
                        $0.text((left + right) / 2, y + 16, "\(count)", "inside \(state.rawValue)", anchor: .middle)
                    }
                }
                done += count
            }
            drawing.text(560, y + 16, "\(row.ledger.valid)/\(row.ledger.asked)", "note", anchor: .end)
            y += rowHeight
        }
        return drawing.svg(id: id, title: title, description: description)
    }

    private func isFirstOfGroup(_ index: Int) -> Bool { index == 0 || data[index - 1].group != data[index].group }

    /// A piece of a bar: filled, and with stripes that tell states apart without colour.
    private func segment(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ state: Exchange.State,
        in drawing: inout Drawing
    ) {
        drawing.rectangle(x, y, width, height, "state \(state.rawValue)")
        let slope: Double? =
            switch state {
            case .truncated: 1
            case .missingScratchpad: 0
            case .missingOutput: -1
            default: nil
            }
        guard let slope else { return }
        var offset = 4.0
        while offset < width {
            let shift = slope * min(height, 6)
            let (from, to) = (x + offset, x + offset + shift)
            if to > x, to < x + width { drawing.line(from, y + height, to, y, "stripe") }
            offset += 6
        }
    }

    var description: String {
        data.map { row in
            "\(row.group), \(row.label): "
                + states.map { "\(row.ledger[$0.form]) \($0.label)" }.joined(separator: ", ")
                + " of \(row.ledger.asked)."
        }.joined(separator: " ")
    }
}
