import Mustache

/// HTML that is safe to put on a page: literals are taken as they are, and every interpolated text is escaped.
///
/// ```swift
/// let cell: Markup = "<td>\(modelOutput)</td>"  // `modelOutput` cannot leave the cell.
/// ```
///
/// Templates get values of this type only, and print them unescaped. The template engine's own escaping goes by whole characters
/// and lets a quotation mark pass that has a combining mark after it; this one goes by Unicode scalars.
struct Markup: Sendable, Equatable, ExpressibleByStringInterpolation, MustacheCustomRenderable {
    private(set) var html: String

    /// Escapes a text.
    init(_ text: String) {
        html = ""
        Markup.appendEscaped(text, to: &html)
    }

    init(stringLiteral value: String) { html = value }

    init(stringInterpolation: Interpolation) { html = stringInterpolation.html }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var html = ""

        init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(literalCapacity) }
        mutating func appendLiteral(_ literal: String) { html += literal }
        mutating func appendInterpolation(_ text: String) { Markup.appendEscaped(text, to: &html) }
        mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
        mutating func appendInterpolation(_ number: Int) { html += String(number) }
    }

    /// A text of unknown direction, kept from reordering what stands around it.
    static func isolated(_ text: String) -> Markup { "<bdi>\(text)</bdi>" }

    /// Takes text that this module itself makes or ships as HTML.
    static func trusted(_ html: String) -> Markup {
        var markup = Markup("")
        markup.html = html
        return markup
    }

    static func += (markup: inout Markup, other: Markup) { markup.html += other.html }

    var renderText: String { html }
    var isNull: Bool { html.isEmpty }

    private static func appendEscaped(_ text: String, to html: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "&": html += "&amp;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            case _ where VisibleText.isHidden(scalar): html += VisibleText.escape(scalar)
            default: html.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Sequence<Markup> {
    /// All pieces one after the other.
    func joined() -> Markup { reduce(into: "") { $0 += $1 } }

    /// All pieces with another between every two.
    func joined(by separator: Markup) -> Markup {
        var isFirst = true
        return reduce(into: "") { markup, piece in
            if !isFirst { markup += separator }
            markup += piece
            isFirst = false
        }
    }
}
