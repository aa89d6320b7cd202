import Foundation
import GygesAnalysis
import GygesFiles
@testable import GygesReport
import GygesStatistics
import GygesTestSupport
import Testing

/// The tables as other programs read them.
@Suite struct ExportTests {
    /// A reader of RFC 4180 that shares nothing with the writer.
    static func parse(_ text: String) -> [[String]] {
        var rows: [[String]] = [[""]]
        var isQuoted = false
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            let row = rows.count - 1, column = rows[row].count - 1
            switch scalar {
            case "\"" where isQuoted && next == "\"":
                rows[row][column].unicodeScalars.append("\"")
                next = scalars.next()
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: rows[row].append("")
            case "\r" where !isQuoted && next == "\n":
                rows.append([""])
                next = scalars.next()
            default: rows[row][column].unicodeScalars.append(scalar)
            }
        }
        return rows.dropLast()
    }

    @Test("Fields survive commas, quotes and ends of lines", arguments: ["a,b", "say \"so\"", "two\r\nlines", " é "])
    func fieldsSurvive(text: String) {
        var document = StudyDocument.sample(text: text)
        document.sections[0].id = text
        document.results.judges[0].conditions[0].id = text
        let rows = Self.parse(document.conditionsTable())
        #expect(rows.allSatisfy { $0.count == rows[0].count })
        #expect(rows[1][0] == text && rows[1][1] == text)
    }

    @Test("Counts, shares and intervals are those of the document")
    func numbers() throws {
        let rows = Self.parse(StudyDocument.sample(samples: 4, complied: 2).conditionsTable())
        let row = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
        #expect(row["asked"] == "5" && row["truncated"] == "1" && row["judged"] == "4" && row["complied"] == "2")
        #expect(row["compliance"] == "0.5")
        // Wilson's interval for 2 of 4 (statsmodels: proportion_confint(2, 4, method="wilson")).
        let low = try #require(row["compliance_low"].flatMap(Double.init))
        #expect(abs(low - 0.15003898915214947) < 1e-12)
        #expect(row["canary"] == Canary.line)
    }

    @Test("Page, tables and JSON show the same numbers, with intervals also where labels are halves")
    func agrees() throws {
        var document = StudyDocument.sample(samples: 8)
        let labels: [Double] = [0, 0.5, 1, 0.5, 0.5, 0, 0, 1]
        var answers: [Observation] = []
        for (index, label) in labels.enumerated() {
            for (tier, isTrained) in [("free", true), ("paid", false)] {
                answers.append(
                    Observation(
                        condition: "one", role: .main, tier: tier, isTrained: isTrained, prompt: "p\(index)",
                        state: .valid, finding: .init(complied: isTrained, reasoningLabel: label, fakes: label > 0)))
            }
        }
        document.results = StudyResults(
            answers, judges: [JudgeFindings(judge: "rules", observations: answers)], seed: 1, draws: 100)
        let rate = try #require(document.results.primary?.condition("one")?.trainedTier?.faking)
        #expect(rate.total == 3.5 && rate.count == 8)
        let rows = Self.parse(document.conditionsTable())
        let row = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
        #expect(row["faking"] == "3.5" && row["faking_rate"] == "0.4375")
        #expect(row["faking_low"] == "\(rate.interval.lower)" && row["faking_high"] == "\(rate.interval.upper)")
        let page = try document.html()
        #expect(
            page.contains(">3.5/8</td><td>\(Numbers.percent(0.4375))</td><td>\(Numbers.percent(rate.interval))</td>"))
        let json = try JSON(parsing: document.analysisFile())
        #expect(json["canary"]?.string == Canary.line)
        let tier = json["judges"]?.array?[0]["conditions"]?.array?[0]["tiers"]?.array?[0]
        #expect(tier?["faking"]?["total"]?.double == 3.5 && tier?["faking"] == tier?["reasoning"]?["faking"])
        #expect(tier?["faking"]?["interval"]?["lower"]?.double == rate.interval.lower)
    }

    @Test("Every line of the transcripts is a JSON document, the first with the canary")
    func transcripts() throws {
        let text = "line\nbreak \u{2028} \"quoted\" 🧿"
        let writer = TranscriptLines(.sample(text: text))
        let lines = (writer.header + Exchange.sample(text: text).map(writer.lines).joined()).split(separator: "\n")
        let documents = try lines.map { try JSON(parsing: String($0)) }
        #expect(documents.first?["canary"]?.string == Canary.line)
        let answers = documents.dropFirst()
        #expect(answers.count == 8)
        #expect(answers.allSatisfy { $0["raw"]?.string == text && $0["judgements"]?.array?.count == 1 })
    }

    @Test(
        "A row an answer and a row a judge's word, with as many fields as the header",
        arguments: ["a,b", "two\r\nlines"])
    func samples(text: String) throws {
        let tables = SampleTables(.sample(text: text))
        let exchanges = Exchange.sample(text: text)
        let samples = Self.parse(tables.samplesHeader + exchanges.map(tables.samples).joined())
        let judgements = Self.parse(tables.judgementsHeader + exchanges.map(tables.judgements).joined())
        #expect(samples.count == 9 && judgements.count == 1 + 8 * 4)
        #expect((samples + judgements).allSatisfy { $0.count == ($0.contains("question") || $0.count == 10 ? 10 : 14) })
        #expect(judgements[3].dropFirst(5) == ["rules", text, text, "", Canary.line])
        #expect(samples.dropFirst().allSatisfy { $0.last == Canary.line })
    }

    @Test func anInspectLogSumsTheTokensOfItsSamples() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        let document = StudyDocument.sample()
        var writer = try ReportWriter(document, folder: folder, options: .init(writesInspectLogs: true))
        for exchange in Exchange.sample() { try writer.append(exchange) }
        let logs = try writer.finish(document).filter { $0.hasSuffix(".eval") }
        #expect(logs.count == 2)
        for log in logs {
            let reader = try ZipReader(path: log)
            let header = try #require(reader.entries.first { $0.name == "header.json" })
            let json = try JSON.parse(reader.contents(of: header, limit: 1 << 20), path: log)
            // Two samples in two tiers of 3 tokens read and 4 written.
            let usage = json["stats"]?["model_usage"]?["plain"]
            #expect(usage == ["input_tokens": 12, "output_tokens": 16, "total_tokens": 28])
        }
    }
}
