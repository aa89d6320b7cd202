import GygesFiles
import GygesTemplates
import GygesWire
import Testing

/// Rows of files of requests.
@Suite struct BulkRequestTests {
    @Test("A row says what is asked and how, by the API's names")
    func reads() throws {
        let row = try BulkRequest(
            try JSON(
                parsing: """
                    {"custom_id": "a", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9, "temperature": 0.5,
                     "seed": 3, "stop": "x", "schema": {"type": "object"}, "tools": [{"type": "function",
                     "function": {"name": "now"}}], "chat_template_kwargs": {"enable_thinking": false},
                     "response_prefix": "So"}
                    """))
        #expect(row.id == "a" && row.settings.maximumTokens == 9 && row.settings.stop == ["x"])
        #expect(row.responseFormat == .jsonSchema(name: "answer", schema: ["type": "object"]))
        #expect(row.tools?.count == 1 && row.variables["enable_thinking"] == false && row.responsePrefix == "So")
        guard case .messages(let messages) = row.question else { throw TestFailure() }
        #expect(messages.first?.content == "Hi")
        #expect(try BulkRequest("Why?").question == .prompt("Why?"))
        #expect(try BulkRequest(["prompt": "f(", "suffix": ")", "answers": ["a", "b"]]).answers == ["a", "b"])
    }

    struct TestFailure: Error {}

    @Test(
        "What is missing, unknown or contradicts itself is named",
        arguments: [
            (#"{"id": 1}"#, "prompt"), (#"{"prompt": 3}"#, "prompt"),
            (#"{"prompt": "a", "temprature": 1}"#, "temprature"),
            (#"{"prompt": "a", "messages": [{"role": "user", "content": "b"}]}"#, "messages"),
            (#"{"prompt": "a", "n": 2}"#, "n"), (#"{"prompt": "a", "stream": true}"#, "stream"),
            (#"{"prompt": "a", "schema": {}, "answers": ["b"]}"#, "schema"),
            (#"{"prompt": "a", "answers": []}"#, "answers"),
            (#"{"prompt": "a", "id": {}}"#, "id"), (#"[1]"#, nil),
            (#"{"prompt": "a", "tools": [{}]}"#, "tools[0].type"),
            (#"{"prompt": "a", "max_tokens": -1}"#, "max_tokens"),
        ] as [(String, String?)])
    func refuses(text: String, parameter: String?) throws {
        let error = #expect(throws: ErrorReply.self) { try BulkRequest(try JSON(parsing: text)) }
        #expect(error?.parameter == parameter, "\(String(describing: error))")
    }
}
