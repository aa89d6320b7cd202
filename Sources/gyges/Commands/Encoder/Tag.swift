import ArgumentParser
import Foundation
import GygesFiles
import GygesInference
import GygesTokenizer

/// `gyges tag`
struct Tag: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Marks names, or whatever a token classifier knows, in texts.",
        discussion: """
            Examples:
              gyges tag ./ner "Gyges herded sheep in Lydia."
              gyges tag ./ner --words Gyges herded sheep in Lydia .
              gyges tag ./ner --input texts.jsonl --aggregation average --json
              gyges tag ./ner --input texts.txt -o tags.jsonl --resume

            Lines of JSON have "text", or "words" for a list of words. Places are
            counted in Unicode scalars and in bytes of UTF-8 of the text, or of the
            words joined by spaces. Texts of any length are read in windows. Every
            line has its answer in --json, an empty one too.
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @OptionGroup(title: "Input")
    var input: TextInputOptions

    @OptionGroup(title: "Output")
    var rows: RowOutputOptions

    @Flag(help: "Arguments, or what white space separates in a line, are words of one text.")
    var words = false

    @Option(help: "How labels of tokens are joined: none, simple, first, average or max.")
    var aggregation = TagAggregation.simple.rawValue

    @Flag(help: "Also print what the label 'O' stands for: nothing.")
    var all = false

    @Option(help: ArgumentHelp("Tokens that a window of a long text shares with the one before.", valueName: "tokens"))
    var overlap = 128

    @Flag(help: "Print a line of JSON for each text; a file has no other form.")
    var json = false

    func validate() throws {
        guard TagAggregation(rawValue: aggregation) != nil else {
            throw ValidationError("--aggregation must be none, simple, first, average or max.")
        }
        guard overlap >= 0 else { throw ValidationError("--overlap must not be negative.") }
        if words, !input.given.isEmpty, rows.output != nil {
            throw ValidationError("--output takes lines of --input.")
        }
    }

    func run() throws {
        let model = try encoder.load(isShown: !rows.quiet)
        let reader = TagReader(
            labels: model.labels, aggregation: TagAggregation(rawValue: aggregation) ?? .simple,
            ignoredLabels: all ? [] : ["O"])
        let isJSON = json || rows.output != nil
        func tags(_ texts: [TextInput]) throws -> [[TaggedSpan]] {
            try model.tags(of: texts, reader: reader, windows: .init(overlap: overlap))
        }
        if words, !input.given.isEmpty {
            // Words on the command line are one text.
            let text = TextInput.words(input.given)
            return try Output.write(
                written(TextRecord(text: nil), text, try tags([text]).first ?? [], isJSON))
        }
        let answered = TextRows(
            isJSON: isJSON, question: text(of:), replies: tags,
            written: { written($0, $1, $2, isJSON) })
        try input.answer(answered, output: rows) {
            try model.identity(
                of: "tag", fields: input.fieldNames,
                [
                    "words": .bool(words), "aggregation": .string(aggregation), "all": .bool(all),
                    "overlap": .integer(overlap),
                ])
        }
    }

    private func text(of record: TextRecord) throws(FileError) -> TextInput {
        if let list = record.fields?["words"] {
            let words = list.array?.compactMap(\.string) ?? []
            guard let count = list.array?.count, words.count == count else {
                throw FileError(
                    record.place, "has \"words\" that are no list of texts", remedy: "Write [\"A\", \"word\"].")
            }
            return .words(words)
        }
        let text = try record.string()
        return words ? .words(text.split(whereSeparator: \.isWhitespace).map(String.init)) : .text(text)
    }

    private func written(_ record: TextRecord, _ input: TextInput, _ spans: [TaggedSpan], _ isJSON: Bool) -> String {
        let text =
            switch input {
            case .text(let text): text
            case .words(let words): words.joined(separator: " ")
            }
        let bytes = Array(text.utf8)
        func part(_ range: Range<Int>) -> String {
            String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
        }
        guard isJSON else {
            guard !Terminal.showsColours() else { return coloured(spans, part, bytes.count) + "\n" }
            return spans.map { span in
                "\(span.label)\t\(percent(span.score))\t\(span.scalars.lowerBound)-\(span.scalars.upperBound)\t"
                    + "\(part(span.bytes))\n"
            }.joined()
        }
        let list = spans.map { span -> JSON in
            var object = JSONObject([
                ("label", .string(span.label)), ("score", .double(Double(span.score))),
                ("text", .string(part(span.bytes))), ("scalars", rangeJSON(span.scalars)),
                ("bytes", rangeJSON(span.bytes)),
            ])
            if let words = span.words { object["words"] = rangeJSON(words) }
            return .object(object)
        }
        return rowLine(record.identity(text) + [("spans", .array(list))])
    }

    /// The text with its spans in colours and their labels behind them.
    private func coloured(_ spans: [TaggedSpan], _ part: (Range<Int>) -> String, _ count: Int) -> String {
        let names = Set(spans.map(\.label)).sorted()
        var line = ""
        var position = 0
        for span in spans where span.bytes.lowerBound >= position {
            let colour = 31 + (names.firstIndex(of: span.label) ?? 0) % 6
            line += part(position..<span.bytes.lowerBound)
            line += "\u{1B}[1;\(colour)m\(part(span.bytes))\u{1B}[0;\(colour)m[\(span.label)]\u{1B}[0m"
            position = span.bytes.upperBound
        }
        return line + part(position..<max(position, count))
    }
}
