import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// `gyges tokenizer train`, from files to a tokenizer that `gyges tokenize` reads.
@Suite struct TokenizerCommandTests {
    @Test("Lines of text and of JSON teach the same, and what was learnt is read again")
    func trains() throws {
        let folder = try TemporaryFolder()
        let lines = (0..<300).map { "the ring of Gyges, number \($0 % 37)\n" }
        let text = try folder.write(lines.joined(), to: "a.txt")
        let json = try folder.write(
            lines.map { JSON.object(JSONObject([("text", .string($0))])).serialized() }.joined(separator: "\n"),
            to: "a.jsonl")
        let output = folder.path + "/tokenizer.json"
        func train(_ input: String, _ options: String...) throws -> Program.Outcome {
            try Program.run(
                [
                    "tokenizer", "train", input, "--like", "modernbert", "--vocab-size", "400", "--unused", "3", "-o",
                    output,
                ]
                    + options)
        }
        let outcome = try train(text)
        #expect(outcome.status == 0 && outcome.output.contains("tokens"), "\(outcome.errors)")
        let first = try JSON.read(path: output)
        #expect(try train(text).status == 1 && JSON.read(path: output) == first)
        #expect(try train(json, "--overwrite").status == 0)
        #expect(try JSON.read(path: output) == first)
        let shown = try Program.run([
            "tokenize", folder.path, "the ring of [MASK]", "--special-tokens", "--add-special-tokens",
        ])
        #expect(shown.status == 0 && shown.output.contains("\" ring\"") && shown.output.contains("[MASK]"), "\(shown)")
        // The words have fewer pairs than that.
        #expect(outcome.errors.contains("400 tokens were wanted"), "\(outcome.errors)")
    }
}
