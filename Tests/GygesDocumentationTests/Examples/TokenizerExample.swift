import GygesTokenizer
import Testing

@Suite struct TokenizerExample {
    let folder = tinyModel("tiny-chat")

    @Test func encodesAndDecodes() throws {
        let tokenizer = try Tokenizer(path: folder)
        let tokens = try tokenizer.encode("A ring that makes unseen")
        print(tokens, try tokenizer.decode(tokens))

        #expect(try tokenizer.decode(tokens) == "A ring that makes unseen")
    }
}
