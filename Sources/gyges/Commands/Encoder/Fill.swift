import ArgumentParser
import Foundation
import GygesFiles
import GygesInference

/// `gyges fill`
struct Fill: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Guesses what stands in the masked places of texts.",
        discussion: """
            Examples:
              gyges fill ./modernbert "Paris is the [MASK] of France."
              gyges fill ./modernbert --top-k 3 --json < texts.txt
              gyges fill ./modernbert --input texts.txt -o guesses.jsonl --resume

            [MASK] stands for one token. Of several, each is guessed with the others
            masked. A text without one is named, and the others go on.
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @OptionGroup(title: "Input")
    var input: TextInputOptions

    @OptionGroup(title: "Output")
    var rows: RowOutputOptions

    @Option(help: ArgumentHelp("How many guesses.", valueName: "count"))
    var topK = 5

    @Flag(help: "Print a line of JSON for each text; a file has no other form.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(topK) else { throw ValidationError("--top-k must be from 1 to 1000.") }
    }

    func run() throws {
        let model = try encoder.load(isShown: !rows.quiet)
        let isJSON = json || rows.output != nil
        let answered = TextRows(
            isJSON: isJSON, question: { try $0.string() }, replies: { try model.fill($0, count: topK) },
            written: { record, text, filled in
                guard !filled.isEmpty else {
                    throw FileError(
                        record.place, "has no [MASK] among the tokens that the model reads",
                        remedy: "Write [MASK] where a word is to be guessed.")
                }
                return isJSON
                    ? try line(record, text, filled, model) : try table(text, filled, model)
            })
        try input.answer(answered, output: rows) {
            try model.identity(of: "fill", fields: input.fieldNames, ["top-k": .integer(topK)])
        }
    }

    /// The text with a guess in a masked place.
    private func sentence(
        _ text: String, _ places: [(scalars: Range<Int>, bytes: Range<Int>)], _ mask: Int, _ candidate: MaskCandidate
    ) -> String {
        guard places.indices.contains(mask) else { return text }
        let bytes = Array(text.utf8)
        let place = places[mask].bytes
        return String(decoding: bytes[..<place.lowerBound], as: UTF8.self) + candidate.text
            + String(decoding: bytes[place.upperBound...], as: UTF8.self)
    }

    private func table(_ text: String, _ filled: [MaskedPlace], _ model: TextEncoder) throws -> String {
        let places = try model.maskPlaces(in: text)
        var lines = [text]
        for (mask, place) in filled.enumerated() {
            var table = Table([
                ("", .right), (filled.count > 1 ? "MASK \(mask + 1)" : "TOKEN", .left), ("TEXT", .left),
            ])
            for candidate in place.candidates {
                table.append([
                    percent(candidate.probability), JSON.string(candidate.text).serialized(),
                    sentence(text, places, mask, candidate),
                ])
            }
            lines.append(table.text)
        }
        return lines.joined(separator: "\n") + "\n\n"
    }

    private func line(
        _ record: TextRecord, _ text: String, _ filled: [MaskedPlace], _ model: TextEncoder
    ) throws -> String {
        let places = try model.maskPlaces(in: text)
        let masks = filled.enumerated().map { mask, place -> JSON in
            let span = places.indices.contains(mask) ? places[mask] : (scalars: 0..<0, bytes: 0..<0)
            return [
                "token_index": .integer(place.position), "scalars": rangeJSON(span.scalars),
                "bytes": rangeJSON(span.bytes),
                "candidates": .array(
                    place.candidates.map {
                        [
                            "id": .integer(Int($0.token)), "token": .string($0.text),
                            "probability": .double(Double($0.probability)),
                            "text": .string(sentence(text, places, mask, $0)),
                        ]
                    }),
            ]
        }
        return rowLine(record.identity(text) + [("masks", .array(masks))])
    }
}

/// A place as two numbers.
func rangeJSON(_ range: Range<Int>) -> JSON { [.integer(range.lowerBound), .integer(range.upperBound)] }
