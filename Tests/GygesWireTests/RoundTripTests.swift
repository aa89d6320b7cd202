import GygesFiles
import GygesTemplates
import Testing

@testable import GygesWire

/// What is written is read as what it was.
@Suite struct RoundTripTests {
    private static let settings = GenerationSettings(
        temperature: 0.5, topP: 0.9, topK: 40, minimumP: 0.05, frequencyPenalty: 0.1, presencePenalty: -0.2,
        repetitionPenalty: 1.1, logitBias: [7: 1.5, 15: -100], maximumTokens: 12, seed: -9, stop: ["a", "b"],
        choiceCount: 3, isStreamed: true, streamsUsage: true)

    private static let tokens = [
        ScoredToken(
            name: "caf", logProbability: -0.5, bytes: [99, 97, 102],
            alternatives: [
                .init(name: "caf", logProbability: -0.5, bytes: [99, 97, 102]), .init(name: "x", logProbability: -3),
            ]),
        ScoredToken(name: "\u{FFFD}", logProbability: -1.25, bytes: [0xC3]),
    ]

    /// Through text, as over a network.
    private func sent(_ json: JSON) throws -> JSON { try JSON(parsing: json.serialized()) }

    @Test func chatRequests() throws {
        let call = ToolCall(id: "c1", name: "f", arguments: #"{"x": 1.0}"#)
        let messages = try [
            ChatMessage(role: .system, content: "s"), ChatMessage(role: .user, content: "é\n\u{202e}\"\\"),
            ChatMessage(
                json: ["role": "assistant", "content": nil, "reasoning_content": "hm", "tool_calls": [call.json]]),
            ChatMessage(json: ["role": "tool", "content": "1", "name": "f", "tool_call_id": "c1"]),
            ChatMessage(role: .assistant, content: "so"),
        ]
        let tools: [JSON] = [["type": "function", "function": ["name": "f", "parameters": ["type": "object"]]]]
        for request in [
            ChatRequest(model: "m", messages: [ChatMessage(role: .user, content: "")]),
            ChatRequest(
                model: "m", messages: messages, settings: Self.settings,
                responseFormat: .jsonSchema(name: "answer", schema: ["type": "object"]), tools: tools,
                toolChoice: .function("f"), callsToolsInParallel: true, logProbabilities: 2, continuesLastMessage: true,
                promptLogProbabilities: 0),
            ChatRequest(
                model: "m", messages: messages,
                settings: GenerationSettings(maximumTokens: 0, lengthMember: .maximumCompletionTokens),
                responseFormat: .jsonObject, tools: tools, toolChoice: .required, logProbabilities: 0),
            ChatRequest(model: "m", messages: messages, toolChoice: ChatRequest.ToolChoice.none),
            ChatRequest(model: "m", messages: messages, toolChoice: .automatic),
        ] {
            #expect(try ChatRequest(sent(request.json)) == request)
        }
    }

    @Test func completionAndEmbeddingRequests() throws {
        let inputs: [TokenInput] = [
            .text(""), .texts(["a", ""]), .tokens([0, 151_643]), .tokenLists([[1], [2, 3]]),
        ]
        for input in inputs {
            let completion = CompletionRequest(
                model: "m", prompt: input, settings: Self.settings, echoes: true, logProbabilities: 5,
                addsSpecialTokens: false)
            #expect(try CompletionRequest(sent(completion.json)) == completion)
            let embedding = EmbeddingRequest(model: "m", input: input, dimensions: 64, encoding: .numbers)
            #expect(try EmbeddingRequest(sent(embedding.json)) == embedding)
        }
    }

    @Test func chatReplies() throws {
        let usage = Usage(promptTokens: 3, completionTokens: 2, cachedTokens: 1)
        for reply in [
            ChatReply(head: ReplyHead(model: "m"), choices: [.init(content: "")]),
            ChatReply(
                head: ReplyHead(
                    id: "chatcmpl-1", created: 1_700_000_000, model: "m", systemFingerprint: "fp", usage: usage),
                choices: [
                    .init(
                        content: "yes", reasoning: "hm", finishReason: "stop", stopString: "END", tokens: Self.tokens),
                    .init(
                        index: 1, content: "", refusal: "no",
                        toolCalls: [ToolCall(id: "c", name: "f", arguments: "{}")], finishReason: "tool_calls"),
                ],
                promptLogProbabilities: [
                    ScoredToken(name: "", logProbability: nil),
                    ScoredToken(
                        name: "17", logProbability: -0.5, alternatives: [.init(name: "9", logProbability: -0.1)]),
                ]),
        ] {
            #expect(try ChatReply(sent(reply.json), source: "") == reply)
        }
    }

    @Test func chunks() throws {
        let usage = Usage(promptTokens: 3, completionTokens: 2)
        let call = ChatChunk.ToolCallPiece(index: 0, id: "c", name: "f", arguments: "")
        for choices in [
            [.init(role: "assistant", content: "")], [.init(content: "a", tokens: Self.tokens)],
            [.init(reasoning: "b")],
            [.init(toolCalls: [call]), .init(index: 1, toolCalls: [.init(index: 0, arguments: "{\"")])],
            [.init(finishReason: "length")], [],
        ] as [[ChatChunk.Choice]] {
            let chunk = ChatChunk(
                head: ReplyHead(
                    id: "i", created: 5, model: "m", systemFingerprint: "fp", usage: choices.isEmpty ? usage : nil),
                choices: choices)
            #expect(try ChatChunk(sent(chunk.json), source: "") == chunk)
        }
        let first = ChatChunk(
            head: ReplyHead(id: "i", created: 5, model: "m"), choices: [.init(role: "assistant", content: "")])
        #expect(
            first.json.serialized()
                == #"{"object":"chat.completion.chunk","id":"i","created":5,"model":"m","choices":[{"index":0,"delta":"#
                + #"{"role":"assistant","content":""},"finish_reason":null}]}"#)
    }

    @Test func completionReplies() throws {
        let usage = Usage(promptTokens: 1, completionTokens: 1)
        let tokens = [
            ScoredToken(name: "a", logProbability: nil, offset: 0),
            ScoredToken(
                name: " b", logProbability: -1.5,
                alternatives: [.init(name: " c", logProbability: -0.25), .init(name: " b", logProbability: -1.5)],
                offset: 1),
        ]
        for reply in [
            CompletionReply(
                head: ReplyHead(id: "cmpl-1", created: 1, model: "m", systemFingerprint: "fp", usage: usage),
                choices: [
                    .init(text: "a b", finishReason: "length", tokens: tokens),
                    .init(index: 1, text: "", stopString: "x"),
                ]),
            CompletionReply(head: ReplyHead(model: "m", usage: usage), choices: []),
        ] {
            #expect(try CompletionReply(sent(reply.json), source: "") == reply)
        }
    }

    /// lm-eval compares a token's probability with the largest of the alternatives by exact equality of numbers.
    @Test func aTokensProbabilityIsTheSameNumberTwice() throws {
        let value = -0.123456789012345678
        let token = ScoredToken(
            name: "a", logProbability: value, alternatives: [.init(name: "a", logProbability: value)])
        let json = try sent(
            CompletionReply(head: ReplyHead(model: "m"), choices: [.init(text: "a", tokens: [token])]).json)
        let columns = json["choices"]?[0]?["logprobs"]
        #expect(columns?["token_logprobs"]?[0] == columns?["top_logprobs"]?[0]?["a"])
        #expect(columns?["token_logprobs"]?[0]?.double == value)
    }

    @Test(arguments: EmbeddingRequest.Encoding.allCases) func embeddings(_ encoding: EmbeddingRequest.Encoding) throws {
        let reply = EmbeddingReply(
            model: "m", vectors: [[0.1, -0, .leastNonzeroMagnitude, .greatestFiniteMagnitude], [1, 2, 3, 4]],
            usage: Usage(promptTokens: 7, completionTokens: 0))
        #expect(try EmbeddingReply(sent(reply.json(encoding: encoding)), source: "") == reply)
    }

    @Test func modelsAndErrors() throws {
        let list = ModelList(models: [
            .init(id: "m", facts: ["object": "model", "owned_by": "gyges", "max_model_len": "4096"], created: 1),
            .init(id: "n"),
        ])
        #expect(try ModelList(sent(list.json), source: "") == list)
        let error = ErrorReply(
            message: "too long", type: "invalid_request_error", parameter: "messages", code: "context_length_exceeded")
        #expect(try ErrorReply(sent(error.json)) == error)
        #expect(
            ErrorReply(message: "m").json.serialized()
                == #"{"error":{"message":"m","type":null,"param":null,"code":null}}"#)
    }
}
