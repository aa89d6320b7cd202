import GygesCheckpoints
import GygesFiles
import Testing

@testable import GygesTokenizer

@Suite struct SentencePieceTests {
    /// The scores of a GGUF file give the tokens that the merges of a `tokenizer.json` give.
    @Test func readsGGUFVocabulary() throws {
        let tokenizer = try Tokenizer(vocabulary(), path: "test.gguf")
        let cases = try TokenizerCases(path: fixturePath("llama2.jsonl"))
        let mismatches = try cases.mismatches(tokenizer)
        #expect(mismatches.isEmpty, "\(mismatches.count) differences: \(mismatches.prefix(5))")
        #expect(tokenizer.beginningTokens == [1] && tokenizer.endOfText == 2)
    }

    @Test func aFileDecidesAboutTheSpaceInFront() throws {
        var vocabulary = try vocabulary()
        vocabulary.addsSpacePrefix = false
        let (without, with) = (
            try Tokenizer(vocabulary, path: "test.gguf"), try Tokenizer(self.vocabulary(), path: "test.gguf")
        )
        #expect(try without.encode(" the ring") == with.encode("the ring"))
        #expect(try without.decode(without.encode(" the ring")) == " the ring")
        #expect(try with.decode(with.encode("the ring")) == "the ring")
    }

    @Test func saysWhatIsWrong() throws {
        func says(_ words: String, _ change: (inout GGUFVocabulary) -> Void) throws {
            var vocabulary = try vocabulary()
            change(&vocabulary)
            #expect { try Tokenizer(vocabulary, path: "test.gguf") } throws: { "\($0)".contains(words) }
        }
        try says("0 scores for") { $0.scores = [] }
        try says("lacks 1") { $0.types[$0.types.firstIndex(of: 6)!] = 5 }
        try says("supported: gpt2 and llama") { $0.model = "t5" }
        try says("has the type 7") { $0.types[40] = 7 }
    }

    /// Characters without tokens come one byte at a time and are given out whole.
    @Test func bytesBecomeCharacters() throws {
        let tokenizer = try fixtureTokenizer("llama2")
        let ids = try tokenizer.encode("a\u{1F9FF}\u{10FFFF}")
        var decoder = TokenDecoder(tokenizer: tokenizer)
        let parts = ids.map { decoder.append($0) }.filter { !$0.isEmpty }
        #expect(parts.joined() == "a\u{1F9FF}\u{10FFFF}" && parts.suffix(2) == ["\u{1F9FF}", "\u{10FFFF}"])
        let byte = try #require(tokenizer.id(of: "<0xF0>"))
        #expect(tokenizer.bytes(of: byte) == [0xF0])
        #expect(try tokenizer.decode([byte]) == "\u{FFFD}")
        let encoded = try tokenizer.tokens(of: "\u{1F9FF}x")
        #expect(encoded.origins.filter { $0.scalars == 0..<1 }.count >= 4, "all bytes have the character's place")
    }

    /// In a unigram model `<s>` is a token like others, and the likeliest; only who may write it gets it.
    @Test(arguments: ["xlmr", "t5", "llama2", "gemma"])
    func usersCannotSpellSpecialTokens(kind: String) throws {
        let tokenizer = try fixtureTokenizer(kind)
        let special = try #require(tokenizer.id(of: "<s>"))
        #expect(try !tokenizer.encode("a <s><s> b").contains(special))
        let segments = [TextSegment("<s>a <", isTrusted: true), TextSegment("s>", isTrusted: false)]
        #expect(try tokenizer.encode(segments: segments).filter { $0 == special }.count == 1)
    }

    @Test func tablesOfCharactersAreChecked() throws {
        for (table, isGood) in [
            ("", false), ("AA==", false), ("AAAAAA==", false), ("!", false), ("BAAAAAAAAAA=", true),
        ] {
            #expect((CharacterMap(base64: table) != nil) == isGood, "\(table)")
        }
        var json = try #require(fixtureJSON("xlmr").object)
        // Any bytes: text goes in and something comes out.
        for seed in 0..<60 {
            var bytes = [UInt8](repeating: 0, count: 68)
            bytes[0] = 64
            for index in 4..<68 { bytes[index] = UInt8(truncatingIfNeeded: (index &+ 3) &* (seed &+ 7) &* 131 >> 2) }
            let text = bytes.withUnsafeBytes { base64($0) }
            json["normalizer"] = ["type": "Precompiled", "precompiled_charsmap": .string(text)]
            let tokenizer = try Tokenizer(json: .object(json), path: "tokenizer.json")
            let encoded = try tokenizer.tokens(of: "The \u{fb01}ne e\u{301}a ring, \u{1F44D}\u{1F3FD}\0!")
            #expect(encoded.origins.allSatisfy { $0.bytes.lowerBound <= $0.bytes.upperBound })
        }
    }

    private func base64(_ bytes: UnsafeRawBufferPointer) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
            for index in 0..<4 {
                text.append(start + index > bytes.count ? "=" : alphabet[group >> (18 - 6 * index) & 63])
            }
        }
        return text
    }

    private func vocabulary() throws -> GGUFVocabulary {
        var vocabulary = try ggufVocabulary(fixtureJSON("llama2"), preTokenizer: "default")
        let path = try fixturePath("llama2.scores.json")
        let json = try JSON.parse(MappedFile.read(path: path), path: path)
        vocabulary.model = "llama"
        vocabulary.merges = PackedStrings()
        vocabulary.scores = json["scores"]?.array?.compactMap(\.double) ?? []
        vocabulary.types = json["types"]?.array?.compactMap(\.integer) ?? []
        vocabulary.scores += [0, 0]
        vocabulary.types += [4, 5]
        (vocabulary.beginningOfText, vocabulary.endOfText) = (1, 2)
        return vocabulary
    }
}
