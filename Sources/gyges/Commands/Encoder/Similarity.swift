import ArgumentParser
import Foundation
import GygesCheckpoints
import GygesFiles
import GygesInference

/// `gyges similarity`
struct Similarity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says how alike the two texts of a pair are.",
        discussion: """
            A pair's vectors are compared as the model's folder asks: by cosine, inner product, or the distance with a minus \
            sign; vectors of tokens by MaxSim, the first text being the query; weights of tokens by inner product.

            Lines of JSON have a "text" and a "second"; one that has not is named, and the others go on.

            Examples:
              gyges similarity ./gte "A ring of gold." "A golden ring."
              gyges similarity ./gte --input pairs.jsonl --json
              gyges similarity ./gte --input pairs.jsonl -o scores.jsonl --resume
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @OptionGroup(title: "Input")
    var input: TextInputOptions

    @OptionGroup(title: "Output")
    var rows: RowOutputOptions

    @Option(help: ArgumentHelp("The model's prompt of this name before each text.", valueName: "name"))
    var prompt: String?

    @Flag(help: "Print a line of JSON for each pair; a file has no other form.")
    var json = false

    @OptionGroup(title: "Vectors")
    var vectors: VectorOptions

    func validate() throws {
        let isPair = input.given.count == 2
        guard input.given.isEmpty ? input.file.isJSON : isPair else {
            throw ValidationError("Give two texts, or lines of JSON with \"text\" and \"second\" (--input, --jsonl).")
        }
        if isPair, rows.output != nil { throw ValidationError("--output takes lines of --input.") }
    }

    /// Two texts to compare.
    private typealias Pair = (first: String, second: String)

    func run() throws {
        let vectorizer = try vectors.vectorizer(try encoder.load(isShown: !rows.quiet))
        let isJSON = json || rows.output != nil
        if input.given.count == 2 {
            let pair = (input.given[0], input.given[1])
            let score = try scores([pair], vectorizer)[0]
            return try Output.write(written(TextRecord(text: pair.0), pair, score, isJSON))
        }
        let answered = TextRows<Pair, Float>(
            activity: "comparing", isJSON: isJSON, question: { (try $0.string(), try $0.string("second")) },
            replies: { try scores($0, vectorizer) }, written: { written($0, $1, $2, isJSON) })
        try input.answer(answered, output: rows) {
            var identity = try VectorRowMaker(
                vectorizer: vectorizer, role: .document,
                options: vectors.options(prompt: promptChoice, for: vectorizer.model), format: .jsonLines
            ).identity()
            identity["command"] = "similarity"
            identity["fields"] = .array(input.fieldNames.map(JSON.string))
            return identity
        }
    }

    private var promptChoice: EmbeddingOptions.Prompt { prompt.map { .named($0) } ?? .automatic }

    private func scores(_ pairs: [Pair], _ vectorizer: Vectorizer) throws -> [Float] {
        let options = vectors.options(prompt: promptChoice, for: vectorizer.model)
        let isTokens = vectorizer.kind == .tokens
        let firsts = try vectorizer.vectors(
            of: pairs.map(\.first), as: isTokens ? .query : .document, options: options)
        let seconds = try vectorizer.vectors(of: pairs.map(\.second), as: .document, options: options)
        return firsts.similarities(to: seconds, by: vectorizer.model.embedding?.similarity ?? .cosine)
    }

    private func written(_ record: TextRecord, _ pair: Pair, _ score: Float, _ isJSON: Bool) -> String {
        guard isJSON else { return String(format: "%.4f", score) + (input.given.isEmpty ? "  \(pair.first)\n" : "\n") }
        return rowLine(record.identity() + [("score", .double(Double(score)))])
    }
}
