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

            [MASK] stands for one token. Of several, each is guessed with the others
            masked.
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @OptionGroup(title: "Input")
    var input: TextInputOptions

    @Option(help: ArgumentHelp("How many guesses.", valueName: "count"))
    var topK = 5

    @Flag(help: "Print a line of JSON for each text.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(topK) else { throw ValidationError("--top-k must be from 1 to 1000.") }
    }

    func run() throws {
        let model = try encoder.load()
        try input.forEachBatch { records in
            let texts = try records.map { record throws(FileError) in try record.string() }
            for (index, filled) in try model.fill(texts, count: topK).enumerated() {
                guard !filled.isEmpty else {
                    throw FileError(
                        records[index].place, "has no [MASK] among the tokens that the model reads",
                        remedy: "Write [MASK] where a word is to be guessed.")
                }
                try show(records[index], texts[index], filled, model)
            }
        }
    }

    private func show(
        _ record: TextRecord, _ text: String, _ filled: [MaskedPlace], _ model: TextEncoder
    ) throws {
        let places = try model.maskPlaces(in: text)
        func sentence(_ mask: Int, _ candidate: MaskCandidate) -> String {
            guard places.indices.contains(mask) else { return text }
            let bytes = Array(text.utf8)
            let place = places[mask].bytes
            return String(decoding: bytes[..<place.lowerBound], as: UTF8.self) + candidate.text
                + String(decoding: bytes[place.upperBound...], as: UTF8.self)
        }
        guard json else {
            print(text)
            for (mask, place) in filled.enumerated() {
                var table = Table([
                    ("", .right), (filled.count > 1 ? "MASK \(mask + 1)" : "TOKEN", .left), ("TEXT", .left),
                ])
                for candidate in place.candidates {
                    table.append([
                        percent(candidate.probability), JSON.string(candidate.text).serialized(),
                        sentence(mask, candidate),
                    ])
                }
                print(table.text)
            }
            return print("")
        }
        let masks = filled.enumerated().map { mask, place -> JSON in
            let span = places.indices.contains(mask) ? places[mask] : (scalars: 0..<0, bytes: 0..<0)
            return [
                "token_index": .integer(place.position), "scalars": rangeJSON(span.scalars),
                "bytes": rangeJSON(span.bytes),
                "candidates": .array(
                    place.candidates.map {
                        [
                            "id": .integer(Int($0.token)), "token": .string($0.text),
                            "probability": .double(Double($0.probability)), "text": .string(sentence(mask, $0)),
                        ]
                    }),
            ]
        }
        try printLine(record.identity(text) + [("masks", .array(masks))])
    }
}

/// A place as two numbers.
func rangeJSON(_ range: Range<Int>) -> JSON { [.integer(range.lowerBound), .integer(range.upperBound)] }
