import Foundation
import GygesReport
import GygesStatistics
import Testing

/// The picture of values by length.
@Suite struct CurveChartTests {
    static func chart(label: String = "yarn", title: String = "A model", values: [Double] = [9, 10, 3000]) -> CurveChart
    {
        let points = zip([8192, 16_384, 32_768], values).map { length, value in
            CurveChart.Point(
                length: length, value: value, interval: Interval(lower: 0.9 * value, upper: 1.1 * value, level: 0.95))
        }
        let shares = [8192, 16_384, 32_768].map { CurveChart.Point(length: $0, value: 0.5, interval: nil) }
        return CurveChart(
            title: title,
            panels: [
                .init(title: "Perplexity", unit: .number, lines: [.init(label: label, points: points)]),
                .init(title: "Found", unit: .share, lines: [.init(label: label, points: shares)]),
            ], trainedLength: 8192)
    }

    /// The numbers in an attribute of all elements of a class.
    static func places(_ attribute: String, of style: String, in file: String) throws -> [Double] {
        let pattern = try Regex("class=\"\(style)\"[^>]* \(attribute)=\"([-0-9.]+)\"")
        return file.matches(of: pattern).compactMap { $0.output[1].substring.flatMap { Double($0) } }
    }

    @Test("The file stands alone, is light and dark, and says in words what it shows")
    func standsAlone() {
        let file = Self.chart().file()
        #expect(file.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\"") && file.hasSuffix("</svg>\n"))
        #expect(file.contains("prefers-color-scheme: dark") && !file.contains("var(--"))
        #expect(file.contains("<desc id=\"desc\">Perplexity: yarn 9.00 at 8192"))
        #expect(file.components(separatedBy: "http").count == 2)  // The name of the format alone.
        #expect(file == Self.chart().file())
    }

    @Test("Doubled lengths are equally far apart, and powers of ten where values differ much")
    func hasLogarithmicAxes() throws {
        let file = Self.chart(values: [10, 100, 1000]).file()
        let x = try Self.places("cx", of: "mark s0", in: file)
        let y = try Self.places("cy", of: "mark s0", in: file)
        // The legend's mark, then three in each panel.
        #expect(x.count == 7)
        #expect(abs((x[2] - x[1]) - (x[3] - x[2])) < 0.02 && x[2] > x[1])
        #expect(abs((y[2] - y[1]) - (y[3] - y[2])) < 0.02 && y[2] < y[1])
    }

    @Test("Axes bear numbers as short as they can be")
    func labelsAxes() {
        let file = Self.chart(values: [20, 30, 50]).file()
        for label in ["20", "30", "50 %", "8k", "32k"] { #expect(file.contains(">\(label)</text>"), "\(label)") }
        let steep = Self.chart(values: [10, 100, 1000]).file()
        for label in ["10", "200", "1000"] { #expect(steep.contains(">\(label)</text>"), "\(label)") }
        #expect(Self.chart(values: [1.01, 1.02, 1.03]).file().contains(">1.05</text>"))
    }

    @Test(
        "No text becomes markup and no number breaks the picture",
        arguments: [
            ("<script>", "</style>]]><b>", [9.0, 10, 11]), ("a&\"'", "t", [.nan, .infinity, 1e300]),
            ("", "", [0, -1, 5]),
            ("x", "y", []),
        ] as [(String, String, [Double])])
    func isSafe(label: String, title: String, values: [Double]) throws {
        let file = Self.chart(label: label, title: title, values: values).file()
        let plain = Self.chart(values: values).file()
        #expect(file.count { $0 == "<" } == plain.count { $0 == "<" })
        for word in ["NaN", "nan\"", "inf\"", "\"inf", "nil", "Optional("] { #expect(!file.contains(word), "\(word)") }
        // Well formed, as strict readers want it.
        #expect(XMLCheck.isWellFormed(file))
    }

    @Test("Many lines and panels, none, and one point are drawn")
    func drawsAnyNumber() {
        let lines = (0..<9).map { line in
            CurveChart.Line(label: "setting \(line)", points: [.init(length: 1000, value: Double(line), interval: nil)])
        }
        let panel = CurveChart.Panel(title: "p", unit: .number, lines: lines)
        for panels in [[], [panel], [panel, panel, panel]] {
            #expect(XMLCheck.isWellFormed(CurveChart(title: "t", panels: panels).file()))
        }
    }
}

/// Whether tags are closed in their order; attributes and entities are looked at by other tests.
enum XMLCheck {
    static func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        var body = text
        if let start = body.range(of: "<![CDATA["), let end = body.range(of: "]]>") {
            body.removeSubrange(start.lowerBound..<end.upperBound)
        }
        for match in body.matches(of: /<(\/?)([a-z]+)[^<>]*?(\/?)>/) {
            if !match.output.3.isEmpty { continue }
            if match.output.1.isEmpty {
                open.append(match.output.2)
            } else if open.popLast() != match.output.2 {
                return false
            }
        }
        return open.isEmpty && body.count(where: { $0 == "<" }) == body.matches(of: /<\/?[a-z]+[^<>]*>/).count
    }
}
