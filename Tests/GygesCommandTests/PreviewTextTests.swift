import Foundation
import GygesTraining
import Testing

@testable import gyges

/// How samples look on a terminal.
@Suite struct PreviewTextTests {
    private static let histogram = {
        var histogram = SupervisionHistogram()
        for count in [1, 2, 3, 3, 9] { histogram.add(count) }
        return histogram
    }()

    @Test("Documents by the tokens that they teach, as bars")
    func bars() {
        let lines = ["   1  ██ 1", " 2-3  ██████ 3", " 4-7  0", "8-15  ██ 1"]
        #expect(Self.histogram.text(width: 6) == lines.joined(separator: "\n"))
        #expect(SupervisionHistogram().text() == "")
    }

    private static let preview = BatchPreview(samples: [
        .init(
            reference: .init(source: 0, document: 17, tokens: 0..<6),
            tokens: [
                token("<|im_start|>", isSpecial: true), token("Who?\\n", endsLine: true), token("A", isPredicted: true),
                token(" ring", isPredicted: true), token("<|im_end|>", isPredicted: true, isSpecial: true),
                token("\\n", endsLine: true),
            ]),
        .init(
            reference: .init(source: 1, document: 3, tokens: 512..<515),
            tokens: [token("a"), token("[MASK]", isPredicted: true, hidden: "\\xE2"), token("\\u{1b}")]),
    ])

    private static func place(_ sample: SampleReference) -> String {
        "source \(sample.source), document \(sample.document)"
    }

    private static func token(
        _ text: String, isPredicted: Bool = false, isSpecial: Bool = false, endsLine: Bool = false,
        hidden: String? = nil
    ) -> BatchPreview.Token {
        .init(
            id: 0, text: text, isPredicted: isPredicted, hiddenText: hidden, isSpecial: isSpecial, endsLine: endsLine)
    }

    @Test("Without colours, what is predicted stands in brackets")
    func brackets() {
        #expect(
            Self.preview.text(colours: false, place: Self.place) == #"""
                ── source 0, document 17: 3 of 6 predicted ──
                <|im_start|>Who?\n
                ⟦A ring<|im_end|>⟧\n
                ── source 1, document 3, the rest of it: 1 of 3 predicted ──
                a⟦[MASK]→\xE2⟧\u{1b}

                """#)
        #expect(BatchPreview(samples: []).text(colours: true, place: Self.place) == "")
    }

    @Test("With colours, what is predicted is green and the rest dim, and every token is reset")
    func colours() {
        let text = Self.preview.text(colours: true) { $0.source == 0 ? "rows.jsonl" : "\u{1B}[31m" }
        #expect(
            text.contains("\u{1B}[32mA\u{1B}[0m\u{1B}[32m\u{1B}[4m ring\u{1B}[0m\u{1B}[32m\u{1B}[1m<|im_end|>\u{1B}[0m")
        )
        #expect(text.contains("\u{1B}[2m\u{1B}[1m<|im_start|>\u{1B}[0m"))
        // A source's name steers no terminal.
        #expect(text.contains(#"── \u{1b}[31m, the rest of it"#))
        #expect(text.components(separatedBy: "\u{1B}[0m").count == 10)
    }
}
