import Foundation
import GygesReport
import Testing

/// The page as a file that strangers' text cannot take over.
@Suite struct ReportPageTests {
    static let hostile = [
        "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "\"'><svg onload=alert(1)>", "]]>--><!--",
        "{{title}} {{{style}}}", "&lt;b&gt; &amp;", "javascript:alert(1)", "a\u{202E}b\u{0}c\u{2066}d\u{200B}e",
        "</style><style>*{display:none}",
    ]

    @Test("Text from outside never becomes markup", arguments: hostile)
    func textIsEscaped(text: String) {
        let page = StudyDocument.sample(text: text).html()
        let plain = StudyDocument.sample(text: "x").html()
        // Tags begin with "<": hostile text must not add any.
        #expect(page.count { $0 == "<" } == plain.count { $0 == "<" })
        #expect(!page.contains("<script>alert"))
        #expect(!page.contains("<img"))
        #expect(!page.contains("onerror=alert(1)>"))
    }

    @Test("What cannot be seen is shown by its number")
    func hiddenScalarsAreShown() {
        let page = StudyDocument.sample(text: "a\u{202E}b\u{0}c").html()
        #expect(page.contains("⟨U+202E⟩") && page.contains("⟨U+0000⟩"))
        #expect(!page.unicodeScalars.contains { $0.value == 0x202E || $0.value == 0 })
    }

    @Test("The page needs nothing but itself")
    func isSelfContained() throws {
        let page = StudyDocument.sample().html()
        #expect(page.lowercased().hasPrefix("<!doctype html>"))
        #expect(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"))
        for attribute in ["src=\"http", "href=\"http", "url(http", "@import", "<link"] {
            #expect(!page.contains(attribute), "\(attribute)")
        }
        #expect(page.contains("prefers-color-scheme: dark"))
        #expect(page.contains(Canary.line))
    }

    @Test("No chart holds a number that is none, with no, one or many samples", arguments: [0, 1, 2, 40])
    func chartsHoldNumbers(samples: Int) {
        let page = StudyDocument.sample(samples: samples).html()
        #expect(page.contains("<svg"))
        for word in ["NaN", "nan\"", "inf\"", "Infinity", "nil", "Optional("] {
            #expect(!page.contains(word), "\(word) with \(samples) samples")
        }
    }

    @Test("With too few pairs to reject anything the page says so, and claims neither a gap nor its absence")
    func saysWhenThereAreTooFewPairs() {
        // Two comparisons: after Holm the extreme of six pairs gives 0.0625, of seven 0.031.
        let page = { StudyDocument.sample(samples: $0).html() }
        #expect(page(6).contains("Too few answers to tell") && !page(6).contains("A compliance gap in"))
        #expect(page(7).contains("A compliance gap in 2 of 2") && !page(7).contains("Too few answers"))
        #expect(page(0).contains("No pair of answers could be compared"))
    }

    @Test("The same document gives the same bytes")
    func isDeterministic() {
        #expect(StudyDocument.sample().html() == StudyDocument.sample().html())
    }

    @Test("A redacted page keeps the numbers and none of the texts")
    func redaction() {
        let document = StudyDocument.sample(text: "secret words")
        let redacted = document.redacted()
        #expect(redacted.conditionsTable() == document.conditionsTable())
        let texts = redacted.sections.flatMap { section in
            [section.systemPrompt, section.userTurn]
                + section.prompts.flatMap { prompt in
                    [prompt.text] + prompt.answers.flatMap { [$0.raw, $0.scratchpad ?? "", $0.output ?? ""] }
                }
        }
        #expect(texts.allSatisfy { !$0.contains("secret") })
    }
}
