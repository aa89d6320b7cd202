import GygesCheckpoints
import GygesFiles
import GygesTemplates
import GygesTestSupport
import Testing

/// Models with several templates, and calls without arguments.
@Suite struct NamedTemplateTests {
    private static let list = #"""
        {"chat_template": [{"name": "tool_use", "template": "t{{ tools | length }}"}, {"name": "default", "template": "d"},
        {"name": "rag", "template": "r"}]}
        """#

    @Test func toolsHaveATemplateOfTheirOwn() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("{}", to: "config.json")
        _ = try folder.write(Self.list, to: "tokenizer_config.json")
        try expectChoices(folder.path)
        let other = try TemporaryFolder()
        _ = try other.write("{}", to: "config.json")
        _ = try other.write("d", to: "chat_template.jinja")
        _ = try other.write("t{{ tools | length }}", to: "additional_chat_templates/tool_use.jinja")
        _ = try other.write("r", to: "additional_chat_templates/rag.jinja")
        try expectChoices(other.path)
    }

    private func expectChoices(_ path: String) throws {
        func rendered(_ name: String?, tools: [JSON]) throws -> String? {
            try ChatTemplate(folder: ModelFolder(path: path), named: name)?.render(messages: [], tools: tools).text
        }
        #expect(try rendered(nil, tools: []) == "d")
        #expect(try rendered(nil, tools: ["x"]) == "t1")
        #expect(try rendered("rag", tools: ["x"]) == "r", "what is chosen is taken")
        #expect(try rendered("default", tools: ["x"]) == "d")
        #expect { try rendered("other", tools: []) } throws: {
            "\($0)".contains("no chat template called other") && "\($0)".contains("--template-name")
        }
    }

    @Test func aListWithoutAUsualOneIsNotGuessedAt() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("{}", to: "config.json")
        _ = try folder.write(
            #"{"chat_template": [{"name": "rag", "template": "r"}]}"#, to: "tokenizer_config.json")
        #expect { try ChatTemplate(folder: ModelFolder(path: folder.path)) } throws: {
            "\($0)".contains("--template-name rag")
        }
    }

    /// Clients send `""` for no arguments; templates get none as a value, or as the text of a value.
    @Test(arguments: ["", " \n", "{}"])
    func emptyArgumentsAreNone(arguments: String) throws {
        let call: JSON = ["function": ["name": "f", "arguments": .string(arguments)]]
        let message = ChatMessage(
            fields: JSONObject([("role", "assistant"), ("content", ""), ("tool_calls", .array([call]))]))
        func rendered(_ source: String) throws -> String {
            try ChatTemplate(source: source).render(messages: [message]).text
        }
        let path = "messages[0].tool_calls[0].function.arguments"
        #expect(try rendered("{{ \(path) | tojson }}") == "{}")
        #expect(try rendered("{{ '<' + \(path) + '>' }}") == "<{}>")
    }
}
