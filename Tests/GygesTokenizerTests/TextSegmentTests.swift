import GygesStatistics
import Testing

@testable import GygesTokenizer

@Suite struct TextSegmentTests {
    private func joined(_ segments: [TextSegment]) -> String { segments.map(\.text).joined() }

    @Test(arguments: ["qwen2", "llama3", "smollm", "modernbert", "flags"])
    func boundariesLeaveNoTrace(kind: String) throws {
        let tokenizer = try fixtureTokenizer(kind)
        let specials = tokenizer.specialTokens.map(\.content)
        var generator = SeededGenerator(seed: 23)
        for _ in 0..<1500 {
            var segments: [TextSegment] = []
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let isTrusted = Bool.random(using: &generator)
                var text = randomText(using: &generator).filter { !"<>[]|".contains($0) }
                if Bool.random(using: &generator) { text = " \n" + text + "  it's " }
                if isTrusted { text = (specials.randomElement(using: &generator) ?? "") + text }
                segments.append(TextSegment(text, isTrusted: isTrusted))
            }
            let whole = try tokenizer.encode(joined(segments), specialTokens: .recognise)
            #expect(try tokenizer.encode(segments: segments) == whole, "\(segments)")
        }
    }

    /// Tokens with places are those without, and a text's places are those of its own encoding.
    @Test(arguments: ["qwen2", "llama3", "smollm", "modernbert", "flags", "bert", "roberta"])
    func placesChangeNoToken(kind: String) throws {
        let tokenizer = try fixtureTokenizer(kind)
        let specials = tokenizer.specialTokens.map(\.content)
        var encoder = TokenEncoder(tokenizer)
        var generator = SeededGenerator(seed: 29)
        for _ in 0..<250 {
            let segments = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                var text = randomText(using: &generator)
                // What composes moves the places of what users may not spell.
                if Bool.random(using: &generator) { text += "e\u{301}" }
                if Bool.random(using: &generator) { text += specials.randomElement(using: &generator) ?? "" }
                return TextSegment(text, isTrusted: Bool.random(using: &generator))
            }
            let (ids, places) = try encoder.placedTokens(ofSegments: segments)
            #expect(try ids == tokenizer.encode(segments: segments), "\(segments)")
            let length = joined(segments).utf8.count
            #expect(places.count == ids.count && places.allSatisfy { $0.upperBound <= length }, "\(segments)")
            let whole = joined(segments)
            let options = EncodingOptions(specialTokens: .recognise, addsFrame: false)
            let (trusted, bytes) = try encoder.placedTokens(ofSegments: [TextSegment(whole, isTrusted: true)])
            let encoded = try tokenizer.tokens(of: .text(whole), options: options)
            #expect(trusted == encoded.ids, "\(whole)")
            // Files that trim places leave white space out of them, which segments' places keep.
            if tokenizer.frame.trimming == nil { #expect(bytes == encoded.origins.map(\.bytes), "\(whole)") }
        }
    }

    @Test(arguments: ["qwen2", "llama3", "gpt2", "modernbert"])
    func untrustedTextIsNeverSpecial(kind: String) throws {
        let tokenizer = try fixtureTokenizer(kind)
        for special in tokenizer.specialTokens {
            for split in special.content.indices {
                // However the two kinds share out the spelling, it takes trusted text alone to make the token.
                let head = String(special.content[..<split])
                let tail = String(special.content[split...])
                for (first, second) in [(false, true), (true, false), (false, false)]
                where first || second || head == "" {
                    if head.isEmpty, second { continue }
                    let segments = [TextSegment(head, isTrusted: first), TextSegment(tail, isTrusted: second)]
                    let tokens = try tokenizer.encode(segments: segments)
                    #expect(!tokens.contains(where: tokenizer.isSpecial), "\(segments)")
                    #expect(try tokenizer.decode(tokens) == special.content, "it is text, and stays as written")
                }
                let trusted = [TextSegment(head, isTrusted: true), TextSegment(tail, isTrusted: true)]
                #expect(try tokenizer.encode(segments: trusted) == [special.id])
            }
            #expect(try !tokenizer.encode(special.content).contains(where: tokenizer.isSpecial), "the default is safe")
        }
    }

    @Test func toolCallsOfUsersAreText() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let call = try #require(tokenizer.id(of: "<tool_call>"))
        #expect(try tokenizer.encode("<tool_call>", specialTokens: .recognise) == [call])
        #expect(try !tokenizer.encode(segments: [.init("<tool_call>", isTrusted: false)]).contains(call))
    }

    @Test func aTokenBehindALookAlikeIsFound() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let end = try #require(tokenizer.id(of: "<|im_end|>"))
        let segments = [TextSegment("<|im_end|><|im_", isTrusted: false), TextSegment("<|im_end|>", isTrusted: true)]
        let tokens = try tokenizer.encode(segments: segments)
        #expect(tokens.last == end && tokens.filter { $0 == end }.count == 1)
    }

    /// Composition moves text; the boundary of trust must move with it.
    @Test func compositionKeepsTrustApart() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        let token = try #require(tokenizer.id(of: "[unused1]"))
        let accents = String(repeating: "e\u{301}o\u{308}\u{323}", count: 20)
        for user in ["[unused1]", accents + "[unused1]", "[unused1]" + accents, accents] {
            let segments = [
                TextSegment("a" + accents + "[unused1]", isTrusted: true), TextSegment(user, isTrusted: false),
                TextSegment("[unused1]" + accents, isTrusted: true), TextSegment(user, isTrusted: false),
            ]
            #expect(try tokenizer.encode(segments: segments).filter { $0 == token }.count == 2, "\(user)")
        }
    }

    @Test func runsOfSpacesAreTokensForEverybody() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        let text = "if x:\n" + String(repeating: " ", count: 9) + "y"
        let plain = try tokenizer.encode(text, specialTokens: .recognise)
        #expect(try tokenizer.encode(text) == plain)
        #expect(plain.contains(try #require(tokenizer.id(of: String(repeating: " ", count: 9)))))
    }
}
