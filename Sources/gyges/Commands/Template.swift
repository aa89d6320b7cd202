import GygesTokenizer
import GygesFiles
import GygesTemplates
import ArgumentParser
import GygesInference

/// `gyges template`
struct Template: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the text that a conversation becomes.",
        discussion: """
            The conversation is JSON: a list of messages, or an object with "messages" and "tools". Special tokens of the \
            template are real; what looks like one in a message is not, but for tokens that structure answers, such as \
            <tool_call>, in the assistant's messages, which --segments shows.

            Examples:
              echo '[{"role": "user", "content": "Hi"}]' | gyges template smollm2-135m-instruct
              gyges template model.gguf --source
              gyges template ./command-r --template-name rag --source
            """)

    @Argument(help: "A GGUF file, a Hugging Face folder, or the name of a pulled model.")
    var model: String

    @Argument(help: "A JSON file; standard input if missing.")
    var conversation: String?

    @Flag(help: "Print the template itself.")
    var source = false

    @Flag(help: "Do not let the assistant begin to speak at the end.")
    var noGenerationPrompt = false

    @Flag(help: "Print who wrote each part as JSON: the template, or the conversation.")
    var segments = false

    @OptionGroup
    var textOptions: ModelTextArguments

    func run() throws {
        let template = try ModelTemplate(path: try locateModel(model), text: textOptions.model)
        if source { return try Output.write(template.template.source) }
        let name = conversation.flatMap { $0 == "-" ? nil : $0 } ?? "standard input"
        let json = try JSON(parsing: try Input.text(conversation, wanted: "the conversation as JSON"), path: name)
        guard let messages = json.array ?? json["messages"]?.array else {
            throw FileError(
                name, "is neither a list of messages nor an object with \"messages\"",
                remedy: #"Give for example [{"role": "user", "content": "Hi"}]."#)
        }
        let tokenizer = try Tokenizer(path: try locateModel(model))
        let prompt = try template.template.recognising(tokenizer).render(
            messages: try messages.map { try ChatMessage(json: $0) }, tools: json["tools"]?.array ?? [],
            addsGenerationPrompt: !noGenerationPrompt, variables: template.variables)
        if segments {
            let list = prompt.segments.map { ["text": .string($0.text), "is_trusted": .bool($0.isTrusted)] as JSON }
            print(JSON.array(list).serialized(.pretty))
        } else {
            try Output.write(prompt.text)
        }
    }
}
