import GygesInference
import GygesTemplates
import Testing

@Suite struct InferenceExample {
    let folder = tinyModel("tiny-chat")

    @Test func answersAPrompt() async throws {
        let model = try LanguageModel(path: folder)
        let prompt = try model.tokens(of: [ChatMessage(role: "user", content: "Why is the sky blue?")])
        let answer = try await model.engine.complete(
            GenerationRequest(prompt: prompt, maximumTokenCount: 256, stopTokens: model.stopTokens))
        print(answer.text)

        #expect(answer.tokens.count <= 256)
    }
}
