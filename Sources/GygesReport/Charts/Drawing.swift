/// An SVG picture being drawn, in units of CSS pixels.
///
/// Colours come from the page's style sheet by class, so that one picture serves light, dark and print.
struct Drawing {
    /// Where a text's `x` is: at its start, middle or end.
    enum Anchor: String { case start, middle, end }

    let width: Double
    /// How far it reaches down; charts whose rows have several lines know it when all are drawn.
    var height: Double
    private(set) var body: Markup = ""

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// A coordinate with at most two decimals. What is not finite is drawn at 0 rather than breaking the picture.
    private func format(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "0" }
        let hundredths = Int((value * 100).rounded())
        if hundredths % 100 == 0 { return String(hundredths / 100) }
        let magnitude = hundredths.magnitude
        let fraction = magnitude % 100
        return "\(hundredths < 0 ? "-" : "")\(magnitude / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
        body += """
            <line class="\(style)" x1="\(format(x1))" y1="\(format(y1))" x2="\(format(x2))" y2="\(format(y2))"/>
            """
    }

    mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String) {
        body += """
            <rect class="\(style)" x="\(format(x))" y="\(format(y))" width="\(format(max(0, width)))" \
            height="\(format(max(0, height)))"/>
            """
    }

    /// A piece of a bar, with lines across it that tell it apart without colour. The page has the pattern.
    mutating func hatched(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, isHatched: Bool
    ) {
        rectangle(x, y, width, height, style)
        if isHatched { rectangle(x, y, width, height, "hatch") }
    }

    /// A number inside a bar; on a plate where the bar is hatched, so that it can be read.
    mutating func plate(_ x: Double, _ y: Double, _ text: String, isHatched: Bool) {
        if isHatched {
            let width = 8 + 7.4 * Double(text.count)
            rectangle(x - width / 2, y - 11, width, 14, "plate")
        }
        self.text(x, y, text, isHatched ? "plated" : "inside", anchor: .middle)
    }

    mutating func circle(_ x: Double, _ y: Double, radius: Double, _ style: String) {
        body += "<circle class=\"\(style)\" cx=\"\(format(x))\" cy=\"\(format(y))\" r=\"\(format(radius))\"/>"
    }

    mutating func square(_ x: Double, _ y: Double, radius: Double, _ style: String) {
        rectangle(x - radius, y - radius, 2 * radius, 2 * radius, style)
    }

    /// The mark of a tier: a disc where conversations are said to be trained on, a square where they are not.
    mutating func mark(_ x: Double, _ y: Double, isTrained: Bool, radius: Double = 4.5) {
        if isTrained {
            circle(x, y, radius: radius, "mark trained")
        } else {
            square(x, y, radius: radius * 0.9, "mark untrained")
        }
    }

    /// An interval with end caps.
    mutating func whisker(from x1: Double, to x2: Double, y: Double, _ style: String = "whisker") {
        line(x1, y, x2, y, style)
        line(x1, y - 4, x1, y + 4, style)
        line(x2, y - 4, x2, y + 4, style)
    }

    /// An upright interval with end caps.
    mutating func whisker(from y1: Double, to y2: Double, x: Double, _ style: String) {
        line(x, y1, x, y2, style)
        line(x - 4, y1, x + 4, y1, style)
        line(x - 4, y2, x + 4, y2, style)
    }

    mutating func polygon(_ corners: [(x: Double, y: Double)], _ style: String) {
        let points = corners.map { "\(format($0.x)),\(format($0.y))" }.joined(separator: " ")
        body += "<polygon class=\"\(style)\" points=\"\(points)\"/>"
    }

    /// Lines through points, one for each piece; a piece of one point is a dot as wide as the line.
    mutating func curve(_ pieces: [[(x: Double, y: Double)]], _ style: String) {
        let path = pieces.filter { !$0.isEmpty }.map { piece in
            "M" + piece.map { "\(format($0.x)) \(format($0.y))" }.joined(separator: "L")
                + (piece.count == 1 ? "h0" : "")
        }.joined()
        body += "<path class=\"\(style)\" d=\"\(path)\"/>"
    }

    /// The mark of a line: its shape and, by the style `s0` and so on, its colour tell lines apart.
    mutating func mark(_ x: Double, _ y: Double, look: Int, radius: Double = 4.5) {
        let style = "mark s\(look)"
        switch look % 4 {
        case 0: circle(x, y, radius: radius, style)
        case 1: square(x, y, radius: radius * 0.9, style)
        case 2: polygon([(x, y - radius * 1.2), (x + radius * 1.2, y + radius), (x - radius * 1.2, y + radius)], style)
        default:
            let reach = radius * 1.3
            polygon([(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)], style)
        }
    }

    mutating func text(
        _ x: Double, _ y: Double, _ text: String, _ style: String = "label", anchor: Anchor = .start,
        rotation: Double? = nil
    ) {
        let turn: Markup = rotation.map { " transform=\"rotate(\(format($0)) \(format(x)) \(format(y)))\"" } ?? ""
        body += """
            <text class="\(style)" x="\(format(x))" y="\(format(y))" text-anchor="\(anchor.rawValue)"\(turn)>\(text)</text>
            """
    }

    /// A group with a tooltip, optionally a link within the page.
    mutating func group(title: String, link: String? = nil, _ draw: (inout Drawing) -> Void) {
        var inner = Drawing(width: width, height: height)
        draw(&inner)
        if let link {
            body += "<a href=\"#\(link)\"><title>\(title)</title>\(inner.body)</a>"
        } else {
            body += "<g><title>\(title)</title>\(inner.body)</g>"
        }
    }

    /// A text of at most `count` characters: without what stands in brackets at its end, if it is too long, or else cut.
    /// Tables and tooltips have all of it.
    static func shortened(_ text: String, to count: Int) -> String {
        if text.count <= count { return text }
        let brief = text.split(separator: " (", maxSplits: 1).first ?? ""
        return String(brief.count <= count ? brief : brief.prefix(count - 1) + "…")
    }

    /// The picture as an element that says what it shows to those who cannot see it.
    func svg(id: String, title: String, description: String) -> Markup {
        // What has links in it is no single image to assistive technology.
        let role: Markup = body.html.contains("<a ") ? "group" : "img"
        return """
            <svg viewBox="0 0 \(format(width)) \(format(height))" role="\(role)" aria-labelledby="\(id)-title \(id)-desc">\
            <title id="\(id)-title">\(title)</title><desc id="\(id)-desc">\(description)</desc>\(body)</svg>
            """
    }

    /// Lines across an area, which tell it apart without colour; ``hatched(_:_:_:_:_:isHatched:)`` refers to it.
    static let hatch: Markup = """
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
        <line class="stripe" x1="0" y1="0" x2="0" y2="6"/></pattern>
        """

    /// The picture as a file of its own, with a style sheet that must not hold `]]>`.
    ///
    /// - Parameters:
    ///   - millimetres: how wide it is on paper; as wide as its pixels are on a screen if `nil`.
    ///   - remark: what the file says to those who read its text.
    func svgFile(
        title: String, description: String, style: [UInt8], millimetres: Double? = nil, remark: String? = nil
    ) -> String {
        // On paper letters and whiskers at an edge need a little room.
        let edge = millimetres == nil ? 0.0 : 4
        let (width, height) = (width + 2 * edge, height + 2 * edge)
        let size: Markup =
            if let millimetres {
                "width=\"\(format(millimetres))mm\" height=\"\(format(millimetres * height / width))mm\""
            } else {
                "width=\"\(format(width))\" height=\"\(format(height))\""
            }
        let style = Markup.trusted(String(decoding: style, as: UTF8.self))
        let metadata: Markup = remark.map { "<metadata>\($0)</metadata>" } ?? ""
        // Paper is white, whatever lies below the picture.
        let ground: Markup =
            millimetres == nil
            ? ""
            : "<rect class=\"paper\" x=\"\(format(-edge))\" y=\"\(format(-edge))\" width=\"\(format(width))\" height=\"\(format(height))\"/>"
        let definitions: Markup = body.html.contains("class=\"hatch\"") ? "<defs>\(Self.hatch)</defs>" : ""
        let markup: Markup = """
            <svg xmlns="http://www.w3.org/2000/svg" \(size) \
            viewBox="\(format(-edge)) \(format(-edge)) \(format(width)) \(format(height))" role="img" \
            aria-labelledby="title desc"><title id="title">\(title)</title><desc id="desc">\(description)</desc>\
            \(metadata)<style><![CDATA[\(style)]]></style>\(definitions)\(ground)\(body)</svg>

            """
        return markup.html
    }
}

/// A straight mapping from values to places.
struct Scale {
    let values: ClosedRange<Double>
    let places: ClosedRange<Double>
    /// Whether greater values lie at smaller places, as on a vertical axis.
    var isReversed = false

    func callAsFunction(_ value: Double) -> Double {
        let width = values.upperBound - values.lowerBound
        let share = width > 0 ? min(1, max(0, (value - values.lowerBound) / width)) : 0.5
        let along = (isReversed ? 1 - share : share) * (places.upperBound - places.lowerBound)
        return places.lowerBound + along
    }

    /// Round values for an axis: steps of 1, 2 or 5 times a power of ten, about `count` of them.
    func ticks(_ count: Int) -> [Double] {
        let width = values.upperBound - values.lowerBound
        let rough = width / Double(max(1, count))
        // Below that, a power of ten is 0.
        guard rough >= .leastNormalMagnitude, width.isFinite else { return [values.lowerBound] }
        var power = 1.0
        while power > rough { power /= 10 }
        while power * 10 <= rough { power *= 10 }
        let step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10)
        let first = (values.lowerBound / step - 1e-9).rounded(.up)
        let last = (values.upperBound / step + 1e-9).rounded(.down)
        guard last >= first, last - first < 100 else { return [] }
        return (0...Int(last - first)).map { (first + Double($0)) * step }
    }
}
