import GygesFiles
import GygesTemplates
import Testing

@testable import GygesWire

/// Responses as OpenAI's client asks for them, and what of its interface is refused.
@Suite struct ResponseRequestTests {
    /// A second turn: the items of an earlier response are sent back as they came.
    @Test func aConversationWithCallsIsAChat() throws {
        let json = try JSON(
            parsing: """
                {"model":"m","instructions":"Be brief.","stream":true,"store":false,"max_output_tokens":32,"temperature":0.5,"top_p":0.9,
                 "metadata":{"a":"b"},"include":["message.output_text.logprobs"],"top_logprobs":2,"truncation":"disabled",
                 "input":[{"role":"user","content":"Weather in Oslo and Rome?"},
                 {"id":"msg_1","type":"message","role":"assistant","status":"completed",
                  "content":[{"type":"output_text","text":"I look.","annotations":[],"logprobs":[]}]},
                 {"id":"fc_1","type":"function_call","call_id":"call_1","name":"weather","arguments":"{\\"city\\":\\"Oslo\\"}","status":"completed"},
                 {"type":"function_call","call_id":"call_2","name":"weather","arguments":"{\\"city\\":\\"Rome\\"}"},
                 {"type":"function_call_output","call_id":"call_1","output":"rain"},
                 {"type":"function_call_output","call_id":"call_2","output":[{"type":"input_text","text":"sun"}]},
                 {"type":"message","role":"user","content":[{"type":"input_text","text":"So?"}]}],
                 "tools":[{"type":"function","name":"weather","description":"d","parameters":{"type":"object"},"strict":true}],
                 "tool_choice":{"type":"function","name":"weather"},"parallel_tool_calls":true,
                 "text":{"format":{"type":"text"},"verbosity":"medium"}}
                """)
        let request = try ResponseRequest(json)
        let chat = request.chat
        #expect(chat.messages.map(\.role) == [.system, .user, .assistant, .tool, .tool, .user])
        #expect(chat.messages[0].content == "Be brief." && chat.messages[2].content == "I look.")
        let calls = chat.messages[2].fields["tool_calls"]?.array ?? []
        #expect(calls.map { $0["id"]?.string } == ["call_1", "call_2"])
        #expect(calls[1]["function"]?["arguments"] == #"{"city":"Rome"}"#)
        #expect(chat.messages[4].content == "sun" && chat.messages[4].fields["tool_call_id"] == "call_2")
        #expect(chat.messages[5].content == "So?")
        #expect(
            chat.tools == [
                [
                    "type": "function",
                    "function": ["name": "weather", "description": "d", "parameters": ["type": "object"]],
                ]
            ])
        #expect(chat.toolChoice == .function("weather") && chat.callsToolsInParallel == true)
        #expect(
            chat.settings
                == GenerationSettings(temperature: 0.5, topP: 0.9, maximumTokens: 32, isStreamed: true))
        #expect(chat.logProbabilities == 2 && chat.responseFormat == nil && request.metadata["a"] == "b")
        let short = try ResponseRequest(JSON(parsing: #"{"model":"m","input":"hi"}"#))
        #expect(short.chat == ChatRequest(model: "m", messages: [ChatMessage(role: .user, content: "hi")]))
        let held = try ResponseRequest(
            JSON(
                parsing:
                    #"{"model":"m","input":"hi","text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object"}}}}"#
            ))
        #expect(held.chat.responseFormat == .jsonSchema(name: "n", schema: ["type": "object"]))
    }

    @Test(
        arguments: [
            (#""input":[]"#, "input", "1 to"), (#""input":7"#, "input", "not 7"),
            (#""input":"a","store":true"#, "store", "not stored"),
            (#""input":"a","previous_response_id":"resp_1"# + #"""#, "previous_response_id", "whole conversation"),
            (#""input":"a","background":true"#, "background", "not stored"),
            (#""input":"a","conversation":"c""#, "conversation", "Nothing is stored"),
            (#""input":"a","truncation":"auto""#, "truncation", "disabled"),
            (#""input":"a","reasoning":{"effort":"high"}"#, "reasoning.effort", "none"),
            (#""input":"a","text":{"verbosity":"low"}"#, "text.verbosity", "in words"),
            (#""input":"a","tools":[{"type":"web_search"}]"#, "tools[0].type", "web_search"),
            (#""input":"a","tools":[{"type":"function","function":{"name":"a"}}]"#, "tools[0].name", "missing"),
            (#""input":"a","tool_choice":"required""#, "tool_choice", "with tools"),
            (#""input":"a","top_logprobs":2"#, "top_logprobs", "include"),
            (#""input":"a","include":["file_search_call.results"]"#, "include", "file_search_call"),
            (#""input":"a","stream_options":{"include_obfuscation":false}"#, "stream_options", "stream"),
            (#""input":"a","max_tokens":3"#, "max_tokens", "not known"),
            (#""input":[{"type":"item_reference","id":"a"}]"#, "input[0].type", "Nothing is stored"),
            (#""input":[{"type":"reasoning","summary":[]}]"#, "input[0].type", "reasoning"),
            (#""input":[{"role":"tool","content":"a"}]"#, "input[0].role", "user"),
            (
                #""input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]"#,
                "input[0].content[0].type", "input_image"
            ),
            (#""input":[{"type":"function_call_output","call_id":"c","output":"a"}]"#, "input[0].call_id", "before it"),
            (#""input":[{"role":"user","content":"a","colour":1}]"#, "input[0].colour", "not known"),
        ])
    func whatCannotBeDoneIsNamed(members: String, parameter: String, words: String) throws {
        let error = try #require(throws: ErrorReply.self) {
            try ResponseRequest(JSON(parsing: "{\"model\":\"m\",\(members)}"))
        }
        #expect(error.parameter == parameter && error.message.contains(words), "\(error)")
    }

    /// Whatever comes, events are numbered, and the items that they end with are those of the whole.
    @Test func eventsTellWhatTheWholeSays() throws {
        var items = ResponseItems { "\($0)_\($1)" }
        var events = items.append("Hello ", tokens: nil) + items.append("there", tokens: nil)
        events += items.append(call: "weather", arguments: "{}")
        events += items.append("!", tokens: nil) + items.finish(tokens: nil, isCut: true)
        #expect(events.map { $0["sequence_number"]?.integer } == Array(0..<events.count))
        let done = events.filter { $0["type"] == "response.output_item.done" }
        #expect(done.compactMap { $0["item"] } == items.output)
        #expect(items.output.map { $0["type"]?.string } == ["message", "function_call", "message"])
        #expect(items.output[0]["content"]?[0]?["text"] == "Hello there" && items.output[0]["status"] == "completed")
        #expect(items.output[1]["call_id"] == "call_1" && items.output[2]["status"] == "incomplete")
        #expect(items.output[2]["id"] == "msg_2")
        // A response without anything is an empty message.
        var empty = ResponseItems { "\($0)_\($1)" }
        _ = empty.finish(tokens: nil, isCut: false)
        #expect(empty.output.count == 1 && empty.output[0]["content"]?[0]?["text"] == "")
    }
}
