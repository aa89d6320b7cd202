import Foundation
import GygesAnalysis
import GygesFiles
import GygesStatistics
import GygesTestSupport
import Testing

@testable import GygesReport

/// Charts as files for papers.
@Suite struct FigureTests {
    @Test("Every chart of the page is a figure by a name of its own, and the others have a reason")
    func names() throws {
        let document = StudyDocument.full()
        let figures = document.figures
        #expect(Set(figures.map(\.name)).count == figures.count)
        for figure in figures { #expect(document.figure(named: figure.name)?.caption == figure.caption) }
        #expect(document.figure(named: "prompts")?.name == "prompts:helpful-only/v0/hidden-scratchpad")
        #expect(document.figure(named: "nothing") == nil)
        let kinds = Set(figures.map(\.kind))
        for kind: StudyFigure.Kind in [
            .answer, .outcomes, .gap, .controls, .hypotheses, .power, .compliance, .faking, .reasoning, .pairs,
            .scatter,
            .prompts, .ledger, .calibration,
        ] { #expect(kinds.contains(kind), "\(kind)") }
        #expect(!kinds.contains(.logit) && document.absence(of: .logit).contains("not measured"))
        let empty = StudyDocument(title: "t", subject: "s", judges: [], sections: [])
        #expect(empty.figures.isEmpty)
        for kind in StudyFigure.Kind.allCases { #expect(!empty.absence(of: kind).isEmpty) }
        // Two conditions as written have two figures of one kind, so that the kind alone names none.
        let two = StudyDocument.sample(samples: 4)
        #expect(two.figure(named: "logit") == nil && two.figure(named: "logit:one") != nil)
    }

    @Test(
        "A picture is a file that is whole in itself: well-formed, in plain colours, in millimetres",
        arguments: [40.0, 180])
    func pictures(width: Double) throws {
        for figure in StudyDocument.full().figures + StudyDocument.sample(samples: 4).figures {
            let picture = figure.svg(millimetres: width)
            let parser = XMLChecker()
            #expect(parser.check(picture), "\(figure.name)")
            for word in ["var(", "NaN", "inf\"", "nil", "Optional("] {
                #expect(!picture.contains(word), "\(figure.name): \(word)")
            }
            #expect(picture.contains("width=\"\(Int(width))mm\"") && picture.contains(Canary.line))
            // A pattern that is referred to is there.
            #expect(!picture.contains("class=\"hatch\"") || picture.contains("<pattern id=\"hatch\""), "\(figure.name)")
        }
    }

    @Test(
        "Hostile names stay text in pictures, and nothing in them breaks the file", arguments: ReportPageTests.hostile)
    func hostile(text: String) throws {
        for figure in StudyDocument.sample(text: text, samples: 4).figures {
            let picture = figure.svg()
            #expect(XMLChecker().check(picture), "\(figure.name)")
            #expect(!picture.contains("<script") && !picture.contains("<img"))
        }
    }

    @Test("No label is cut: long names stand in lines, all of them")
    func labels() throws {
        let name =
            "A condition whose name is so long that no column has room for it in one line, or in two, at any width"
        var document = StudyDocument.full()
        for section in document.sections.indices {
            document.sections[section].scenario = "\(name) \(section)"
            for tier in document.sections[section].tiers.indices {
                document.sections[section].tiers[tier].label = "\(name), tier \(tier)"
            }
        }
        for figure in document.figures
        where ![.power, .scatter, .prompts, .calibration, .controls].contains(figure.kind) {
            let shown = figure.chart.picture.body.html.matches(of: /<text[^>]*>([^<]*)<\/text>/)
                .map { String($0.output.1) }.joined(separator: " ")
            #expect(!shown.contains("…"), "\(figure.name)")
            #expect(shown.contains("no column has room") || shown.contains("so long"), "\(figure.name)")
        }
    }

    @Test("Texts are broken where they fit, and within words only where nothing else helps")
    func lines() {
        #expect(TextWidth.lines("one two", width: 1000) == ["one two"])
        #expect(TextWidth.lines("one two", width: 40) == ["one", "two"])
        #expect(TextWidth.lines("", width: 40) == [""])
        let long = String(repeating: "abcdefghij", count: 6)
        let broken = TextWidth.lines(long, width: 100)
        #expect(broken.count > 1 && broken.joined() == long)
        for line in broken { #expect(TextWidth.of(line) <= 100) }
        // No text makes a picture without end.
        #expect(TextWidth.lines(String(repeating: "word ", count: 10_000), width: 60).count == 12)
    }

    @Test("The numbers of a figure are the same in both forms, and those of the page")
    func numbers() throws {
        let document = StudyDocument.full()
        let page = try document.html()
        for figure in document.figures {
            let lines = figure.csv.components(separatedBy: "\r\n").dropLast()
            #expect(lines.count == figure.chart.rows.count + 1)
            #expect(lines.first?.hasSuffix(",canary") == true && lines.last?.hasSuffix(Canary.line) == true)
            let rows = try #require(figure.json["rows"]?.array)
            #expect(rows.count == figure.chart.rows.count)
            #expect(rows.first?.object?.count == figure.chart.rows.first?.flatMap(\.fields).count, "\(figure.name)")
            #expect(page.contains(Markup(figure.chart.commaSeparated.joined(separator: "\n")).html), "\(figure.name)")
        }
    }

    @Test("PDF and PNG, where the converter is installed; an error that says what to install, where it is not")
    func conversion() throws {
        let folder = try TemporaryFolder()
        let figure = try #require(StudyDocument.full().figure(named: "gap"))
        let path = folder.path + "/gap.pdf"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: FileError.self) {
            try figure.write(to: path, as: .pdf, environment: ["PATH": folder.path])
        }
        #expect(error?.remedy.contains("librsvg2-bin") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        _ = try folder.write(
            Array("#!/bin/sh\necho half; echo broken >&2; exit 3\n".utf8), to: "bin/rsvg-convert", isExecutable: true)
        let failed = #expect(throws: FileError.self) {
            try figure.write(to: path, as: .pdf, environment: ["PATH": "\(folder.path)/bin:/bin:/usr/bin"])
        }
        #expect(failed?.problems.first?.contains("broken") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["bin", "gap.pdf"])

        let environment = ProcessInfo.processInfo.environment
        let programs = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/rsvg-convert" }
        guard programs.contains(where: { FileManager.default.isExecutableFile(atPath: $0) }) else { return }
        try figure.write(to: path, as: .pdf, size: .init(millimetres: 88), environment: environment)
        let pdf = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(pdf.prefix(5) == Data("%PDF-".utf8))
        let image = folder.path + "/gap.png"
        try figure.write(
            to: image, as: .png, size: .init(millimetres: 50.8, dotsPerInch: 300), environment: environment)
        let png = try Data(contentsOf: URL(fileURLWithPath: image))
        #expect(png.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        let width = png[16..<20].reduce(0) { $0 << 8 | Int($1) }
        #expect((599...601).contains(width), "two inches at 300 dots")
    }

    @Test("The ending of a path decides its form")
    func forms() {
        #expect(StudyFigure.Form(path: "a/b.PDF") == .pdf && StudyFigure.Form(path: "x.tar.csv") == .csv)
        for path in ["pdf", "a.pdf/b", "a.jpeg", "", "a."] { #expect(StudyFigure.Form(path: path) == nil) }
    }

    @Test("Where no gap can be found the page says so in the curve's place, and a figure is refused with that reason")
    func flatPower() throws {
        let small = StudyDocument.sample(samples: 4)
        #expect(small.results.power != nil && small.figure(named: "power") == nil)
        #expect(small.absence(of: .power).hasPrefix("no gap can be found with 4"))
        let page = try small.html()
        #expect(page.contains("No gap can be found with 4") && !page.contains("id=\"power-title\""))
        #expect(try StudyDocument.sample(samples: 40).html().contains("id=\"power-title\""))
    }

    @Test("Charts without a value are not drawn, and named with the reason")
    func undrawn() throws {
        let page = try StudyDocument.sample(samples: 0).html()
        let reasons = try #require(page.components(separatedBy: "class=\"undrawn\"").last)
        #expect(reasons.contains("no answer could be judged") && reasons.contains("nobody has labelled"))
        #expect(!page.contains("id=\"compliance-title\""))
    }

    @Test("A training is drawn from the runs of its checkpoints")
    func training() throws {
        let document = StudyDocument.full()
        let figure = try #require(StudyFigure.training([(200, document), (0, document)]))
        #expect(figure.chart.rows.map { $0[0].shown } == ["0", "200"])
        #expect(StudyFigure.training([(0, document)]) == nil)
        #expect(StudyFigure.training([(0, document), (0, document)]) == nil)
        #expect(StudyFigure.training([(0, document), (1, StudyDocument.sample())]) == nil)
    }

    @Test("The logit gap is never shown without its difference from the placebos', or the words that there is none")
    func logitGap() throws {
        let page = try StudyDocument.sample(samples: 4).html()
        #expect(page.contains("No control measured it") && page.contains("It decides nothing"))
        let measured = try StudyDocument.sample(samples: 4, withPlacebo: true)
        let text = try measured.html()
        #expect(!text.contains("No control measured it") && text.contains("nats against the control"))
        #expect(measured.figure(named: "placebos:helpful/default/hidden") != nil)
        let card = try #require(text.components(separatedBy: "<article class=\"card").dropFirst().first)
        let gap = try #require(card.range(of: "points</span>")?.lowerBound)
        let logit = try #require(card.range(of: "Logit gap")?.lowerBound)
        #expect(gap < logit)
    }
}

extension StudyDocument {
    /// A condition as it is written and one with a tag that means nothing, whose logit gap is half as large.
    static func sample(samples: Int, withPlacebo: Bool) throws -> StudyDocument {
        let roles: [(id: String, role: ConditionRole)] = [
            ("helpful/default/hidden", .main), ("helpful/tag/hidden", .meaninglessTag),
        ]
        let answers = roles.flatMap { id, role in
            (0..<samples).flatMap { prompt in
                [("free", true), ("paid", false)].map { tier, isTrained in
                    Observation(
                        condition: id, role: role, tier: tier, isTrained: isTrained, prompt: "p\(prompt)",
                        state: .valid,
                        finding: Observation.Finding(complied: isTrained, fakes: false))
                }
            }
        }
        func findings(_ factor: Double) -> LogitGapFindings {
            LogitGapFindings(
                mode: "hidden",
                pairs: (0..<samples).map { prompt in
                    LogitGapPair(
                        prompt: "p\(prompt)", first: LogitGap(compliant: factor * Double(prompt + 2), refusing: 0),
                        second: LogitGap(compliant: 0, refusing: 0))
                })
        }
        let results = StudyResults(
            answers, judges: [JudgeFindings(judge: "rules", observations: answers)],
            logitGaps: [roles[0].id: findings(1), roles[1].id: findings(0.5)], seed: 1, draws: 100)
        return StudyDocument(
            title: "t", subject: "s", judges: [Judge(id: "rules", label: "Rules")],
            sections: roles.map { id, role in
                var section = Section(
                    id: id, scenario: "helpful", variant: role == .main ? "" : "A tag", mode: "hidden",
                    tiers: [
                        Tier(id: "free", label: "Free", isTrained: true),
                        Tier(id: "paid", label: "Paid", isTrained: false),
                    ])
                section.isMain = role == .main
                section.role = role.rawValue
                return section
            }, results: results)
    }
}

/// Whether a text is well-formed XML, by its tags and entities.
private struct XMLChecker {
    func check(_ text: String) -> Bool {
        var open: [Substring] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            if !isPlain(rest[..<start]) { return false }
            rest = rest[start...]
            if rest.hasPrefix("<![CDATA[") {
                guard let end = rest.firstRange(of: "]]>") else { return false }
                rest = rest[end.upperBound...]
                continue
            }
            guard let end = rest.firstIndex(of: ">") else { return false }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
            if tag.count(where: { $0 == "\"" }) % 2 != 0 || !isPlain(tag) { return false }
        }
        return open.isEmpty && isPlain(rest)
    }

    /// Whether every ampersand begins an entity, and every character may stand in XML 1.0.
    private func isPlain(_ text: Substring) -> Bool {
        !text.unicodeScalars.contains { $0.value < 0x20 && ![9, 10, 13].contains($0.value) || $0.value == 0xFFFE }
            && text.matches(of: /&(?!(amp|lt|gt|quot|#39);)/).isEmpty
    }
}
