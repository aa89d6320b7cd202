import GygesConstraints
import GygesTokenizer
import Testing

@Suite struct ConstraintsExample {
    let folder = tinyModel("tiny-chat")

    @Test func followsAnAnswer() throws {
        let tokenizer = try Tokenizer(path: folder)
        let constraint = try OutputConstraint(OutputGrammar(answers: ["yes", "no"]), tokenizer: tokenizer)
        var matcher = ConstraintMatcher(constraint)
        for token in try tokenizer.encode("no") { matcher.advance(by: token) }
        print(matcher.isComplete, matcher.canContinue)

        #expect(matcher.isComplete)
        #expect(!matcher.canContinue)
    }
}
