import Testing

@testable import GygesTokenizer

@Suite struct AddedTokenTests {
    /// What the reference makes of three tabs that are a token each, whatever white space that token swallows.
    @Test(
        arguments: [
            (false, false, [0..<1, 1..<2, 2..<3, 3..<4, 4..<5]), (true, false, [0..<1, 1..<2, 2..<3, 3..<4, 4..<5]),
            (false, true, [0..<1, 1..<4, 2..<4, 3..<4, 4..<5]), (true, true, [0..<1, 1..<4, 4..<5]),
        ])
    func whiteSpaceThatSwallowsItself(left: Bool, right: Bool, ranges: [Range<Int>]) {
        let tab = AddedToken(id: 7, content: "\t", stripsLeft: left, stripsRight: right)
        #expect(split("a\t\t\tb", [tab]) == ranges)
    }

    /// Here the reference fails.
    @Test func aTokenThatIsSwallowedWholeIsNone() {
        let tokens = [
            AddedToken(id: 1, content: "<r>", stripsRight: true), AddedToken(id: 2, content: "\t", stripsLeft: true),
        ]
        #expect(split("a<r>\t\tb", tokens) == [0..<1, 1..<6, 6..<7])
    }

    @Test func canonicallyEquivalentTokensAreTwo() throws {
        var definition = TokenizerDefinition()
        for (id, byte) in ["a", "b"].enumerated() {
            definition.tokens.append(byte)
            definition.ids.append(id)
        }
        definition.addedTokens = [AddedToken(id: 2, content: "\u{e9}"), AddedToken(id: 3, content: "e\u{301}")]
        let tokenizer = try Tokenizer(definition.makeParts(path: "tokenizer.json", place: "model"))
        let ids = try tokenizer.encode("a\u{e9}e\u{301}b", specialTokens: .recognise)
        #expect(ids == [0, 2, 3, 1])
        #expect(tokenizer.id(of: "\u{e9}") == 2 && tokenizer.id(of: "e\u{301}") == 3)
        definition.addedTokens.append(AddedToken(id: 4, content: "e\u{301}"))
        #expect { try definition.makeParts(path: "tokenizer.json", place: "model") } throws: {
            "\($0)".contains("added twice")
        }
    }

    private func split(_ text: String, _ tokens: [AddedToken]) -> [Range<Int>] {
        let matcher = AddedTokenMatcher(tokens) { Array($0.content.utf8) }
        var ranges: [Range<Int>] = []
        var text = text
        text.withUTF8 { matcher.split($0, .all, untrusted: []) { ranges.append($1) } }
        return ranges
    }
}
