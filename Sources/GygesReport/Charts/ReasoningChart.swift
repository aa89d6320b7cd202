import GygesAnalysis

/// Kinds of reasoning tier by tier, each divided by whether the answer complied: solid above if it did, hatched below if not.
struct ReasoningChart: Chart {
    struct Row {
        var group: String
        var label: String
        var isTrained: Bool
        var counts: [StudyAnalysis.ReasoningKind]
    }

    let data: [Row]

    private var kinds: [StudyAnalysis.ReasoningKind.Name] {
        StudyAnalysis.ReasoningKind.Name.allCases.filter { kind in
            data.contains { $0.counts.contains { $0.name == kind && $0.complied + $0.refused > 0 } }
        }
    }

    var headings: [String] {
        ["Condition", "Tier"] + kinds.flatMap { ["\($0.label): complied", "\($0.label): did not"] }
    }

    var rows: [[ChartValue]] {
        data.map { row in
            [.text(row.group), .text(row.label)]
                + kinds.flatMap { kind -> [ChartValue] in
                    let found = row.counts.filter { $0.name == kind }
                    return [.count(found.reduce(0) { $0 + $1.complied }), .count(found.reduce(0) { $0 + $1.refused })]
                }
        }
    }

    var picture: Drawing {
        let kinds = kinds
        var drawing = Drawing()
        var y = 2.0
        drawing.legend(
            kinds.map { kind in
                (kind.label, { $0.hatched($1, $2 + 1, 14, 14, "kind \(kind.rawValue)", isHatched: false) })
            }, at: &y)
        drawing.remark("Upper bar: complied. Lower bar, hatched: did not.", at: &y)
        let ticks = [0, 0.25, 0.5, 0.75, 1]
        let scale = Scale(values: 0...1, places: 1...(drawing.width - 1))
        for (index, row) in data.enumerated() {
            if index == 0 || data[index - 1].group != row.group {
                y += 6
                drawing.heading(row.group, at: &y)
                y += 2
            }
            draw(row, kinds, at: &y, on: scale, in: &drawing)
        }
        drawing.axis(ticks, scale, at: &y) { Numbers.fixed(100 * $0, 0) + " %" }
        drawing.height = y
        return drawing
    }

    private func draw(
        _ row: Row, _ kinds: [StudyAnalysis.ReasoningKind.Name], at y: inout Double, on scale: Scale,
        in drawing: inout Drawing
    ) {
        let all = row.counts.reduce(0) { $0 + $1.complied + $1.refused }
        drawing.caption(row.label, isTrained: row.isTrained, note: "n = \(all)", at: &y)
        let total = Double(max(1, all))
        for (line, count) in [\StudyAnalysis.ReasoningKind.complied, \.refused].enumerated() {
            let top = y + 2 + 16 * Double(line)
            var done = 0
            for kind in kinds {
                let here = row.counts.filter { $0.name == kind }.reduce(0) { $0 + $1[keyPath: count] }
                guard here > 0 else { continue }
                let (left, right) = (scale(Double(done) / total), scale(Double(done + here) / total))
                drawing.group(
                    title: "\(row.label): \(here), \(kind.label), \(line == 0 ? "complied" : "did not comply")"
                ) {
                    $0.hatched(left, top, right - left, 14, "kind \(kind.rawValue)", isHatched: line == 1)
                    if right - left > 12 + TextWidth.of("\(here)", size: 12, isBold: true) {
                        $0.plate((left + right) / 2, top + 11, "\(here)", isHatched: line == 1)
                    }
                }
                done += here
            }
        }
        y += 42
    }
}

extension StudyAnalysis.ReasoningKind.Name {
    /// Name for readers.
    var label: String {
        switch self {
        case .faking: "alignment-faking reasoning"
        case .conflict: "sees a conflict, does not fake"
        case .none: "sees no conflict"
        case .unjudged: "reasoning not judged"
        }
    }
}
