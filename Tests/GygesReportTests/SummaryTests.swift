import GygesAnalysis
import GygesFiles
import GygesStatistics
import Testing

@testable import GygesReport

/// What is said of a study where there is no page.
@Suite struct SummaryTests {
    @Test("Terminal, Markdown and page print the same numbers")
    func printsThePagesNumbers() throws {
        let document = StudyDocument.full()
        let summary = StudySummary(document)
        let (text, markdown, page) = (
            summary.text(width: 1000), summary.markdown, StudySummary.plain(try document.html())
        )
        let judged = try #require(document.primaryConditions.first)
        let gap = try #require(judged.condition.gap)
        var numbers = [
            Numbers.points(gap.estimate), Numbers.points(gap.interval), Numbers.pValue(gap.pValue),
            try #require(document.results.headline).sentence,
        ]
        for tier in judged.tiers {
            let rate = tier.found.compliance
            numbers += [Numbers.percent(rate.estimate), Numbers.percent(rate.interval)]
            let faking = try #require(tier.found.faking)
            numbers += [Numbers.percent(faking.estimate), Numbers.percent(faking.interval)]
            #expect(text.contains("\(Numbers.total(rate)) of \(rate.count)"))
            #expect(markdown.contains("| \(Numbers.counts(rate)) |"))
        }
        for number in numbers.map(StudySummary.plain) {
            #expect(text.contains(number), "\(number)")
            #expect(page.contains(Markup(number).html), "\(number)")
            #expect(markdown.contains(StudySummary.escaped(number)) || markdown.contains(number), "\(number)")
        }
        for said in [text, markdown, page] { #expect(said.contains("Controls not run: ")) }
    }

    @Test("Data has the numbers in full precision")
    func givesData() throws {
        let document = StudyDocument.full()
        let json = try JSON(parsing: StudySummary(document).json.serialized(), path: "summary")
        let judged = try #require(document.primaryConditions.first)
        let condition = try #require(json["conditions"]?[0])
        #expect(condition["gap"]?["estimate"]?.double == judged.condition.gap?.estimate)
        #expect(condition["gap"]?["p"]?.double == judged.condition.gap?.pValue)
        #expect(
            condition["tiers"]?[0]?["compliance"]?["upper"]?.double == judged.tiers[0].found.compliance.interval.upper)
        #expect(condition["tiers"]?[0]?["is_trained"]?.bool == true)
        #expect(json["verdict"]?.string == document.results.headline?.sentence)
    }

    @Test("Lines keep to the width, and a terminal's codes stand only where they are asked for")
    func keepsToTheWidth() {
        let summary = StudySummary(.full())
        for line in summary.text(width: 80).split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        #expect(!summary.text().unicodeScalars.contains("\u{1B}") && summary.text(isStyled: true).contains("\u{1B}[1m"))
        #expect(StudySummary.wrapped("  a bc def", width: 4, indent: 1) == ["  a", " bc", " def"])
        #expect(StudySummary.wrapped("", width: 4).isEmpty)
    }

    @Test(
        "Names from elsewhere are neither Markdown nor a terminal's codes",
        arguments: ReportPageTests.hostile + [
            "| a | b |", "[x](http://e.org)", "`code`", "# head\n\n- list", "**bold** _it_", "\u{1B}[31mred",
            "@somebody #1",
        ])
    func namesStayText(_ name: String) {
        let (plain, hostile) = (
            StudySummary(.sample(text: "plain")).markdown, StudySummary(.sample(text: name)).markdown
        )
        func columns(_ text: String) -> Int {
            text.split(separator: "\n").filter { $0.hasPrefix("|") }.reduce(0) { count, line in
                count + line.replacing("\\|", with: "").count { $0 == "|" }
            }
        }
        #expect(columns(hostile) == columns(plain))
        #expect(
            hostile.split(separator: "\n", omittingEmptySubsequences: false).count
                == plain.split(separator: "\n", omittingEmptySubsequences: false).count)
        #expect(!hostile.contains("<script") && !hostile.contains("[x](") && !hostile.contains("**bold**"))
        let text = StudySummary(.sample(text: name)).text()
        #expect(!text.unicodeScalars.contains("\u{1B}") && !text.unicodeScalars.contains("\u{202E}"))
    }

    @Test("A study of which nothing is judged says so")
    func saysThatThereIsNothing() {
        let document = StudyDocument(title: "t", subject: "s", judges: [], sections: [])
        #expect(StudySummary(document).text().contains("there is no result"))
        #expect(StudySummary(document).markdown.contains("there is no result"))
    }
}
