import GygesStatistics
import Testing

@testable import GygesTokenizer

@Suite struct TokenDecoderTests {
    @Test func holdsBackUnfinishedCharacters() throws {
        let tokenizer = try fixtureTokenizer("gpt2")
        // Bytes one by one, as tokens of single bytes.
        let text = "aé語😀"
        let tokens = try text.utf8.map { byte in
            try #require((0..<Int32(tokenizer.vocabularyCount)).first { tokenizer.bytes(of: $0) == [byte] })
        }
        var decoder = TokenDecoder(tokenizer: tokenizer)
        #expect(tokens.map { decoder.append($0) } == ["a", "", "é", "", "", "語", "", "", "", "😀"])
        #expect(decoder.finish() == "")

        _ = decoder.append(tokens[1])
        #expect(decoder.finish() == "\u{FFFD}", "half a character at the end is shown as such")
        #expect(decoder.finish() == "", "and only once")
        _ = decoder.append(tokens[1])
        #expect(decoder.append(tokens[0]) == "\u{FFFD}a")
    }

    @Test func equalsDecodingAtOnce() throws {
        let tokenizer = try fixtureTokenizer("gpt2")
        let singleBytes = (0..<Int32(tokenizer.vocabularyCount)).filter { tokenizer.bytes(of: $0).count == 1 }
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            // Mostly bytes above ASCII, which are mostly no UTF-8 together.
            let tokens = (0..<Int.random(in: 1...8, using: &generator)).map { _ in
                singleBytes.filter { tokenizer.bytes(of: $0)[0] >= 0x7F }.randomElement(using: &generator)!
            }
            var decoder = TokenDecoder(tokenizer: tokenizer)
            let parts = tokens.map { decoder.append($0) } + [decoder.finish()]
            let whole = try tokenizer.decode(tokens)
            #expect(parts.joined().unicodeScalars.elementsEqual(whole.unicodeScalars), "\(tokens)")
        }
    }

    @Test func skipsSpecialTokensOrNot() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let text = "<|im_start|>user\nhi<|im_end|>"
        let tokens = try tokenizer.encode(text, specialTokens: .recognise)
        #expect(try tokenizer.decode(tokens, skipsSpecialTokens: false) == text)
        #expect(try tokenizer.decode(tokens) == "user\nhi")
        var decoder = TokenDecoder(tokenizer: tokenizer, skipsSpecialTokens: false)
        #expect(tokens.map { decoder.append($0) }.joined() == text)
    }

    @Test func refusesNumbersThatAreNoTokens() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        for id in [-1, 1205, Int32.max, .min] as [Int32] {
            #expect(throws: TokenizerError.unknownToken(id, vocabularyCount: 1205)) { try tokenizer.decode([0, id]) }
            var decoder = TokenDecoder(tokenizer: tokenizer)
            #expect(decoder.append(id) == "", "a padding row of the model's vocabulary means nothing")
        }
    }
}
