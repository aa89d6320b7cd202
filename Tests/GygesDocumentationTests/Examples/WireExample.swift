import GygesFiles
import GygesTemplates
import GygesWire
import Testing

@Suite struct WireExample {
    @Test func asksAndReads() throws {
        let request = ChatRequest(
            model: "a-model", messages: [ChatMessage(role: "user", content: "Why is the sky blue?")],
            settings: GenerationSettings(temperature: 0.7, maximumTokens: 256))
        print(request.json.serialized())
        let body = try JSON(parsing: #"{"choices": [{"message": {"content": "Air scatters blue light most."}}]}"#)
        let reply = try ChatReply(body, source: "http://localhost:8000/v1")
        print(reply.choices[0].content)

        #expect(try ChatRequest(request.json) == request)
    }
}
