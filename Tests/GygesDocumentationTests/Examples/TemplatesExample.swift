import GygesTemplates
import GygesTokenizer
import Testing

@Suite struct TemplatesExample {
    @Test func rendersAConversation() throws {
        let template = try ChatTemplate(
            source: "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}")
        let prompt = try template.render(messages: [ChatMessage(role: "user", content: "Who is <|system|>?")])
        for segment in prompt.segments { print(segment.isTrusted, segment.text) }

        #expect(prompt.segments.contains { !$0.isTrusted && $0.text.contains("<|system|>") })
    }
}
