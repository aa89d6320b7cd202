import Foundation
import GygesTestSupport
import Testing

@testable import GygesReport

/// The page with the curves of runs.
@Suite struct TrainingReportTests {
    /// A run that learns, as losses do: a fall, noise, a held-out loss now and then.
    static func run(
        _ name: String, steps: ClosedRange<Int>, seed: Int = 1, countsTokens: Bool = true, heldOutEvery: Int = 50,
        missing: ClosedRange<Int>? = nil, change: (Int, inout [String: Double]) -> Void = { _, _ in }
    ) -> TrainingReport.Run {
        var random = Randomness(seed)
        let last = Double(steps.upperBound)
        let records = steps.filter { missing?.contains($0) != true }.map { step -> TrainingReport.Record in
            let share = Double(step) / last
            let level = 2.2 + Double(seed) / 10 + 8.8 * exp(-8 * share)
            var values = [
                "loss": level + Double.random(in: -0.25...0.25, using: &random),
                "grad_norm": 0.4 + 4 * exp(-20 * share) + Double.random(in: 0...0.4, using: &random),
                "learning_rate": 3e-4 * min(1, share / 0.05) * (0.5 + 0.5 * cos(.pi * share)),
                "tokens_per_second": 3100 + Double.random(in: -200...200, using: &random),
            ]
            if countsTokens { values["num_tokens"] = Double(step) * 4096 }
            if step % heldOutEvery == 0 { values["eval_loss"] = level + 0.12 + 0.3 * share * share }
            change(step, &values)
            return .init(step: step, time: 1_764_532_967 + Double(step) * 1.3, values: values)
        }
        return TrainingReport.Run(
            name: name, facts: [.init("Model", "SmolLM2-135M"), .init("Digest", "0123abcd", isVerbatim: true)],
            records: records)
    }

    static func page(_ runs: TrainingReport.Run...) -> String { TrainingReport(title: "Runs", runs: runs).html() }

    /// The pages that a person looks at; written to the folder that `GYGES_SHOTS` names.
    private static let samples: [String: String] = [
        "three": page(
            run("base", steps: 1...1200), run("wider", steps: 1...900, seed: 3),
            run("no-decay", steps: 1...1200, seed: 2)),
        "short": page(run("three steps", steps: 1...3, heldOutEvery: 3)),
        "gaps": page(
            run("with gaps", steps: 1...1000, missing: 400...520) { step, values in
                if step == 700 || step == 701 { values["loss"] = .nan }
                if step == 300 { values["grad_norm"] = .infinity }
                if step == 800 { values["loss"] = 24 }
            }),
        "empty": page(TrainingReport.Run(name: "nothing", records: [])),
    ]

    private static func paths(_ page: String, _ style: String) -> [String] {
        page.matches(of: try! Regex("<path class=\"\(style)[^\"]*\" d=\"([^\"]*)\"")).compactMap {
            $0.output[1].substring.map(String.init)
        }
    }

    @Test(
        "The pages are whole, self-contained and hold no number that is none",
        arguments: ["three", "short", "gaps", "empty"])
    func isWhole(name: String) throws {
        let page = try #require(Self.samples[name])
        if let folder = ProcessInfo.processInfo.environment["GYGES_SHOTS"] {
            try page.write(toFile: "\(folder)/\(name).html", atomically: true, encoding: .utf8)
        }
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
        #expect(page.contains("default-src 'none'") && page.contains("sha256-"))
        for text in ["src=\"http", "href=\"http", "url(http", "@import", "<link", "nan ", "inf ", "nil", "Optional("] {
            #expect(!page.contains(text), "\(text)")
        }
        let ids = page.matches(of: /id="([^"]*)"/).map(\.output.1)
        #expect(Set(ids).count == ids.count)
    }

    @Test("Panels, facts and figures say what the runs measured")
    func says() {
        let page = Self.page(
            Self.run("base", steps: 1...1200), Self.run("other", steps: 1...600, seed: 2, heldOutEvery: 10_000))
        for text in [
            "Training loss", "Held-out loss", "Gradient norm", "Learning rate", "Tokens a second",
            "1200\u{A0}steps over 4.92M tokens in 25\u{A0}min 59\u{A0}s", ">tokens</text>", ">4M</text>", "3e−4",
            "SmolLM2-135M", "class=\"verbatim\">0123abcd",
        ] { #expect(page.contains(text), "\(text)") }
        // A run without held-out losses says its training loss.
        #expect(page.contains("Training loss was 2."))
        // Where one run does not count tokens, the axis has steps.
        let mixed = Self.page(Self.run("a", steps: 1...50), Self.run("b", steps: 1...50, countsTokens: false))
        #expect(mixed.contains(">steps</text>") && !mixed.contains(">tokens</text>"))
        #expect(Self.samples["empty"]?.contains("Charts without values") == true)
    }

    @Test("What is no number is marked, said and breaks the raw line alone")
    func nonFinite() throws {
        let page = try #require(Self.samples["gaps"])
        #expect(page.contains("with gaps, step 700: not a number"))
        #expect(page.contains("with gaps, step 300: infinity"))
        #expect(page.contains("3 records have a loss or gradient norm that is no number, the first after step 300."))
        let (raw, smooth) = (Self.paths(page, "raw"), Self.paths(page, "curve"))
        // Training loss: a gap and a number that is none make three pieces of the raw line, two of the smooth one.
        #expect(raw[0].count { $0 == "M" } == 3 && smooth[0].count { $0 == "M" } == 2)
        // The learning rate has the gap alone.
        #expect(smooth.contains { $0.count { $0 == "M" } == 2 } && !smooth.contains { $0.count { $0 == "M" } > 3 })
    }

    @Test("Two hundred thousand steps stay far below a megabyte, and no extreme is lost")
    func isThinned() throws {
        // Of two measures, since this room is slow in debug builds.
        let records = (1...200_000).map { step in
            let noise = Double(step * 7919 % 1000) / 4000
            return TrainingReport.Record(
                step: step, time: Double(step),
                values: [
                    "loss": step == 123_457 ? 77 : step == 150_001 ? 0.5 : 2.5 + noise,
                    "grad_norm": step % 3 == 0 && step > 190_000 ? .nan : 0.5 + noise,
                ])
        }
        let page = Self.page(TrainingReport.Run(name: "long", records: records))
        #expect(page.utf8.count < 150_000)
        // Many runs share what a page may hold; of runs of any length, no more columns are filled than there are.
        var seven = TrainingReport(title: "Seven", runs: [])
        for seed in 1...7 { seven.runs.append(Self.run("run \(seed)", steps: 1...3000, seed: seed)) }
        let many = seven.html()
        #expect(many.utf8.count < 600_000)
        if let folder = ProcessInfo.processInfo.environment["GYGES_SHOTS"] {
            try page.write(toFile: "\(folder)/long.html", atomically: true, encoding: .utf8)
            try many.write(toFile: "\(folder)/seven.html", atomically: true, encoding: .utf8)
        }
        #expect(page.contains("minimum 0.500 at step 150001, maximum 77.00 at step 123457"))
        // The table has the two steps, too.
        #expect(page.contains("<td>123457</td>") && page.contains("<td>150001</td>"))
        // Both reach the picture: the axis is by powers of ten, and the maximum value is the highest point drawn.
        let points = Self.paths(page, "raw")[0].split { $0 == "M" || $0 == "L" }
        let heights = points.compactMap { point in point.split(separator: " ").last.flatMap { Double($0) } }
        let sorted = heights.sorted()
        #expect(sorted[1] - sorted[0] > 20 && sorted[sorted.count - 1] - sorted[sorted.count - 2] > 20)
    }

    @Test("Text from outside never becomes markup", arguments: ReportPageTests.hostile)
    func textIsEscaped(text: String) {
        func page(_ text: String) -> String {
            let run = TrainingReport.Run(
                name: text, facts: [.init(text, text)], records: Self.run("x", steps: 1...3).records)
            return TrainingReport(title: text, runs: [run, run]).html()
        }
        // How many lines a legend takes depends on its letters.
        let line = /<(text|line) [^<>]*\/?>([^<]*<\/text>)?/
        func tags(_ page: String) -> Int { page.replacing(line, with: "").count { $0 == "<" } }
        #expect(tags(page(text)) == tags(page("x")))
        #expect(!page(text).contains("<script>alert") && !page(text).contains("<img"))
    }

    @Test("Numbers of any size break nothing")
    func extremes() {
        let values = [1e308, -1e308, .leastNonzeroMagnitude, 0, .nan, .infinity, -.infinity, 1e-300]
        for (first, second) in zip(values, values.dropFirst() + [1]) {
            let records = [first, second, first].enumerated().map { index, value in
                TrainingReport.Record(
                    step: index * (Int.max / 4), time: value,
                    values: Dictionary(
                        uniqueKeysWithValues: (TrainingMeasure.allCases.map(\.rawValue) + ["num_tokens"]).map {
                            ($0, value)
                        }))
            }
            let page = Self.page(TrainingReport.Run(name: "odd", records: records))
            #expect(page.hasSuffix("</html>\n"))
            #expect(!page.contains(/[="LM, ](nan|-?inf)[" ,L<]/))
        }
    }

    // MARK: Parts

    @Test("A thinned curve keeps first, last, minimum and maximum of each column")
    func columns() {
        let points = (0..<1000).map { CurvePoint(x: Double($0), y: Double($0 * 7919 % 1000), step: $0) }
        let curve = ThinnedCurve(points, axis: 0...999, columnCount: 10)
        #expect(curve.raw.count == 1 && curve.smooth.count == 1 && curve.smooth[0].count == 10)
        for column in 0..<10 {
            let part = points.filter { Int($0.x / 999 * 10) == column || column == 9 && $0.x == 999 }
            for kept in [
                part.first, part.last, part.min { $0.y < $1.y }, part.max { $0.y < $1.y },
            ] { #expect(curve.raw[0].contains(kept!)) }
            // Three hundredths of ten columns are none: the mean of the column alone.
            #expect(abs(curve.smooth[0][column].y - part.reduce(0) { $0 + $1.y } / Double(part.count)) < 1e-9)
        }
        #expect(curve.raw[0].count <= 40 && zip(curve.raw[0], curve.raw[0].dropFirst()).allSatisfy { $0.x < $1.x })
    }

    @Test("A smooth curve is the mean of what lies around, and no more than there is near its ends")
    func smooth() {
        let points = (0..<300).map { CurvePoint(x: Double($0), y: $0 == 150 ? 70 : 0, step: $0) }
        let curve = ThinnedCurve(points, axis: 0...299)
        // Three columns to either side of the one that holds it.
        let raised = curve.smooth[0].filter { abs($0.y - 10) < 1e-9 }
        #expect(raised.map(\.step) == Array(147...153))
        let ramp = ThinnedCurve((0..<300).map { CurvePoint(x: Double($0), y: Double($0), step: $0) }, axis: 0...299)
        // A straight line stays one, at its ends, too.
        for point in ramp.smooth[0] { #expect(abs(point.y - point.x) < 1e-9) }
        // As many values as columns or fewer: nothing is smoothed of three.
        let three = ThinnedCurve(
            [5, 1, 3].enumerated().map { CurvePoint(x: Double($0), y: $1, step: $0) }, axis: 0...2)
        #expect(three.smooth[0].map(\.y) == [5, 1, 3] && three.raw[0].map(\.y) == [5, 1, 3])
    }

    @Test("Numbers are short, whatever their size")
    func numbers() {
        for (value, text) in [
            (3e-4, "3e−4"), (1.256e-5, "1.26e−5"), (-2e-9, "−2e−9"), (9.999e6, "1e7"), (1.5e300, "1.5e300"), (0, "0"),
            (.leastNonzeroMagnitude, "4.94e−324"),
        ] { #expect(Numbers.powerOfTen(value) == text, "\(value)") }
        for (value, text) in [(0.5, "0.500"), (77, "77.00"), (123.45, "123.5"), (5e-5, "5e−5"), (3100, "3100")] {
            #expect(Numbers.brief(value) == text, "\(value)")
        }
        for (value, text) in [
            (512.0, "512"), (999.6, "1k"), (49_152, "49.2k"), (1_310_720, "1.31M"), (2e9, "2G"), (0, "0"),
        ] {
            #expect(Numbers.compact(value) == text, "\(value)")
        }
        for (value, text) in [
            (0.2, "0 s"), (42, "42 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (273_600, "3 d 4 h"), (3600, "1 h"),
        ] { #expect(Numbers.duration(value).replacing("\u{A0}", with: " ") == text, "\(value)") }
    }
}
