import GygesFiles
import GygesTemplates
import Testing

@testable import GygesWire

/// Requests as real clients send them, and as they must not be.
@Suite struct RequestTests {
    /// openai-python with a stream, a tool, and a reply of its own sent back (`message.model_dump()`).
    @Test func aConversationOfOpenAIsClientIsRead() throws {
        let json = try JSON(
            parsing: """
                {"messages":[{"role":"developer","content":"Be brief."},
                {"role":"user","content":[{"type":"text","text":"Weather "},{"type":"text","text":"in Oslo?"}],"name":"ada"},
                {"content":null,"refusal":null,"role":"assistant","annotations":[],"audio":null,"function_call":null,
                 "tool_calls":[{"id":"call_1","function":{"arguments":"{\\"city\\":\\"Oslo\\"}","name":"weather"},"type":"function"}]},
                {"role":"tool","tool_call_id":"call_1","content":"rain"}],
                "model":"qwen","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":64,
                "temperature":0,"top_p":1,"n":2,"stop":"END","seed":-3,"logit_bias":{"15":-100},"user":"u","metadata":{"a":"b"},
                "tools":[{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object"},
                 "strict":true}}],"tool_choice":{"type":"function","function":{"name":"weather"}},
                "parallel_tool_calls":false,"logprobs":true,"top_logprobs":3,"response_format":{"type":"text"}}
                """)
        let request = try ChatRequest(json)
        #expect(request.messages.map(\.role) == [.system, .user, .assistant, .tool])
        #expect(request.messages[1].content == "Weather in Oslo?" && request.messages[1].fields["name"] == "ada")
        #expect(request.messages[2].content == nil)
        #expect(request.messages[2].fields["tool_calls"]?[0]?["function"]?["arguments"] == #"{"city":"Oslo"}"#)
        #expect(
            request.settings
                == GenerationSettings(
                    temperature: 0, topP: 1, logitBias: [15: -100], maximumTokens: 64,
                    lengthMember: .maximumCompletionTokens, seed: -3, stop: ["END"], choiceCount: 2, isStreamed: true,
                    streamsUsage: true))
        #expect(request.toolChoice == .function("weather") && request.callsToolsInParallel == false)
        #expect(request.logProbabilities == 3 && request.responseFormat == nil && request.tools.count == 1)
    }

    /// LangChain, lm-eval and Inspect send little, and sometimes `null`.
    @Test func littleIsEnough() throws {
        let request = try ChatRequest(
            JSON(
                parsing: #"{"model":"m","messages":[{"role":"user","content":"hi"}],"stop":null,"seed":null,"n":null}"#)
        )
        #expect(request == ChatRequest(model: "m", messages: [ChatMessage(role: .user, content: "hi")]))
    }

    @Test(
        arguments: [
            (#"[]"#, nil, "an object"), (#"{"messages":[]}"#, "model", "missing"),
            (#"{"model":"m"}"#, "messages", "missing"), (#"{"model":"m","messages":[]}"#, "messages", "1 to"),
            (#"{"model":3,"messages":[]}"#, "model", "a string, not 3"),
            (#"{"model":"m","messages":["hi"]}"#, "messages[0]", "an object"),
            (#"{"model":"m","messages":[{"content":"hi"}]}"#, "messages[0].role", "missing"),
            (#"{"model":"m","messages":[{"role":"king","content":"hi"}]}"#, "messages[0].role", "“king”"),
            (#"{"model":"m","messages":[{"role":"user"}]}"#, "messages[0].content", "missing"),
            (#"{"model":"m","messages":[{"role":"user","content":7}]}"#, "messages[0].content", "not 7"),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"#,
                "messages[0].content[0].type", "image_url"
            ),
            (#"{"model":"m","messages":[{"role":"tool","content":"x"}]}"#, "messages[0].tool_call_id", "missing"),
            (
                #"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}}]}]}"#,
                "messages[0].tool_calls[0].function.arguments", "missing"
            ),
            (#"{"model":"m","messages":[{"role":"user","content":"x","audio":{}}]}"#, "messages[0].audio", "not known"),
        ] as [(String, String?, String)])
    func faultsOfMessagesAreNamed(_ text: String, _ parameter: String?, _ words: String) throws {
        let json = try JSON(parsing: text)
        let error = try #require(throws: ErrorReply.self) { try ChatRequest(json) }
        #expect(error.parameter == parameter && error.message.contains(words), "\(error)")
        #expect(error.type == "invalid_request_error" && error.code != nil)
    }

    @Test(arguments: [
        (#""temperature":-1"#, "temperature"), (#""temperature":1e999"#, "temperature"),
        (#""temperature":"hot""#, "temperature"),
        (#""top_p":1.5"#, "top_p"), (#""top_k":-2"#, "top_k"), (#""n":0"#, "n"), (#""n":1000000"#, "n"),
        (#""n":2.5"#, "n"),
        (#""max_tokens":-1"#, "max_tokens"), (#""max_tokens":99999999999999999999"#, "max_tokens"),
        (#""max_tokens":1,"max_completion_tokens":2"#, "max_tokens"), (#""seed":1.5"#, "seed"),
        (#""stop":[""]"#, "stop"),
        (#""stop":["a",1]"#, "stop"), (#""stop":{}"#, "stop"), (#""stream":"yes""#, "stream"),
        (#""stream_options":{"include_usage":true}"#, "stream_options"),
        (#""stream":true,"stream_options":{"other":1}"#, "stream_options.other"),
        (#""logit_bias":{"x":1}"#, "logit_bias"),
        (#""logit_bias":{"1":101}"#, "logit_bias"), (#""logit_bias":[]"#, "logit_bias"),
        (#""top_logprobs":2"#, "top_logprobs"),
        (#""logprobs":true,"top_logprobs":21"#, "top_logprobs"), (#""frequency_penalty":3"#, "frequency_penalty"),
        (#""repetition_penalty":0"#, "repetition_penalty"), (#""response_format":{}"#, "response_format.type"),
        (#""response_format":{"type":"xml"}"#, "response_format.type"),
        (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
        (#""response_format":{"type":"json_schema","json_schema":{"name":"a"}}"#, "response_format.json_schema.schema"),
        (#""tools":[{"type":"function"}]"#, "tools[0].function"), (#""tools":[{"type":"web"}]"#, "tools[0].type"),
        (#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#, "tools[0].function.parameters"),
        (#""tool_choice":"required""#, "tool_choice"),
        (#""tool_choice":{"type":"function","function":{"name":"f"}}"#, "tool_choice"),
        (#""continue_final_message":true"#, "continue_final_message"),
        (#""add_generation_prompt":false"#, "add_generation_prompt"), (#""temprature":1"#, "temprature"),
        (#""guided_json":{}"#, "guided_json"), (#""prompt_logprobs":-1"#, "prompt_logprobs"),
    ])
    func faultsOfOptionsAreNamed(_ member: String, _ parameter: String) throws {
        // Numbers beyond Double's range are no JSON here; the body's reader refuses them before.
        guard let json = try? JSON(parsing: #"{"model":"m","messages":[{"role":"user","content":"x"}],\#(member)}"#)
        else {
            #expect(member.contains("1e999"))
            return
        }
        let error = try #require(throws: ErrorReply.self) { try ChatRequest(json) }
        #expect(error.parameter == parameter, "\(error)")
    }

    @Test func whatAClientSentIsQuotedInMeasure() throws {
        let long = String(repeating: "x", count: 10_000)
        for text in [#"{"model":{},"\#(long)":1}"#, #"{"model":"m","messages":"\#(long)"}"#] {
            let json = try JSON(parsing: text)
            let error = try #require(throws: ErrorReply.self) { try ChatRequest(json) }
            #expect(error.message.count < 300)
        }
        let json = try JSON(parsing: #"{"model":"m","messages":[{"role":"user","content":"x"}],"\#(long)":1}"#)
        let error = try #require(throws: ErrorReply.self) { try ChatRequest(json) }
        #expect(error.parameter?.count == 80 && error.code == "unknown_parameter")
    }

    // MARK: - Completions and embeddings

    /// What lm-eval sends for log-likelihoods and for texts.
    @Test func completionsOfLmEvalAreRead() throws {
        let scored = try CompletionRequest(
            JSON(
                parsing:
                    #"{"model":"m","prompt":[[1,2,3],[4]],"temperature":0,"max_tokens":1,"logprobs":1,"seed":1234,"echo":true}"#
            ))
        #expect(scored.prompt == .tokenLists([[1, 2, 3], [4]]) && scored.echoes && scored.logProbabilities == 1)
        let text = try CompletionRequest(
            JSON(
                parsing:
                    #"{"prompt":["a","b"],"model":"m","max_tokens":8,"temperature":0,"stop":["\n","<eos>"],"seed":1234}"#
            ))
        #expect(text.prompt == .texts(["a", "b"]) && text.prompt.count == 2 && text.settings.stop == ["\n", "<eos>"])
        #expect(
            try CompletionRequest(JSON(parsing: #"{"prompt":[1],"model":"m","best_of":1,"suffix":""}"#)).prompt
                == .tokens([1]))
    }

    @Test(arguments: [
        (#""prompt":[]"#, "prompt"), (#""prompt":[1,"a"]"#, "prompt"), (#""prompt":[[1],[]]"#, "prompt"),
        (#""prompt":[-1]"#, "prompt"),
        (#""prompt":[4294967296]"#, "prompt"), (#""prompt":{}"#, "prompt"), (#""other":1"#, "prompt"),
        (#""prompt":"a","suffix":"b""#, "suffix"), (#""prompt":"a","best_of":3"#, "best_of"),
        (#""prompt":"a","logprobs":true"#, "logprobs"),
        (#""prompt":"a","echo":1"#, "echo"), (#""prompt":"a","messages":[]"#, "messages"),
    ])
    func faultsOfCompletionsAreNamed(_ members: String, _ parameter: String) throws {
        let json = try JSON(parsing: #"{"model":"m",\#(members)}"#)
        let error = try #require(throws: ErrorReply.self) { try CompletionRequest(json) }
        #expect(error.parameter == parameter, "\(error)")
    }

    @Test func embeddingsOfOpenAIsClientAreRead() throws {
        let request = try EmbeddingRequest(
            JSON(parsing: #"{"input":["a","b"],"model":"m","encoding_format":"base64","dimensions":256,"user":"u"}"#))
        #expect(request == EmbeddingRequest(model: "m", input: .texts(["a", "b"]), dimensions: 256, encoding: .base64))
        for (member, parameter) in [
            (#""input":1"#, "input"), (#""input":"a","dimensions":0"#, "dimensions"),
            (#""input":"a","encoding_format":"int8""#, "encoding_format"),
            (#""input":"a","truncate":true"#, "truncate"),
        ] {
            let json = try JSON(parsing: #"{"model":"m",\#(member)}"#)
            let error = try #require(throws: ErrorReply.self) { try EmbeddingRequest(json) }
            #expect(error.parameter == parameter)
        }
    }
}
