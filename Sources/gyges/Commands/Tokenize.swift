import ArgumentParser
import Foundation
import GygesFiles
import GygesInference
import GygesText

/// `gyges tokenize`
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the tokens of a text, or the text of tokens.",
        discussion: """
            Examples:
              gyges tokenize smollm2-135m-instruct "Hello world"
              gyges tokenize model.gguf --special "<|im_start|>user" --json
              gyges tokenize model.gguf --decode 9707 1879
            """)

    @Argument(help: "A GGUF file, a Hugging Face folder, or the name of a pulled model.")
    var model: String

    @Argument(help: "The text, or with --decode the token ids; read from standard input if missing.")
    var input: [String] = []

    @Flag(help: "Turn token ids into text.")
    var decode = false

    @Flag(help: "Let special tokens spelled out in the text become special tokens.")
    var special = false

    @Flag(help: "Add the tokens that the model expects around a text.")
    var frame = false

    @Flag(help: "Print the number of tokens alone; with --json, also how long encoding took.")
    var count = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let tokenizer = try Tokenizer(path: try locateModel(model))
        if decode { return try printText(of: tokenizer) }
        let text = try input.isEmpty ? Input.text(nil) : input.joined(separator: " ")
        let start = ContinuousClock.now
        let ids = try tokenizer.encode(
            text, specialTokens: special ? .recognise : .asText, addsBeginning: frame, addsEnd: frame)
        let seconds = start.duration(to: .now) / .seconds(1)
        let pieces = { ids.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) } }
        if json, count {
            let document: JSON = [
                "count": .integer(ids.count), "bytes": .integer(text.utf8.count), "seconds": .double(seconds),
            ]
            print(document.serialized(.pretty))
        } else if json {
            let document: JSON = [
                "ids": .array(ids.map { .integer(Int($0)) }), "tokens": .array(pieces().map { .string($0) }),
                "count": .integer(ids.count),
            ]
            print(document.serialized(.pretty))
        } else if count {
            print(ids.count)
        } else {
            var table = Table([("ID", .right), ("TOKEN", .left)])
            for (id, piece) in zip(ids, pieces()) { table.append([String(id), JSON.string(piece).serialized()]) }
            print(table.text)
        }
    }

    private func printText(of tokenizer: Tokenizer) throws {
        let words = try input.isEmpty ? Input.text(nil).split(whereSeparator: \.isWhitespace).map(String.init) : input
        let ids = try words.map { word in
            guard let id = Int32(word) else { throw ValidationError("'\(word)' is not a token id.") }
            return id
        }
        let text = try tokenizer.decode(ids, skipsSpecialTokens: false)
        print(json ? JSON.string(text).serialized() : text)
    }
}
