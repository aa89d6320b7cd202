import GygesBulk
import GygesFiles
import GygesInference
import GygesWire
import Testing

@Suite struct BulkExample {
    let folder = tinyModel("tiny-chat")

    @Test func answersARow() async throws {
        let generator = try BulkGenerator(model: try LanguageModel(path: folder))
        let row = try BulkRequest(["prompt": "Is a whale a fish?", "answers": ["yes", "no"]])
        let answer = try await generator.model.engine.complete(generator.request(row))
        print(answer.text)

        #expect(["yes", "no"].contains(answer.text))
    }
}
