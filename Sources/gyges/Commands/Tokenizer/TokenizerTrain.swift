import ArgumentParser
import Foundation
import GygesFiles
import GygesTokenizer

/// `gyges tokenizer train`
struct TokenizerTrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains a byte-level tokenizer from texts.",
        discussion: """
            Learns the vocabulary and the merges that the Python package tokenizers learns from the same texts, and writes a \
            tokenizer.json that transformers and gyges read. Lines of text files are a text each, with their line breaks, as the package \
            reads files; of JSON Lines, every line with "text" is one. A token never crosses the pieces that text is cut into, words mostly, so that only they are counted, and memory \
            does not grow with the texts.

            Examples:
              gyges tokenizer train corpus.txt --like qwen2.5 --vocab-size 8192 -o tokenizer.json
              gyges tokenizer train *.jsonl --like modernbert --vocab-size 50368 -o encoder/tokenizer.json
            """)

    @Argument(
        help: ArgumentHelp(
            "Files of text, or of JSON Lines with \"text\" (.jsonl); '-' for standard input.", valueName: "path"))
    var input: [String]

    @Option(
        help: ArgumentHelp(
            "Whose pieces, special tokens and frame it gets: \(TokenizerRecipe.Kind.allCases.map(\.rawValue).joined(separator: " or ")).",
            valueName: "model"))
    var like: String

    @Option(help: ArgumentHelp("The most tokens, special and unused ones included.", valueName: "count"))
    var vocabSize: Int

    @Option(name: .shortAndLong, help: ArgumentHelp("The tokenizer.json to write.", valueName: "path"))
    var output: String

    @Option(help: ArgumentHelp("How often a pair must occur to become a token.", valueName: "count"))
    var minFrequency = 0

    @Option(
        help: ArgumentHelp(
            "Tokens [unused0], [unused1], … for later use; 83 like modernbert, none like qwen2.5.", valueName: "count"))
    var unused: Int?

    @Flag(help: "Replace the output if it is there.")
    var overwrite = false

    @Flag(help: "Show no progress.")
    var quiet = false

    private var recipe: TokenizerRecipe? {
        guard let kind = TokenizerRecipe.Kind(rawValue: like) else { return nil }
        var recipe = TokenizerRecipe(kind, vocabularySize: vocabSize)
        recipe.minimumCount = minFrequency
        if let unused { recipe.unusedCount = unused }
        return recipe
    }

    func validate() throws {
        guard let recipe else { throw ValidationError("--like must be modernbert or qwen2.5.") }
        if let problem = recipe.problem { throw ValidationError("--vocab-size: \(problem).") }
        if input.contains(output) { throw ValidationError("--output would overwrite the input.") }
    }

    func run() async throws {
        guard let recipe else { return }
        guard overwrite || !FileManager.default.fileExists(atPath: output) else {
            throw FileError(output, "is there already", remedy: "Give --overwrite, or choose another file.")
        }
        var training = try TokenizerTraining(recipe)
        let bar = ProgressBar(.items("tokens"), isShown: !quiet)
        defer { bar.finish() }
        for path in input { try read(path, into: &training) }
        let json = try training.tokenizerJSON { bar.update("learning", count: $0, of: recipe.vocabularySize) }
        let count = json["model"]?["merges"]?.array?.count ?? 0
        bar.finish()
        try AtomicFile.write(json.serialized(), to: output)
        let learnt = "\(count) merges from \(training.pieceCount) different pieces"
        let total = (json["model"]?["vocab"]?.object?.count ?? 0) + (json["added_tokens"]?.array?.count ?? 0)
        print("\(output): \(total) tokens, \(learnt)")
        if total < recipe.vocabularySize {
            Terminal.writeError(
                "gyges: the texts have no more pairs than that; \(recipe.vocabularySize) tokens were wanted.\n")
        }
    }

    /// Takes in the texts of a file.
    private func read(_ path: String, into training: inout TokenizerTraining) throws {
        guard RowReader.isJSON(path: path) else {
            if path == "-" { Input.explainTerminal(wanted: "the texts") }
            var lines = try LineReader(path: path)
            while let line = try lines.next() {
                training.add(String(decoding: line + (lines.lineHadEnd ? [0x0A] : []), as: UTF8.self))
            }
            return
        }
        var reader = try TextReader(path: path, form: .jsonLines(fields: ["text"]))
        while let record = try reader.next() { training.add(record.text) }
    }
}
