import GygesFiles
import Testing

@testable import GygesTokenizer

@Suite struct WordPieceTests {
    private static let texts = [
        "", "The Ring of Gyges", "naïve déjà Ångström", "你好 世界 hello", "a\u{0}b\u{fffd}c\u{200b}d\te\u{2028}f",
        "e\u{301}\u{323}x",
        "don't stop... isn't it? 👩‍👩‍👧‍👦", "[MASK] [SEP]", String(repeating: "a", count: 101), "İstanbul ẞ ΑΣ",
    ]

    @Test(arguments: texts)
    func aListOfTokensIsEnough(text: String) throws {
        let configuration: JSON = ["tokenizer_class": "BertTokenizer", "do_lower_case": true, "strip_accents": .null]
        let listed = try tokenizer(list: try vocabulary(), configuration)
        let whole = try fixtureTokenizer("bert")
        for options in [EncodingOptions(specialTokens: .recognise), EncodingOptions()] {
            let (a, b) = (
                try listed.tokens(of: .text(text), and: "the pair", options: options),
                try whole.tokens(of: .text(text), and: "the pair", options: options)
            )
            #expect(a == b)
            #expect(try listed.decode(a.ids) == whole.decode(b.ids))
        }
        #expect(listed.maskToken == whole.maskToken && listed.beginningTokens == whole.beginningTokens)
    }

    /// Windows writes lists with another end of line, and settings may ask for case and accents to stay.
    @Test func aListIsReadAsItsSettingsSay() throws {
        let windows = String(decoding: try vocabulary(), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .joined(separator: "\r\n")
        let kept = try tokenizer(list: Array(windows.utf8), ["do_lower_case": false])
        let lowered = try tokenizer(list: try vocabulary(), nil)
        #expect(kept.vocabularyCount == lowered.vocabularyCount)
        #expect(try kept.encode("The") != kept.encode("the"))
        #expect(try lowered.encode("The") == lowered.encode("the"))
    }

    @Test func saysWhichListsItCannotRead() throws {
        #expect {
            try tokenizer(list: try vocabulary(), ["tokenizer_class": "XLNetTokenizer"])
        } throws: { "\($0)".contains("XLNetTokenizer") && "\($0)".contains("tokenizer.json") }
        #expect { try tokenizer(list: Array("a\nb\n".utf8), nil) } throws: { "\($0)".contains("[SEP]") }
        #expect { try tokenizer(list: [], nil) } throws: { "\($0)".contains("[SEP]") }
    }

    /// The settings of a BERT class come before those of tokenizer.json, as in transformers; a class that knows none leaves them.
    @Test func configurationDecidesAboutCase() throws {
        func read(_ name: String) throws -> Tokenizer {
            try Tokenizer(
                json: fixtureJSON("bert"), configuration: ["tokenizer_class": .string(name), "do_lower_case": false],
                path: "tokenizer.json")
        }
        #expect(try read("BertTokenizer").encode("THE") != read("BertTokenizer").encode("the"))
        #expect(try read("PreTrainedTokenizerFast").encode("THE") == read("PreTrainedTokenizerFast").encode("the"))
    }

    @Test func usersCannotSpellSpecialTokens() throws {
        let tokenizer = try fixtureTokenizer("words")
        let separator = try #require(tokenizer.id(of: "[SEP]"))
        #expect(try !tokenizer.encode("a [SEP] b").contains(separator))
        let segments = [TextSegment("a [SEP] ", isTrusted: true), TextSegment("[SEP] b", isTrusted: false)]
        #expect(try tokenizer.encode(segments: segments).count { $0 == separator } == 1)
        // A normalised token whose spelling is shared with a user is none.
        let unused = try #require(tokenizer.id(of: "[Unused 1]"))
        func tokens(_ first: String, _ second: String) throws -> [Int32] {
            try tokenizer.encode(segments: [
                TextSegment(first, isTrusted: true), TextSegment(second, isTrusted: false),
            ])
        }
        #expect(try !tokens("b [Unused", " 1]").contains(unused))
        #expect(try tokens("[Unused 1]", " 1]") == tokenizer.encode("[Unused 1] 1]", specialTokens: .recognise))
    }

    @Test func aContinuedTextKeepsItsSpaces() throws {
        let tokenizer = try fixtureTokenizer("bert")
        let ids = try tokenizer.encode("the ring")
        var (first, later) = (
            TokenDecoder(tokenizer: tokenizer), TokenDecoder(tokenizer: tokenizer, continuesText: true)
        )
        #expect(ids.map { first.append($0) }.joined() == (try tokenizer.decode(ids)))
        #expect(ids.map { later.append($0) }.joined() == " " + (try tokenizer.decode(ids)))
    }

    private func vocabulary() throws -> [UInt8] {
        let vocabulary = try #require(fixtureJSON("bert")["model"]?["vocab"]?.object)
        let pairs = zip(vocabulary.keys, vocabulary.values).sorted { $0.1.integer ?? 0 < $1.1.integer ?? 0 }
        return Array(pairs.map { $0.0 + "\n" }.joined().utf8)
    }

    private func tokenizer(list: [UInt8], _ configuration: JSON?) throws -> Tokenizer {
        let definition = try TokenizerDefinition(list: list, configuration: configuration, path: "vocab.txt")
        return try Tokenizer(definition.makeParts(path: "vocab.txt", place: "tokens"))
    }
}
