import ArgumentParser
import GygesFiles
import GygesInference

/// What surrounds a prompt: shared by one prompt and by all of a file.
struct PromptOptions: ParsableArguments {
    @Flag(help: "Continue plain text, without the chat template.")
    var raw = false

    @Option(help: "The system message, for what has none.")
    var system: String?

    @Option(help: ArgumentHelp("A text that the answer begins with.", valueName: "text"))
    var responsePrefix = ""

    @Flag(help: "Take special tokens spelled out in a --raw prompt or a response prefix for what they are.")
    var specialTokens = false

    @Option(
        help: ArgumentHelp(
            "Fill in what lies between the prompt and this text, by a model that can.", valueName: "text"))
    var fimSuffix: String?

    @Option(
        help: ArgumentHelp(
            "Tools that the model may call: a file with a JSON list of their schemas, or the list itself.",
            valueName: "tools"))
    var tools: String?

    @Option(
        help: ArgumentHelp(
            "What the chat template can name, as enable_thinking=false (JSON or text); may be repeated.",
            valueName: "name=value"))
    var templateVariable: [String] = []

    func validate() throws {
        if fimSuffix != nil, !responsePrefix.isEmpty || system != nil || tools != nil || !templateVariable.isEmpty {
            throw ValidationError(
                "--fim-suffix goes without the chat template: leave out --system, --tools, --template-variable and --response-prefix."
            )
        }
        if raw, system != nil || tools != nil || !templateVariable.isEmpty {
            throw ValidationError(
                "--system, --tools and --template-variable go with the chat template, not with --raw.")
        }
        if specialTokens, !raw, fimSuffix == nil, responsePrefix.isEmpty {
            throw ValidationError(
                "--special-tokens is for --raw, --fim-suffix and --response-prefix: messages stay text.")
        }
        for text in templateVariable where Self.variable(text) == nil {
            throw ValidationError("--template-variable must be a name, '=' and a value, not '\(text)'.")
        }
    }

    private static func variable(_ text: String) -> (String, JSON)? {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        let value = String(text[text.index(after: equals)...])
        return (String(text[..<equals]), (try? JSON(parsing: value)) ?? .string(value))
    }

    /// A prompt with what the options say, that asks nothing yet.
    ///
    /// - Throws: ``FileError`` if the tools cannot be read.
    func prompt() throws -> Prompt {
        var prompt = Prompt(.text(""))
        prompt.system = system
        prompt.responsePrefix = responsePrefix
        prompt.suffix = fimSuffix
        prompt.isPlain = raw
        prompt.recognisesSpecialTokens = specialTokens
        prompt.tools = try toolList()
        prompt.variables = JSONObject(templateVariable.compactMap(Self.variable))
        return prompt
    }

    private func toolList() throws(FileError) -> [JSON] {
        guard let tools else { return [] }
        let isText = tools.drop { $0.isWhitespace }.hasPrefix("[")
        let json = try isText ? JSON(parsing: tools, path: "--tools") : Input.json(tools)
        guard let list = json.array, !list.isEmpty, list.allSatisfy({ $0.object != nil }) else {
            throw FileError(
                isText ? "--tools" : tools, "is no list of objects",
                remedy: #"Give for example [{"type": "function", "function": {"name": "now", "parameters": {}}}]."#)
        }
        return list
    }
}
