import GygesFiles
import GygesTokenizer
import ArgumentParser
import Foundation
import GygesInference

/// `gyges tokenize`
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the tokens of a text and their places, or the text of tokens; makes training data of files.",
        discussion: """
            Examples:
              gyges tokenize smollm2-135m-instruct "Hello world"
              gyges tokenize model.gguf --special-tokens "<|im_start|>user" --json
              gyges tokenize model.gguf --decode 9707 1879
              gyges tokenize ./modernbert --special-tokens --add-special-tokens \
                "The ring is [MASK]."
              gyges tokenize ./modernbert --pair "Who?" "Gyges." --add-special-tokens --json
              gyges tokenize smollm2-135m-instruct --shards corpus a.jsonl b.txt --form lines

            Places are counted in Unicode scalars and in bytes of UTF-8 from the
            beginning of the text, or, with --words, of the word.

            With --shards, files are read as training reads them: lines of JSON with "text", \
            "messages", or "prompt" and "completion", or plain texts. The folder is whole \
            or not there: it gets its list, shards.json, at the end, and one that was not finished is begun anew.
            """)

    @Argument(help: "A GGUF file, a Hugging Face folder, or the name of a pulled model.")
    var model: String

    @Argument(
        help: "The text, or with --decode the token ids; with --shards files; '-', or nothing, for standard input.")
    var input: [String] = []

    @Flag(help: "Turn token ids into text.")
    var decode = false

    @Flag(help: "Let special tokens spelled out in the text become special tokens.")
    var specialTokens = false

    @Flag(help: "Add the special tokens that the model expects around a text.")
    var addSpecialTokens = false

    @Flag(help: "Take two arguments for two texts that belong together.")
    var pair = false

    @Flag(help: "Take arguments for words, each encoded by itself behind a space.")
    var words = false

    @Option(help: ArgumentHelp("Shorten the text, or the longer of two, to this many tokens.", valueName: "count"))
    var maxTokens: Int?

    @Flag(help: "Print the number of tokens alone; with --json, also how long encoding took.")
    var count = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup
    var textOptions: ModelTextArguments

    @OptionGroup(title: "Shards")
    var sharding: ShardOptions

    func validate() throws {
        if pair, input.count != 2 { throw ValidationError("--pair needs two texts.") }
        if pair, words { throw ValidationError("--pair and --words do not go together.") }
        if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens must be at least 1.") }
        guard sharding.shards != nil else { return }
        if decode || specialTokens || addSpecialTokens || pair || words || count || maxTokens != nil {
            throw ValidationError(
                "--shards reads files whole, as training does, and goes with none of the options for one text.")
        }
        if input.isEmpty { throw ValidationError("--shards needs files to read.") }
        for path in input { _ = try sharding.form(of: path) }
    }

    func run() throws {
        if let folder = sharding.shards { return try writeShards(to: folder) }
        let tokenizer = try Tokenizer(path: try locateModel(model), preTokenizer: textOptions.tokenizerPre)
        if decode { return try printText(of: tokenizer) }
        if count { return try printCount(tokenizer) }
        let first: TextInput = try words ? .words(input) : .text(pair ? input[0] : text())
        let encoded = try tokenizer.tokens(of: first, and: pair ? .text(input[1]) : nil, options: options)
        if json {
            print(document(encoded, tokenizer).serialized(.pretty))
        } else {
            printTable(encoded, tokenizer)
        }
    }

    private func text() throws(FileError) -> String {
        try input.isEmpty || input == ["-"] ? Input.text(nil) : input.joined(separator: " ")
    }

    private var options: EncodingOptions {
        EncodingOptions(
            specialTokens: specialTokens ? .recognise : .asText, addsFrame: addSpecialTokens,
            addsPrefixSpace: words ? true : nil,
            truncation: maxTokens.map { Truncation(maximumTokenCount: $0) })
    }

    private func printCount(_ tokenizer: Tokenizer) throws {
        let text = pair ? input[0] : words ? nil : try text()
        let bytes = (text.map { [$0] } ?? input).reduce(pair ? input[1].utf8.count : 0) { $0 + $1.utf8.count }
        let start = ContinuousClock.now
        let count: Int
        if let text {
            var encoder = TokenEncoder(tokenizer)
            count = try encoder.ids(of: text, and: pair ? input[1] : nil, options: options).count
        } else {
            count = try tokenizer.tokens(of: .words(input), options: options).count
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        guard json else { return print(count) }
        let document: JSON = ["count": .integer(count), "bytes": .integer(bytes), "seconds": .double(seconds)]
        print(document.serialized(.pretty))
    }

    private func document(_ encoded: EncodedText, _ tokenizer: Tokenizer) -> JSON {
        func range(_ range: Range<Int>) -> JSON { [.integer(range.lowerBound), .integer(range.upperBound)] }
        func number(_ number: Int?) -> JSON { number.map(JSON.integer) ?? .null }
        func list(_ value: (TokenOrigin) -> JSON) -> JSON { .array(encoded.origins.map(value)) }
        return [
            "ids": .array(encoded.ids.map { .integer(Int($0)) }),
            "tokens": .array(encoded.ids.map { .string(tokenizer.piece($0)) }),
            "token_bytes": .array(
                encoded.ids.map { .array(tokenizer.bytes(of: $0).map { .integer(Int($0)) }) }),
            "count": .integer(encoded.count),
            "scalars": list { $0.isFrame ? .null : range($0.scalars) },
            "bytes": list { $0.isFrame ? .null : range($0.bytes) },
            "texts": list { number($0.text) }, "words": list { number($0.word) },
            "truncated": .bool(encoded.isTruncated),
        ]
    }

    private func printTable(_ encoded: EncodedText, _ tokenizer: Tokenizer) {
        var columns: [(String, Table.Alignment)] = [
            ("ID", .right), ("TOKEN", .left), ("SCALARS", .right), ("BYTES", .right),
        ]
        if words { columns.append(("WORD", .right)) }
        if pair { columns.append(("TEXT", .right)) }
        var table = Table(columns)
        for (id, origin) in zip(encoded.ids, encoded.origins) {
            func range(_ range: Range<Int>) -> String {
                origin.isFrame ? "" : "\(range.lowerBound)-\(range.upperBound)"
            }
            var row = [
                String(id), JSON.string(tokenizer.piece(id)).serialized(), range(origin.scalars), range(origin.bytes),
            ]
            if words { row.append(origin.word.map(String.init) ?? "") }
            if pair { row.append(origin.text.map { $0 == 0 ? "first" : "second" } ?? "") }
            table.append(row)
        }
        print(table.text)
    }

    private func printText(of tokenizer: Tokenizer) throws {
        let words =
            try input.isEmpty || input == ["-"]
            ? Input.text(nil, wanted: "token ids").split(whereSeparator: \.isWhitespace).map(String.init) : input
        let ids = try words.map { word in
            guard let id = Int32(word) else { throw ValidationError("'\(word)' is not a token id.") }
            return id
        }
        let text = try tokenizer.decode(ids, skipsSpecialTokens: false)
        print(json ? JSON.string(text).serialized() : text)
    }
}

extension Tokenizer {
    /// A token's bytes as text, with U+FFFD for what is no text.
    fileprivate func piece(_ id: Int32) -> String { String(decoding: bytes(of: id), as: UTF8.self) }
}
