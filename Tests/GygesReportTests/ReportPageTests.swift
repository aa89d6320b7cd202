import Foundation
import GygesFiles
@testable import GygesReport
import GygesTestSupport
import Testing

/// The page as a file that strangers' text cannot take over.
@Suite struct ReportPageTests {
    static let hostile = [
        "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "\"'><svg onload=alert(1)>", "]]>--><!--",
        "{{title}} {{{style}}}", "&lt;b&gt; &amp;", "javascript:alert(1)", "a\u{202E}b\u{0}c\u{2066}d\u{200B}e",
        "</style><style>*{display:none}",
    ]

    @Test("Text from outside never becomes markup", arguments: hostile)
    func textIsEscaped(text: String) throws {
        let page = try StudyDocument.sample(text: text).html(Exchange.sample(text: text))
        let plain = try StudyDocument.sample(text: "x").html(Exchange.sample(text: "x"))
        // Tags begin with "<": hostile text must not add any. How many lines a chart's name takes depends on its letters, so that whole
        // lines of charts, in the only form that they have, are left out of both.
        let line =
            /<text class="[a-z ]+" x="[-0-9.]+" y="[-0-9.]+" text-anchor="(start|middle|end)"( transform="[^"<>]*")?>[^<]*<\/text>/
        func tags(_ page: String) -> Int { page.replacing(line, with: "").count { $0 == "<" } }
        #expect(tags(page) == tags(plain))
        #expect(!page.contains("<script>alert"))
        #expect(!page.contains("<img"))
        #expect(!page.contains("onerror=alert(1)>"))
    }

    @Test("What cannot be seen is shown by its number")
    func hiddenScalarsAreShown() throws {
        let page = try StudyDocument.sample(text: "a\u{202E}b\u{0}c").html()
        #expect(page.contains("⟨U+202E⟩") && page.contains("⟨U+0000⟩"))
        #expect(!page.unicodeScalars.contains { $0.value == 0x202E || $0.value == 0 })
    }

    @Test("The page needs nothing but itself")
    func isSelfContained() throws {
        let page = try StudyDocument.sample().html(Exchange.sample())
        #expect(page.lowercased().hasPrefix("<!doctype html>"))
        #expect(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"))
        for attribute in ["src=\"http", "href=\"http", "url(http", "@import", "<link"] {
            #expect(!page.contains(attribute), "\(attribute)")
        }
        #expect(page.contains("prefers-color-scheme: dark"))
        #expect(page.contains(Canary.line))
    }

    @Test("No chart holds a number that is none, with no, one or many samples", arguments: [0, 1, 2, 40])
    func chartsHoldNumbers(samples: Int) throws {
        let page = try StudyDocument.sample(samples: samples).html()
        #expect(page.contains("<svg"))
        for word in ["NaN", "nan\"", "inf\"", "Infinity", "nil", "Optional("] {
            #expect(!page.contains(word), "\(word) with \(samples) samples")
        }
    }

    @Test("With too few pairs to reject anything the page says so, and claims neither a gap nor its absence")
    func saysWhenThereAreTooFewPairs() throws {
        // All differ in one direction: five prompts can give 0.0625 at best, six 0.031, which is not enough in two conditions.
        let page = { try StudyDocument.sample(samples: $0).html() }
        let (five, six, seven) = (try page(5), try page(6), try page(7))
        #expect(five.contains("5\u{A0}prompts the test cannot show a gap, however large it is"))
        #expect(!six.contains("cannot show a gap") && six.contains("Neither a gap nor its absence is shown"))
        for text in [five, six] {
            #expect(text.contains("Inconclusive") && !text.contains("The subject complies more often"))
        }
        #expect(seven.contains("The subject complies more often") && !seven.contains("Inconclusive"))
        #expect(try page(0).contains("No prompt has a valid, judged answer in both tiers"))
    }

    @Test("The same document gives the same bytes")
    func isDeterministic() throws {
        let page = { try StudyDocument.sample().html(Exchange.sample()) }
        #expect(try page() == page())
    }

    @Test("A redacted report keeps the numbers and none of the texts, in no file")
    func redaction() throws {
        let secret = "secretwords"
        var document = StudyDocument.sample(text: "plain")
        for section in document.sections.indices {
            document.sections[section].systemPrompt = secret
            document.sections[section].userTurn = secret
        }
        let exchanges = Exchange.sample(text: secret, samples: 3).map { exchange in
            var exchange = exchange
            for answer in exchange.answers.indices {
                exchange.answers[answer].judgements[0].remarks = []
                exchange.answers[answer].judgements[0].criteria[0].name = "criterion"
            }
            return exchange
        }
        func files(_ options: ReportWriter.Options) throws -> [String: String] {
            let temporary = try TemporaryFolder()
            let folder = temporary.path
            var writer = try ReportWriter(document, folder: folder, options: options)
            for exchange in exchanges { try writer.append(exchange) }
            return try Dictionary(
                uniqueKeysWithValues: writer.finish(document).map { path in
                    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
                    let name =
                        path.hasSuffix(".eval")
                        ? "log of \(path.suffix(20))" : String(path.split(separator: "/").last ?? "")
                    let blocks = try PackedPage.blocks(of: String(decoding: bytes, as: UTF8.self)).map {
                        $0.1.serialized()
                    }
                    return (
                        name,
                        String(decoding: bytes, as: UTF8.self) + blocks.joined()
                            + PackedArchive.texts(of: bytes).joined()
                    )
                })
        }
        let whole = try files(.init(writesInspectLogs: true))
        let redacted = try files(.init(isRedacted: true, writesInspectLogs: true))
        #expect(whole.count == 14 && redacted.count == 14)
        for name in ["report.html", "transcripts.jsonl"] { #expect(whole[name]?.contains(secret) == true) }
        #expect(whole.filter { $0.key.hasPrefix("log") }.allSatisfy { $0.value.contains(secret) })
        for (name, text) in redacted { #expect(!text.contains(secret), "\(name)") }
        #expect(redacted["report.html"]?.contains("were removed from this copy") == true)
        #expect(
            redacted["conditions.csv"] == whole["conditions.csv"]
                && redacted["judgements.csv"] == whole["judgements.csv"])
    }
}

/// The packed transcripts of a page, read as its script reads them.
enum PackedPage {
    /// The blocks by name in the page's order.
    static func blocks(of page: String) throws -> [(String, JSON)] {
        try page.matches(of: /<script type="text\/plain" id="([^"]*)">([^<]*)<\/script>/).map { match in
            let packed = [UInt8](try #require(Data(base64Encoded: String(match.output.2))))
            let text = try #require(Deflate.decompressed(packed, limit: 1 << 24))
            return (String(match.output.1), try JSON(parsing: String(decoding: text, as: UTF8.self)))
        }
    }
}

/// The files of a ZIP archive, found by their own headers.
enum PackedArchive {
    static func texts(of bytes: [UInt8]) -> [String] {
        var texts: [String] = []
        var place = 0
        func number(_ at: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
        while place + 30 <= bytes.count, number(place, 4) == 0x0403_4B50 {
            let (method, packed, size) = (number(place + 8, 2), number(place + 18, 4), number(place + 22, 4))
            let start = place + 30 + number(place + 26, 2) + number(place + 28, 2)
            let data = Array(bytes[start..<(start + packed)])
            let whole = method == 0 ? data : Deflate.decompressed(data, limit: size) ?? []
            texts.append(String(decoding: whole, as: UTF8.self))
            place = start + packed
        }
        return texts
    }
}
