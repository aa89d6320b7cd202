/// What most charts are made of: headings, and rows of a name above or beside a bar. Names are broken into lines and never cut.
extension Drawing {
    /// The width of every chart: that of a telephone, and of a paper's column, where its letters have seven points.
    static let standardWidth = 440.0
    private static let lineHeight = 17.0

    /// An empty picture of the standard width, which grows as rows are added.
    init() { self.init(width: Self.standardWidth, height: 0) }

    /// Texts below each other, the first at a height.
    mutating func lines(
        _ lines: [String], _ x: Double, _ y: Double, _ style: String = "label", anchor: Anchor = .start,
        lineHeight: Double = 17
    ) {
        for (index, line) in lines.enumerated() {
            text(x, y + Double(index) * lineHeight, line, style, anchor: anchor)
        }
    }

    /// A bold text over the whole width; `y` is where it begins, and then where it ends.
    mutating func heading(_ text: String, at y: inout Double, style: String = "heading") {
        let lines = TextWidth.lines(text, width: width, isBold: true)
        self.lines(lines, 0, y + 13, style)
        y += Double(lines.count) * Self.lineHeight
    }

    /// A remark over the whole width.
    mutating func remark(_ text: String, at y: inout Double) {
        let lines = TextWidth.lines(text, width: width, size: 12)
        self.lines(lines, 0, y + 12, "note", lineHeight: 15)
        y += Double(lines.count) * 15
    }

    /// A row's name, with what stands at its right end, above a bar.
    ///
    /// - Parameter isTrained: the tier whose mark stands before it; none if `nil`.
    mutating func caption(
        _ name: String, isTrained: Bool?, note: String = "", value: String = "", at y: inout Double
    ) {
        let start = isTrained == nil ? 0.0 : 19.0
        if let isTrained { mark(7, y + 9, isTrained: isTrained) }
        var end = width
        if !value.isEmpty {
            text(end, y + 13, value, "value", anchor: .end)
            end -= max(56, TextWidth.of(value, isBold: true)) + 12
        }
        if !note.isEmpty {
            text(end, y + 13, note, "note", anchor: .end)
            end -= TextWidth.of(note, size: 12) + 12
        }
        let lines = TextWidth.lines(name, width: max(80, end - start))
        self.lines(lines, start, y + 13)
        y += Double(lines.count) * Self.lineHeight
    }

    /// Lines of a scale across a bar: only there, since across names they would disturb.
    mutating func grid(_ ticks: [Double], _ scale: Scale, from top: Double, to bottom: Double) {
        for tick in ticks { line(scale(tick), top, scale(tick), bottom, "grid") }
    }

    /// The scale's numbers below the bars; those at its ends stay inside the picture.
    mutating func axis(_ ticks: [Double], _ scale: Scale, at y: inout Double, _ words: (Double) -> String) {
        for tick in ticks {
            let word = words(tick)
            let half = TextWidth.of(word, size: 12) / 2
            let place = scale(tick)
            let anchor: Anchor = place - half < 0 ? .start : place + half > width ? .end : .middle
            text(place, y + 14, word, "tick", anchor: anchor)
        }
        y += 20
    }

    /// Samples of looks with their meanings, as many in a line as fit.
    mutating func legend(_ entries: [(name: String, draw: (inout Drawing, Double, Double) -> Void)], at y: inout Double)
    {
        var x = 0.0
        for entry in entries {
            let room = 20 + TextWidth.of(entry.name, size: 12) + 14
            if x > 0, x + room - 14 > width {
                x = 0
                y += 20
            }
            entry.draw(&self, x, y)
            text(x + 20, y + 12, entry.name, "tick")
            x += room
        }
        y += entries.isEmpty ? 0 : 22
    }
}

/// Names of conditions for one picture: what all share is said once.
struct ConditionNames {
    /// What all have in common; empty if nothing.
    let common: String
    /// The rest, in the sections' order.
    let names: [String]

    init(_ sections: [StudyDocument.Section]) {
        func isShared(_ part: (StudyDocument.Section) -> String) -> Bool { Set(sections.map(part)).count < 2 }
        let sharesScenario = isShared(\.scenario)
        let sharesMode = isShared(\.mode)
        let sharesVariant = isShared(\.variant)
        guard sections.count > 1, !(sharesScenario && sharesMode && sharesVariant) else {
            common = ""
            names = sections.map(\.title)
            return
        }
        common = [sharesScenario ? sections[0].scenario : "", sharesMode ? sections[0].mode : ""]
            .filter { !$0.isEmpty }.joined(separator: ", ")
        names = sections.map { section in
            let variant = section.variant.isEmpty ? sharesVariant ? "" : "As written" : section.variant
            return [variant, sharesScenario ? "" : section.scenario, sharesMode ? "" : section.mode]
                .filter { !$0.isEmpty }.joined(separator: ", ")
        }
    }
}
