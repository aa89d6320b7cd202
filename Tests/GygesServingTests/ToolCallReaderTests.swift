import GygesFiles
import GygesInference
import GygesTestSupport
import GygesWire
import Testing

@testable import GygesServing

/// Calls of tools are found however the answer is cut.
@Suite struct ToolCallReaderTests {
    private typealias Piece = ToolCallReader.Piece

    /// The pieces of a text that comes in parts, neighbouring texts joined.
    private func pieces(_ parts: [String]) -> [Piece] {
        var reader = ToolCallReader()
        var result: [Piece] = []
        for piece in parts.flatMap({ reader.take($0) }) + reader.finish() {
            if case .text(let more) = piece, case .text(let text)? = result.last {
                result[result.count - 1] = .text(text + more)
            } else {
                result.append(piece)
            }
        }
        return result
    }

    private static let cases: [(text: String, pieces: [ToolCallReader.Piece])] = [
        ("", []), ("No call.", [.text("No call.")]),
        (
            #"<tool_call>\#n{"name": "weather", "arguments": {"city": "Genève", "days": 2}}\#n</tool_call>"#,
            [.call(name: "weather", arguments: #"{"city":"Genève","days":2}"#)]
        ),
        (
            #"Let me look. <tool_call>{"name":"a"}</tool_call>\#n<tool_call>{"name":"b","arguments":"{}"}</tool_call>"#,
            [.text("Let me look. "), .call(name: "a", arguments: "{}"), .call(name: "b", arguments: "{}")]
        ),
        // What is no call stays text, tags and all.
        ("<tool_call>weather</tool_call>", [.text("<tool_call>weather</tool_call>")]),
        (#"<tool_call>{"arguments": {}}</tool_call>!"#, [.text(#"<tool_call>{"arguments": {}}</tool_call>!"#)]),
        ("1 <tool 2 <tool_cal", [.text("1 <tool 2 <tool_cal")]),
        // A call whose end is missing counts if it is whole.
        (#"<tool_call>{"name": "a", "arguments": {"b": [1]}}"#, [.call(name: "a", arguments: #"{"b":[1]}"#)]),
        (#"<tool_call>{"name": "a", "argum"#, [.text(#"<tool_call>{"name": "a", "argum"#)]),
    ]

    @Test(arguments: cases.indices)
    func callsAreFoundHoweverTheTextIsCut(_ index: Int) {
        let (text, expected) = Self.cases[index]
        #expect(pieces([text]) == expected)
        #expect(pieces(text.map { String($0) }) == expected)
        for cut in text.indices { #expect(pieces([String(text[..<cut]), String(text[cut...])]) == expected) }
    }

    @Test func nothingThatMayBeATagIsShownTooEarly() {
        var reader = ToolCallReader()
        #expect(reader.take("a <") == [.text("a ")])
        #expect(reader.take("tool") == [])
        #expect(reader.take("box") == [.text("<toolbox")])
    }

    /// Where one call at most is wanted, the answer ends with the first.
    @Test func callsThatMustNotBeSeveralEndTheAnswer() throws {
        let folder = try TemporaryFolder(copying: fixturePath("tiny-chat", of: "GygesInference"))
        let path = folder.path + "/tokenizer_config.json"
        let text = String(decoding: try MappedFile.read(path: path), as: UTF8.self)
        _ = try folder.write(
            text.replacing("{% for message", with: "{{ tools | tojson }}{% for message"), to: "tokenizer_config.json")
        let model = try LanguageModel(path: folder.path)
        let shelf = try ModelShelf([try ServedModel(name: "chat", decoder: model, created: 0)])
        let tool: JSON = ["type": "function", "function": ["name": "a", "parameters": ["type": "object"]]]
        for (parallel, stops) in [(true, []), (false, ["</tool_call>"])] {
            let request: JSON = [
                "model": "chat", "messages": [["role": "user", "content": "b"]], "tools": [tool],
                "parallel_tool_calls": .bool(parallel),
            ]
            let plan = try ChatPlan(try ChatRequest(request), on: shelf)
            #expect(plan.calls == .tagged && plan.generations[0].stopStrings == stops)
        }
    }
}
