import GygesFiles
import GygesStatistics
import Testing

@testable import GygesTokenizer

@Suite struct TokenizerTests {
    static let kinds =
        ["qwen2", "llama3", "gpt2", "smollm", "modernbert", "roberta", "flags", "bert", "words"]
        + ["llama2", "metaspace", "gemma", "xlmr", "t5"] + patterns
    /// Tokenizers that differ from others in their pattern alone, with fewer cases.
    static let patterns = ["tekken", "o200k", "qwen35", "deepseek-llm", "deepseek-coder", "deepseek-v3"]

    @Test(arguments: kinds)
    func agreesWithReference(kind: String) throws {
        let cases = try TokenizerCases(path: fixturePath("\(kind).jsonl"))
        #expect(cases.cases.count > (Self.patterns.contains(kind) ? 500 : 1500))
        let mismatches = try cases.mismatches(fixtureTokenizer(kind))
        #expect(mismatches.isEmpty, "\(mismatches.count) differences: \(mismatches.prefix(5))")
    }

    /// The same vocabulary as a GGUF file would hold it gives the same tokens.
    @Test(
        arguments: [("qwen2", "qwen2"), ("llama3", "llama-bpe"), ("gpt2", "gpt-2"), ("smollm", "smollm")]
            + patterns.map { ($0, $0) })
    func readsGGUFVocabulary(kind: String, preTokenizer: String) throws {
        let vocabulary = try ggufVocabulary(fixtureJSON(kind), preTokenizer: preTokenizer)
        let tokenizer = try Tokenizer(vocabulary, path: "test.gguf")
        let mismatches = try TokenizerCases(path: fixturePath("\(kind).jsonl")).mismatches(tokenizer)
        #expect(mismatches.isEmpty, "\(mismatches.count) differences: \(mismatches.prefix(5))")
    }

    @Test(arguments: ["qwen2", "llama3", "gpt2", "modernbert"])
    func returnsComposedText(kind: String) throws {
        let tokenizer = try fixtureTokenizer(kind)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let text = randomText(using: &generator)
            // Composed by the reference's tables, which `Normalization` has: text that it leaves alone must come back.
            var noMarks: [Range<Int>] = []
            let bytes = Array(text.utf8)
            let composed = bytes.withUnsafeBufferPointer { Normalization.composed($0, marks: &noMarks) } ?? bytes
            let again = composed.withUnsafeBufferPointer { Normalization.composed($0, marks: &noMarks) }
            #expect(again == nil || again == composed, "composing twice changes \(text.debugDescription)")
            let wanted = String(decoding: composed, as: UTF8.self)
            let decoded = try tokenizer.decode(tokenizer.encode(wanted))
            #expect(Array(decoded.utf8) == composed, "\(text.debugDescription)")
        }
    }

    @Test func knowsItsTokens() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        #expect(tokenizer.vocabularyCount == 1205)
        #expect(tokenizer.specialTokens.map(\.content) == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
        let start = try #require(tokenizer.id(of: "<|im_start|>"))
        #expect(tokenizer.isSpecial(start))
        let call = try #require(tokenizer.id(of: "<tool_call>"))
        #expect(!tokenizer.isSpecial(call), "the model's answer keeps its tool calls")
        #expect(tokenizer.id(of: "the").map(tokenizer.bytes(of:)) == Array("the".utf8))
        #expect(tokenizer.id(of: "\n") != nil)
        #expect(tokenizer.id(of: "no such token") == nil)
        #expect(tokenizer.id(of: "") == nil)
        #expect(!tokenizer.isSpecial(-1) && !tokenizer.isSpecial(1205))
        #expect(tokenizer.bytes(of: 99_999).isEmpty && tokenizer.bytes(of: -1).isEmpty)
    }

    @Test func addedTokensStandForTheirText() throws {
        var json = try #require(fixtureJSON("modernbert").object)
        let added = try #require(json["added_tokens"]?.array)
        // One as it is written in a file, and one that only composed text can contain.
        for (content, text) in [("déjà", "déjà"), ("e\u{301}te\u{301}", "\u{E9}t\u{E9}")] {
            let token: JSON = ["id": 1231, "content": .string(content), "special": false, "normalized": true]
            json["added_tokens"] = .array(added + [token])
            let tokenizer = try Tokenizer(json: .object(json), path: "tokenizer.json")
            let tokens = try tokenizer.encode("a\(content)b", specialTokens: .recognise)
            #expect(tokens.contains(1231))
            #expect(try tokenizer.decode(tokens).unicodeScalars.elementsEqual("a\(text)b".unicodeScalars))
        }
    }

    @Test func saysThatAPreTokenizerIsMissing() throws {
        var vocabulary = try ggufVocabulary(fixtureJSON("gpt2"), preTokenizer: "")
        vocabulary.preTokenizer = nil
        #expect { try Tokenizer(vocabulary, path: "test.gguf") } throws: {
            "\($0)".contains("tokenizer.ggml.pre") && "\($0)".contains("--tokenizer-pre NAME")
                && "\($0)".contains("qwen2")
        }
        vocabulary.preTokenizer = "default"
        #expect { try Tokenizer(vocabulary, path: "test.gguf") } throws: { "\($0)".contains("supported: qwen2") }
    }

    @Test func patternsAreKnownByTheirBytes() {
        for expression in PiecePattern.published { #expect(PiecePattern(expression: expression) != nil) }
        #expect(PiecePattern(expression: "(a+)+$") == nil && PiecePattern(expression: "") == nil)
    }

    @Test func readsDeclaredEnds() throws {
        let configuration: JSON = ["bos_token": nil, "eos_token": ["content": "<|im_end|>"]]
        let tokenizer = try Tokenizer(json: fixtureJSON("qwen2"), configuration: configuration, path: "tokenizer.json")
        #expect(tokenizer.beginningOfText == nil)
        #expect(tokenizer.endOfText == tokenizer.id(of: "<|im_end|>"))
        let llama = try fixtureTokenizer("llama3")
        #expect(llama.beginningTokens == [try #require(llama.id(of: "<|begin_of_text|>"))])
        let bert = try fixtureTokenizer("modernbert")
        #expect(bert.endTokens == [try #require(bert.id(of: "[SEP]"))])
    }

    /// Merging must not take time that grows with the square of a piece's length: this would run for hours.
    @Test(.timeLimit(.minutes(1)), arguments: ["a", "aab", " ", "\u{301}\u{323}", "'", "<|im_start|"])
    func bearsLongRuns(unit: String) throws {
        let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
        let tokenizer = try fixtureTokenizer("gpt2")
        #expect(try tokenizer.decode(tokenizer.encode(text, specialTokens: .recognise)) == text)
        #expect(try !fixtureTokenizer("qwen2").encode(text, specialTokens: .recognise).isEmpty)
    }
}

/// The vocabulary of a `tokenizer.json` as a GGUF file's metadata would have it, with a row of padding at its end.
func ggufVocabulary(_ json: JSON, preTokenizer: String) throws -> GGUFVocabulary {
    var spellings: [Int: (String, Int)] = [:]
    for (token, id) in try #require(json["model"]?["vocab"]?.object) {
        spellings[try #require(id.integer)] = (token, 1)
    }
    for added in try #require(json["added_tokens"]?.array) {
        let content = try #require(added["content"]?.string)
        spellings[try #require(added["id"]?.integer)] = (content, added["special"] == true ? 3 : 4)
    }
    var vocabulary = GGUFVocabulary()
    vocabulary.model = "gpt2"
    vocabulary.preTokenizer = preTokenizer
    vocabulary.beginningOfText = spellings.first { $0.value.0 == "<|begin_of_text|>" }?.key
    for id in 0..<spellings.count {
        let (token, type) = try #require(spellings[id])
        vocabulary.tokens.append(token)
        vocabulary.types.append(type)
    }
    vocabulary.tokens.append("[PAD\(spellings.count)]")
    vocabulary.types.append(5)
    for merge in try #require(json["model"]?["merges"]?.array) {
        vocabulary.merges.append(merge.string ?? merge.array!.compactMap(\.string).joined(separator: " "))
    }
    return vocabulary
}

/// Characters of all planes with a leaning to those that pre-tokenizers and normalisation treat specially.
func randomText(using generator: inout SeededGenerator) -> String {
    let planes: [ClosedRange<UInt32>] = [
        0x20...0x7E, 0x20...0x7E, 0x0...0x1F, 0x80...0x24F, 0x300...0x36F, 0x370...0x1FFF, 0x2000...0x206F,
        0x1100...0x11FF,
        0x3040...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFFFF, 0x1F300...0x1FAFF, 0x10000...0x10FFFF,
    ]
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 1...40, using: &generator) {
        let plane = planes[Int.random(in: 0..<planes.count, using: &generator)]
        if let scalar = Unicode.Scalar(UInt32.random(in: plane, using: &generator)) { text.append(scalar) }
    }
    return String(text)
}
