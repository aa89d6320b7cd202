import GygesCheckpoints
import GygesFiles
import Foundation
import Testing

@testable import GygesTokenizer

/// Texts with the reference's tokens, as `scripts/parity/tokenizer.py` and `scripts/fixtures/make_tokenizers.py` write them.
struct TokenizerCases {
    struct Case {
        var text: String?
        var ids: [Int32]
        /// Without special tokens.
        var plain: [Int32]?
        var decoded: String?
        /// With the tokens that the model expects around a text.
        var framed: [Int32]?
    }

    var tokenizers: [String] = []
    var cases: [Case] = []

    init(path: String) throws {
        let file = try MappedFile(path: path)
        for line in file.bytes.split(separator: UInt8(ascii: "\n")) {
            let json = try JSON.parse(Array(line), path: path)
            if let names = json["tokenizers"]?.array {
                tokenizers = names.compactMap(\.string)
                continue
            }
            func ids(_ key: String) -> [Int32]? { json[key]?.array?.compactMap { $0.integer.map(Int32.init) } }
            cases.append(
                Case(
                    text: json["text"]?.string, ids: try #require(ids("ids")),
                    plain: json["plain"] == nil ? ids("ids") : ids("plain"),
                    decoded: json["decoded"]?.string ?? json["text"]?.string, framed: ids("framed")))
        }
    }

    /// Every difference between a tokenizer and the reference, in words.
    func mismatches(_ tokenizer: Tokenizer) throws -> [String] {
        var found: [String] = []
        var encoder = TokenEncoder(tokenizer)
        func compare<T: Equatable>(_ what: String, _ text: String?, _ actual: T, _ expected: T?) {
            guard let expected, actual != expected else { return }
            found.append("\(what) of \(text.map(\.debugDescription) ?? "tokens"): \(actual), not \(expected)")
        }
        for test in cases {
            if let text = test.text {
                compare("encoding", text, try encoder.encode(text, specialTokens: .recognise), test.ids)
                compare("uncached encoding", text, try tokenizer.encode(text, specialTokens: .recognise), test.ids)
                compare("plain encoding", text, try encoder.encode(text), test.plain)
                let framed = try encoder.encode(text, specialTokens: .recognise, addsBeginning: true, addsEnd: true)
                compare("framed encoding", text, framed, test.framed)
            }
            // Scalars are compared: strings are equal when they are canonically equivalent.
            let decoded = test.decoded.map { Array($0.unicodeScalars) }
            compare("decoding", test.text, Array(try tokenizer.decode(test.ids).unicodeScalars), decoded)
            var decoder = TokenDecoder(tokenizer: tokenizer)
            let pieces = test.ids.map { decoder.append($0) } + [decoder.finish()]
            compare("incremental decoding", test.text, pieces.flatMap(\.unicodeScalars), decoded)
        }
        return found
    }
}

/// Reads a tokenizer from either kind of file.
func loadTokenizer(_ path: String) throws -> Tokenizer {
    if path.hasSuffix(".gguf") { return try Tokenizer(gguf: GGUFFile(path: path)) }
    return try Tokenizer(json: JSON.parse(MappedFile.read(path: path), path: path), path: path)
}

/// The tokenizer of `Fixtures` for a kind.
func fixtureTokenizer(_ kind: String) throws -> Tokenizer { try loadTokenizer(fixturePath("\(kind).tokenizer.json")) }

/// The contents of the `tokenizer.json` for a kind.
func fixtureJSON(_ kind: String) throws -> JSON {
    let path = try fixturePath("\(kind).tokenizer.json")
    return try JSON.parse(MappedFile.read(path: path), path: path)
}

func fixturePath(_ name: String) throws -> String {
    let folders = ["", "sentence-pieces/", "patterns/"]
    return try #require(
        folders.lazy.compactMap { Bundle.module.path(forResource: "Fixtures/\($0)\(name)", ofType: nil) }.first)
}
