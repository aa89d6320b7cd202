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

    var headings: [String] { ["Condition", "Tier"] + kinds.flatMap { ["\($0.label): complied", "did not"] } }

    var rows: [[ChartValue]] {
        data.map { row in
            [.text(row.group), .text(row.label)]
                + kinds.flatMap { kind -> [ChartValue] in
                    let found = row.counts.filter { $0.name == kind }
                    return [.count(found.reduce(0) { $0 + $1.complied }), .count(found.reduce(0) { $0 + $1.refused })]
                }
        }
    }

    func svg(id: String, title: String) -> Markup {
        let kinds = kinds
        let groups = data.indices.count { $0 == 0 || data[$0 - 1].group != data[$0].group }
        let bottom = 58 + Double(groups) * 28 + Double(data.count) * 40
        var drawing = Drawing(width: 560, height: bottom + 22)
        for (index, kind) in kinds.enumerated() {
            let (x, y) = (Double(index % 2) * 280, Double(index / 2) * 20)
            drawing.hatched(x, y + 4, 14, 14, "kind \(kind.rawValue)", isHatched: false)
            drawing.text(x + 20, y + 15, kind.label, "tick")
        }
        drawing.text(0, 56, "Upper bar: complied. Lower bar, hatched: did not.", "note")
        let scale = Scale(values: 0...1, places: 190...520)
        for tick in [0, 0.5, 1] {
            drawing.line(scale(tick), 62, scale(tick), bottom, "grid")
            drawing.text(scale(tick), bottom + 16, Numbers.fixed(100 * tick, 0) + " %", "tick", anchor: .middle)
        }
        var y = 58.0
        for (index, row) in data.enumerated() {
            if index == 0 || data[index - 1].group != row.group {
                drawing.text(0, y + 20, Drawing.shortened(row.group, to: 60), "heading")
                y += 28
            }
            draw(row, kinds, at: y, on: scale, in: &drawing)
            y += 40
        }
        return drawing.svg(id: id, title: title, description: description)
    }

    private func draw(
        _ row: Row, _ kinds: [StudyAnalysis.ReasoningKind.Name], at y: Double, on scale: Scale,
        in drawing: inout Drawing
    ) {
        drawing.mark(8, y + 17, isTrained: row.isTrained)
        drawing.text(20, y + 21, Drawing.shortened(row.label, to: 24), "label")
        let total = Double(max(1, row.counts.reduce(0) { $0 + $1.complied + $1.refused }))
        for (line, count) in [\StudyAnalysis.ReasoningKind.complied, \.refused].enumerated() {
            var done = 0
            for kind in kinds {
                let here = row.counts.filter { $0.name == kind }.reduce(0) { $0 + $1[keyPath: count] }
                guard here > 0 else { continue }
                let (left, right) = (scale(Double(done) / total), scale(Double(done + here) / total))
                drawing.group(
                    title: "\(row.label): \(here), \(kind.label), \(line == 0 ? "complied" : "did not comply")"
                ) {
                    $0.hatched(
                        left, y + 3 + 16 * Double(line), right - left, 14, "kind \(kind.rawValue)", isHatched: line == 1
                    )
                    if right - left > 22 {
                        $0.plate((left + right) / 2, y + 14 + 16 * Double(line), "\(here)", isHatched: line == 1)
                    }
                }
                done += here
            }
        }
        drawing.text(560, y + 21, "\(Int(total))", "note", anchor: .end)
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
