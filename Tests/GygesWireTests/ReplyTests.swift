import GygesFiles
import GygesTemplates
import Testing

@testable import GygesWire

/// Requests as servers want them, and replies as servers send them.
@Suite struct ReplyTests {
    @Test func aRequestHoldsWhatWasSetAndNothingElse() throws {
        let plain = ChatRequest(model: "m", messages: [ChatMessage(role: .user, content: "hi")])
        #expect(plain.json.serialized() == #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#)
        let full = ChatRequest(
            model: "m", messages: [],
            settings: GenerationSettings(
                temperature: 0.5, topP: 1, topK: 3, maximumTokens: 9, lengthMember: .maximumCompletionTokens, seed: 7,
                stop: ["</OUTPUT>"]),
            responseFormat: .jsonSchema(name: "answer", schema: ["type": "object"]), continuesLastMessage: true,
            promptLogProbabilities: 0)
        #expect(
            full.json.serialized()
                == #"{"model":"m","messages":[],"temperature":0.5,"top_p":1.0,"top_k":3,"max_completion_tokens":9,"#
                + #""seed":7,"stop":["</OUTPUT>"],"response_format":{"type":"json_schema","json_schema":{"name":"answer","#
                + #""strict":true,"schema":{"type":"object"}}},"continue_final_message":true,"add_generation_prompt":false,"#
                + #""prompt_logprobs":0}"#)
        let completion = CompletionRequest(
            model: "m", prompt: .text("p"), settings: GenerationSettings(maximumTokens: 1), echoes: true,
            logProbabilities: 1, addsSpecialTokens: false)
        #expect(
            completion.json.serialized()
                == #"{"model":"m","prompt":"p","max_tokens":1,"echo":true,"logprobs":1,"add_special_tokens":false}"#)
    }

    /// As vLLM answers, with members that nobody reads.
    @Test func aChatReplyIsRead() throws {
        let json = try JSON(
            parsing: """
                {"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":\
                "assistant","content":"yes","reasoning_content":"hm","tool_calls":[]},"logprobs":null,"finish_reason":"stop",\
                "stop_reason":"</OUTPUT>"}],"usage":{"prompt_tokens":3,"total_tokens":5,"completion_tokens":2},\
                "prompt_logprobs":[null,{"17":{"logprob":-0.5,"rank":2,"decoded_token":"a"},"9":{"logprob":-0.1}}]}
                """)
        let reply = try ChatReply(json, source: "reply")
        #expect(reply.choices.count == 1)
        #expect(reply.choices[0].content == "yes")
        #expect(reply.choices[0].reasoning == "hm")
        #expect(reply.choices[0].finishReason == "stop")
        #expect(reply.choices[0].stopString == "</OUTPUT>")
        #expect(reply.head.usage == Usage(promptTokens: 3, completionTokens: 2))
        #expect(
            reply.promptLogProbabilities == [
                ScoredToken(name: "", logProbability: nil),
                ScoredToken(
                    name: "17", logProbability: -0.5, alternatives: [.init(name: "9", logProbability: -0.1)]),
            ])
    }

    @Test func partsAndMissingTextsAreTexts() throws {
        let parts = try JSON(
            parsing: #"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}"#)
        #expect(try ChatReply(parts, source: "").choices[0].content == "ab")
        let none = try JSON(
            parsing:
                #"{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":null,"stop_reason":151643}]}"#)
        let reply = try ChatReply(none, source: "").choices[0]
        #expect(reply.content == "" && reply.refusal == "no" && reply.finishReason == nil && reply.stopString == nil)
    }

    @Test(arguments: [
        (#"{}"#, "choices"), (#"{"choices":[]}"#, "no choice"), (#"{"choices":[{}]}"#, "message"),
        (#"{"choices":[{"message":{"content":5}}]}"#, "expected a string, found 5"),
        (#"{"choices":[{"message":{"content":"a"},"finish_reason":["stop"]}]}"#, "finish_reason"),
        (#"[1]"#, "expected an object"), (#"{"choices":{"0":1}}"#, "expected an array"),
    ])
    func whatIsNoReplyIsRefusedWithItsPlace(_ text: String, _ expected: String) throws {
        let json = try JSON(parsing: text)
        let error = try #require(throws: FileError.self) { try ChatReply(json, source: "http://x/v1") }
        #expect(error.description.contains(expected), "\(error)")
        #expect(error.path == "http://x/v1")
    }

    /// The answer is good all the same.
    @Test(arguments: ["-1", "9223372036854775807", "\"five\"", "[]"])
    func countsThatNoTextCanHaveAreUnknown(_ count: String) throws {
        let json = try JSON(
            parsing: #"{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":\#(count)}}"#)
        let reply = try ChatReply(json, source: "")
        #expect(reply.choices[0].content == "a" && reply.head.usage == nil)
    }

    @Test func aCompletionsTokensAreRead() throws {
        let json = try JSON(
            parsing: """
                {"choices":[{"text":"a b","finish_reason":"length","logprobs":{"tokens":["a"," b"],\
                "token_logprobs":[null,-1.5],"top_logprobs":null,"text_offset":[0,1]}}],"usage":{"prompt_tokens":1}}
                """)
        let reply = try CompletionReply(json, source: "")
        #expect(reply.choices[0].tokens?.last == ScoredToken(name: " b", logProbability: -1.5, offset: 1))
        let uneven = try JSON(
            parsing: #"{"choices":[{"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[]}}]}"#)
        #expect(throws: FileError.self) { try CompletionReply(uneven, source: "") }
    }

    @Test func errorsOfAllServersAreUnderstood() throws {
        func message(_ text: String) throws -> String? { ErrorReply(try JSON(parsing: text))?.message }
        #expect(try message(#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#) == "too long")
        #expect(try message(#"{"object":"error","message":"bad","code":400}"#) == "bad")
        #expect(try message(#"{"error":"plain"}"#) == "plain")
        #expect(try message(#"{"detail":[{"msg":"x"}]}"#) == #"[{"msg":"x"}]"#)
        #expect(try message(#"{"other":1}"#) == nil)
        // A server's words cannot move the cursor or turn the line around.
        #expect(try message(#"{"error":"a\u001b[2Jb\u202ec\nd"}"#) == "a [2Jbc d")
    }

    @Test func modelsKeepWhatDoesNotChange() throws {
        let json = try JSON(
            parsing: """
                {"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"vllm","root":"/m",\
                "max_model_len":4096,"permission":[{"id":"modelperm-1"}]}]}
                """)
        let list = try ModelList(json, source: "")
        #expect(list.models.map(\.id) == ["m"])
        #expect(
            list.models[0].facts == ["object": "model", "owned_by": "vllm", "root": "/m", "max_model_len": "4096"])
    }
}
