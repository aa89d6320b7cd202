import GygesAnalysis

/// What became of every answer that was to be asked for, as bars divided by state.
struct LedgerChart: Chart {
    struct Row {
        var section: StudyDocument.Section
        var tier: StudyDocument.Tier
        var ledger: Ledger
    }

    let data: [Row]

    var headings: [String] { ["Condition", "Tier", "Asked"] + states.map(\.label) }

    var rows: [[ChartValue]] {
        data.map { row in
            [.text(row.section.title), .text(row.tier.label), .count(row.ledger.asked)]
                + states.map { .count(row.ledger[$0.form]) }
        }
    }

    /// The states that occur, in their fixed order; each always has the same look.
    private var states: [Exchange.State] {
        Exchange.State.allCases.filter { state in state == .valid || data.contains { $0.ledger[state.form] > 0 } }
    }

    var picture: Drawing {
        var drawing = Drawing()
        var y = 2.0
        drawing.legend(
            states.map { state in (state.label, { self.segment($1, $2 + 1, 14, 14, state, in: &$0) }) }, at: &y)
        // The rows of a condition stand together.
        let groups = data.reduce(into: [[Row]]()) { groups, row in
            if groups.last?.first?.section.id == row.section.id {
                groups[groups.count - 1].append(row)
            } else {
                groups.append([row])
            }
        }
        let names = ConditionNames(groups.compactMap(\.first?.section))
        if !names.common.isEmpty { drawing.remark(names.common, at: &y) }
        let maximum = data.map(\.ledger.asked).max() ?? 0
        let scale = Scale(values: 0...Double(max(1, maximum)), places: 196...382)
        for (group, name) in zip(groups, names.names) {
            let lines = TextWidth.lines(name, width: 164, size: 12)
            drawing.lines(lines, 0, y + 14, "row", lineHeight: 14)
            var bottom = y + 2
            for row in group {
                // Two tiers are told apart by their marks, more by their names.
                if group.count > 2 {
                    let lines = TextWidth.lines(row.tier.label, width: 250, size: 12)
                    drawing.lines(lines, 190, bottom + 12, "note", lineHeight: 14)
                    bottom += 14 * Double(lines.count) + 2
                }
                draw(row, at: bottom, on: scale, in: &drawing)
                bottom += 19
            }
            y = max(y + 14 * Double(lines.count), bottom) + 7
        }
        y += 2
        drawing.legend(
            [
                ("told that it is trained on", { $0.mark($1 + 8, $2 + 8, isTrained: true) }),
                ("told that it is not", { $0.mark($1 + 8, $2 + 8, isTrained: false) }),
            ], at: &y)
        drawing.height = y
        return drawing
    }

    private func draw(_ row: Row, at y: Double, on scale: Scale, in drawing: inout Drawing) {
        drawing.mark(180, y + 8, isTrained: row.tier.isTrained, radius: 4)
        var done = 0
        for state in states where row.ledger[state.form] > 0 {
            let count = row.ledger[state.form]
            let (left, right) = (scale(Double(done)), scale(Double(done + count)))
            drawing.group(title: "\(row.tier.label): \(count) \(state.label)") {
                segment(left, y, right - left, 16, state, in: &$0)
                if right - left > 20 {
                    $0.text((left + right) / 2, y + 12, "\(count)", "inside \(state.rawValue)", anchor: .middle)
                }
            }
            done += count
        }
        drawing.text(drawing.width, y + 12, "\(row.ledger.valid)/\(row.ledger.asked)", "note", anchor: .end)
    }

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
            "\(row.section.title), \(row.tier.label): "
                + states.map { "\(row.ledger[$0.form]) \($0.label)" }.joined(separator: ", ")
                + " of \(row.ledger.asked)."
        }.joined(separator: " ")
    }
}
