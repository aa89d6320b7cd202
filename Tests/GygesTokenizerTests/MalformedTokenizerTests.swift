import GygesFiles
import GygesStatistics
import Testing

@testable import GygesTokenizer

/// Files that are wrong, and what must be said of each: never a trap, never a guess.
@Suite(.timeLimit(.minutes(1))) struct MalformedTokenizerTests {
    struct Seed: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What is changed in a good file: a path of keys, and the new value (`nil` removes).
        var path: [String]
        var value: JSON?
        /// What the error must mention.
        var mention: String

        init(_ name: String, _ path: [String], _ value: JSON?, says mention: String) {
            testDescription = name
            self.path = path
            self.value = value
            self.mention = mention
        }
    }

    private static func added(_ members: (String, JSON)...) -> JSON {
        let usual: [(String, JSON)] = [("id", 9), ("content", "<x>"), ("special", true), ("normalized", false)]
        return [.object(JSONObject(usual + members))]
    }

    private static func nested(_ depth: Int) -> JSON {
        (0..<depth).reduce(["type": "NFC"]) { inner, _ in ["type": "Sequence", "normalizers": [inner]] }
    }

    private static func split(_ expression: String, behavior: JSON = "Isolated", invert: JSON = false) -> JSON {
        [
            "type": "Sequence",
            "pretokenizers": [
                ["type": "Split", "pattern": ["Regex": .string(expression)], "behavior": behavior, "invert": invert],
                ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
            ],
        ]
    }

    static let vocabulary = ["model", "vocab"]
    static let merges = ["model", "merges"]

    static let seeds: [Seed] = [
        Seed("number far beyond the vocabulary", vocabulary + ["a"], 2_000_000_000, says: "2000000000"),
        Seed("number beyond 32 bits", vocabulary + ["a"], 9_223_372_036_854_775_807, says: "number"),
        Seed("number beyond 64 bits", vocabulary + ["a"], .bigInteger("99999999999999999999"), says: "not an integer"),
        Seed("negative number", vocabulary + ["a"], -1, says: "negative"),
        Seed("duplicate number", vocabulary + ["a"], 1, says: "both have the number 1"),
        Seed("fractional number", vocabulary + ["a"], 1.5, says: "not an integer"),
        Seed("number as text", vocabulary + ["a"], "1", says: "not an integer"),
        Seed("vocabulary of the wrong type", vocabulary, ["a"], says: "not an object"),
        Seed("vocabulary missing", vocabulary, nil, says: "model.vocab"),
        Seed("vocabulary empty", vocabulary, .object(JSONObject()), says: "vocabulary"),
        Seed("merge of an unknown token", merges, ["a zzz"], says: "\"a\" and \"zzz\""),
        Seed("merge with an unknown result", merges, [["a", "b"], ["ab", "a"]], says: "merge 1"),
        Seed("merge of three", merges, ["a b a"], says: "merge 0"),
        Seed("merge without a space", merges, ["ab"], says: "merge 0"),
        Seed("merge of nothing", merges, [" "], says: "merge 0"),
        Seed("merge of one in an array", merges, [["a"]], says: "merge 0"),
        Seed("merge of numbers", merges, [[1, 2]], says: "merge 0"),
        Seed("merges of the wrong type", merges, ["a": "b"], says: "not an array"),
        Seed("merges missing", merges, nil, says: "model.merges"),
        Seed("another model", ["model", "type"], "WordLevel", says: "supported: BPE"),
        Seed("model missing", ["model"], nil, says: "supported: BPE"),
        Seed("random merging", ["model", "dropout"], 0.1, says: "dropout"),
        Seed("suffix at the end of words", ["model", "end_of_word_suffix"], "</w>", says: "</w>"),
        Seed("prefix within words", ["model", "continuing_subword_prefix"], "##", says: "##"),
        Seed("fallback to byte tokens", ["model", "byte_fallback"], true, says: "byte_fallback"),
        Seed("unknown token not in the vocabulary", ["model", "unk_token"], "<none>", says: "<none>"),
        Seed("empty added token", ["added_tokens"], added(("content", "")), says: "empty"),
        Seed(
            "huge added token", ["added_tokens"], added(("content", .string(String(repeating: "a", count: 100_000)))),
            says: "100000 bytes"),
        Seed(
            "added token twice", ["added_tokens"], .array(added().array! + added(("id", 10)).array!),
            says: "added twice"),
        Seed(
            "two added tokens with one number", ["added_tokens"],
            .array(added().array! + added(("content", "<y>")).array!), says: "both have the number 9"),
        Seed("added token with a taken number", ["added_tokens"], added(("id", 1)), says: "both have the number 1"),
        Seed("negative added token", ["added_tokens"], added(("id", -5)), says: "negative"),
        Seed(
            "added token far beyond the vocabulary", ["added_tokens"], added(("id", 2_147_483_647)), says: "2147483647"),
        Seed("added token beyond 32 bits", ["added_tokens"], added(("id", 4_294_967_296)), says: "32 bits"),
        Seed("added token without content", ["added_tokens"], [["id": 9]], says: "content"),
        Seed("added token with a flag of the wrong type", ["added_tokens"], added(("lstrip", "yes")), says: "lstrip"),
        Seed("added tokens of the wrong type", ["added_tokens"], "none", says: "not an array"),
        Seed("unknown normalizer", ["normalizer"], ["type": "Rot13"], says: "supported: NFC"),
        Seed("deeply nested normalizer", ["normalizer"], nested(100), says: "nested deeper"),
        Seed(
            "normalizers of the wrong type", ["normalizer"], ["type": "Sequence", "normalizers": 3], says: "Sequence"),
        Seed("unknown pattern with nested quantifiers", ["pre_tokenizer"], split("(a+)+$"), says: "(a+)+$"),
        Seed(
            "known pattern with unknown behavior", ["pre_tokenizer"],
            split(PreTokenizer.Pattern.qwen2.expression, behavior: "Removed"), says: "Removed"),
        Seed(
            "known pattern inverted", ["pre_tokenizer"], split(PreTokenizer.Pattern.qwen2.expression, invert: true),
            says: "invert true"),
        Seed(
            "many steps", ["pre_tokenizer"],
            ["type": "Sequence", "pretokenizers": .array(Array(repeating: ["type": "ByteLevel"], count: 5000))],
            says: "64 steps"),
        Seed("another pre-tokenizer", ["pre_tokenizer"], ["type": "Metaspace"], says: "Metaspace"),
        Seed("no pre-tokenizer", ["pre_tokenizer"], .null, says: "pre_tokenizer"),
        Seed("another decoder", ["decoder"], ["type": "WordPiece"], says: "supported: ByteLevel"),
        Seed("no decoder", ["decoder"], nil, says: "decoder"),
        Seed("another post-processor", ["post_processor"], ["type": "Other"], says: "TemplateProcessing"),
        Seed(
            "an end that is no token", ["post_processor"],
            ["type": "BertProcessing", "cls": ["a", 0], "sep": ["b", 0.5]],
            says: "in sep"),
        Seed(
            "template with an undefined token", ["post_processor"],
            ["type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<s>"]], ["Sequence": ["id": "A"]]]],
            says: "<s>"),
        Seed(
            "template without text", ["post_processor"], ["type": "TemplateProcessing", "single": []],
            says: "no place for the text"),
        Seed(
            "template with a token beyond the vocabulary", ["post_processor"],
            [
                "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "s"]], ["Sequence": ["id": "A"]]],
                "special_tokens": ["s": ["ids": [77]]],
            ],
            says: "token 77"),
        Seed("another version", ["version"], "2.0", says: "2.0"),
    ]

    /// A good file of three tokens.
    static let good: JSON = [
        "version": "1.0", "added_tokens": [], "normalizer": .null,
        "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false],
        "post_processor": .null, "decoder": ["type": "ByteLevel"],
        "model": ["type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2], "merges": ["a b"]],
    ]

    private func changed(_ json: JSON, _ path: ArraySlice<String>, _ value: JSON?) -> JSON {
        guard let key = path.first, var object = json.object else { return json }
        object[key] = path.count == 1 ? value : changed(object[key] ?? .null, path.dropFirst(), value)
        return .object(object)
    }

    @Test func theUnchangedFileIsFine() throws {
        let tokenizer = try Tokenizer(json: Self.good, path: "tokenizer.json")
        #expect(try tokenizer.encode("abba") == [2, 1, 0])
    }

    @Test(arguments: seeds)
    func saysWhatIsWrong(seed: Seed) throws {
        let json = changed(Self.good, seed.path[...], seed.value)
        let error = #expect(throws: FileError.self) { try Tokenizer(json: json, path: "some/tokenizer.json") }
        let text = try #require(error).description
        #expect(text.contains(seed.mention), "\(text)")
        #expect(text.hasPrefix("some/tokenizer.json"))
        #expect(error?.remedy.isEmpty == false && text.utf8.count < 2000, "\(text)")
    }

    @Test(arguments: [JSON.null, [], "text", 3, .object(JSONObject())])
    func refusesWhatIsNoTokenizer(json: JSON) {
        #expect(throws: FileError.self) { try Tokenizer(json: json, path: "tokenizer.json") }
    }

    /// Every truncation and many one-byte changes of a file give a tokenizer or a typed error.
    @Test func survivesDamage() throws {
        let path = try fixturePath("qwen2.tokenizer.json")
        let bytes = try MappedFile.read(path: path)
        var generator = SeededGenerator(seed: 99)
        for round in 0..<400 {
            var damaged = bytes
            if round % 2 == 0 {
                damaged.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            } else {
                for _ in 0..<3 {
                    damaged[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0x20...0x7E, using: &generator)
                }
            }
            do throws(FileError) {
                let tokenizer = try Tokenizer(json: JSON.parse(damaged, path: path), path: path)
                _ = try? tokenizer.encode("the don't 123 <|im_start|>", specialTokens: .recognise)
            } catch {
                #expect(!error.problems.isEmpty)
            }
        }
    }

    // MARK: GGUF

    static let vocabularies: [(name: String, change: @Sendable (inout GGUFVocabulary) -> Void, mention: String)] = [
        ("another model", { $0.model = "bert" }, "supported: gpt2"),
        ("unknown pre-tokenizer", { $0.preTokenizer = "default" }, "smollm"),
        ("no tokens", { ($0.tokens, $0.types) = (PackedStrings(), []) }, "empty"),
        ("too few types", { $0.types.removeLast() }, "types"),
        ("unknown type", { $0.types[3] = 9 }, "type 9"),
        ("byte type", { $0.types[3] = 6 }, "type 6"),
        ("negative type", { $0.types[3] = .min }, "type -9"),
        (
            "same token twice",
            { vocabulary in
                vocabulary.tokens.append("the")
                vocabulary.types.append(1)
            }, "the same"
        ),
        (
            "same control token twice",
            { vocabulary in
                vocabulary.tokens.append("<|im_start|>")
                vocabulary.types.append(3)
            }, "added twice"
        ),
        (
            "empty control token",
            { vocabulary in
                vocabulary.tokens.append("")
                vocabulary.types.append(3)
            }, "empty"
        ),
        ("merge of an unknown token", { $0.merges.append("zzzzz q") }, "zzzzz"),
        ("merge of one", { $0.merges.append("a") }, "merge"),
        ("merge of nothing", { $0.merges.append("") }, "merge"),
        ("end of text beyond the vocabulary", { $0.endOfText = 1_000_000 }, "eos_token_id"),
        ("negative beginning of text", { $0.beginningOfText = -1 }, "bos_token_id"),
        ("padding as end of text", { $0.endOfText = 1205 }, "eos_token_id"),
        (
            "all tokens unused", { vocabulary in for id in vocabulary.types.indices { vocabulary.types[id] = 5 } },
            "empty"
        ),
    ]

    @Test(arguments: vocabularies.indices)
    func saysWhatIsWrongInMetadata(index: Int) throws {
        let seed = Self.vocabularies[index]
        var vocabulary = try ggufVocabulary(fixtureJSON("qwen2"), preTokenizer: "qwen2")
        seed.change(&vocabulary)
        let error = #expect(throws: FileError.self, "\(seed.name)") { try Tokenizer(vocabulary, path: "model.gguf") }
        let text = try #require(error).description
        #expect(text.contains(seed.mention) && text.hasPrefix("model.gguf: tokenizer.ggml"), "\(text)")
        #expect(text.utf8.count < 2000)
    }

    @Test func invalidUTF8InMetadataIsNoTrap() throws {
        var vocabulary = try ggufVocabulary(fixtureJSON("qwen2"), preTokenizer: "qwen2")
        for bytes: [UInt8] in [[0xC3], [0xFF, 0xFE], [0xC4, 0x41], [0xE2, 0x82], [0x80]] {
            bytes.withUnsafeBufferPointer { vocabulary.tokens.append($0) }
            vocabulary.types.append(bytes.count == 2 ? 3 : 1)
        }
        let tokenizer = try Tokenizer(vocabulary, path: "model.gguf")
        #expect(tokenizer.bytes(of: 1206) == [0xC3])
        #expect(try tokenizer.decode([1206]) == "\u{FFFD}")
    }
}
