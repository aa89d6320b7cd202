public import GygesFiles
public import GygesTokenizer

/// A model's chat template: the Jinja program that turns a conversation into the text the model was trained on.
///
/// It runs in transformers' environment (`trim_blocks`, `lstrip_blocks`, loop controls, `tojson` as Python's
/// `json.dumps`, `raise_exception`, `strftime_now`), within ``TemplateLimits``, and says of each part of its output who
/// wrote it, so that text from users never becomes a special token.
public struct ChatTemplate: Sendable {
    /// What errors call it: usually the file.
    public let name: String
    /// The source.
    public let source: String
    /// What a rendering may use up.
    public let limits: TemplateLimits
    /// Tokens that structure what the assistant says, such as `<tool_call>`: in its messages they are meant, elsewhere they are text.
    ///
    /// They are the template's own words; none of them may end a turn.
    public private(set) var answerTokens: [String] = []
    /// The template for conversations with tools, if the model has one of its own; one at most.
    var withTools: [ChatTemplate] = []
    /// Whether it, or the one that takes its place where there are tools, says anything of them.
    public var showsTools: Bool { !withTools.isEmpty || source.contains("tools") }
    private let statements: [TemplateStatement]

    /// Parses a template.
    ///
    /// - Throws: ``TemplateError`` with the line; all filters and tests that are not known are listed at once.
    /// - Complexity: O(length of the source).
    public init(source: String, name: String = "chat template", limits: TemplateLimits = .init()) throws(TemplateError)
    {
        self.name = name
        self.source = source
        self.limits = limits
        do {
            statements = try TemplateParser.parse(source, limits: limits)
        } catch {
            throw error.located(in: name, line: nil)
        }
    }

    /// The template for a model of this tokenizer: of the tokens that were added to its vocabulary and are not special, those that the
    /// template itself writes become ``answerTokens``.
    ///
    /// - Complexity: O(added tokens · length of the source).
    public func recognising(_ tokenizer: Tokenizer) -> ChatTemplate {
        var template = self
        template.answerTokens = tokenizer.plainAddedTokens.filter(source.contains)
        template.withTools = withTools.map { $0.recognising(tokenizer) }
        return template
    }

    /// Renders a conversation.
    ///
    /// - Parameters:
    ///   - messages: The conversation so far.
    ///   - tools: The tools' JSON schemas; templates see `none` if there are none.
    ///   - addsGenerationPrompt: Whether the text ends where the assistant begins to speak.
    ///   - variables: What else the template can name: `bos_token`, `eos_token`, options such as `enable_thinking`.
    ///     Trusted: they must not come from users.
    ///   - clock: The time that the template sees.
    /// - Throws: ``TemplateError`` with the line, also where the template itself refuses the conversation.
    public func render(
        messages: [ChatMessage], tools: [JSON] = [], addsGenerationPrompt: Bool = true,
        variables: JSONObject = .init(), clock: TemplateClock = .now
    ) throws(TemplateError) -> RenderedPrompt {
        if !tools.isEmpty, let template = withTools.first {
            return try template.render(
                messages: messages, tools: tools, addsGenerationPrompt: addsGenerationPrompt, variables: variables,
                clock: clock)
        }
        let input = RenderingInput(
            tools: tools, addsGenerationPrompt: addsGenerationPrompt, variables: variables, clock: clock)
        do {
            var parsed: [JSONObject] = []
            for message in messages { parsed.append(try message.parsed()) }
            do {
                return try render(parsed, input)
            } catch  where error.kind == .type && messages.contains(where: \.hasTextArguments) {
                // Some templates (DeepSeek's) add the arguments to text, as which they arrived.
                var written: [JSONObject] = []
                for message in messages { written.append(try message.parsed(keepsText: true)) }
                return try render(written, input)
            }
        } catch {
            throw error.located(in: name, line: nil)
        }
    }

    /// What a rendering takes beside the messages.
    private struct RenderingInput {
        var tools: [JSON]
        var addsGenerationPrompt: Bool
        var variables: JSONObject
        var clock: TemplateClock
    }

    private func render(_ messages: [JSONObject], _ input: RenderingInput) throws(TemplateError) -> RenderedPrompt {
        let conversation = try conversation(of: messages)
        let tools = input.tools.isEmpty ? TemplateValue.none : try TemplateValue(.array(input.tools), isTrusted: false)
        var names: [String: TemplateValue] = ["documents": .none]
        for (name, value) in input.variables { names[name] = try TemplateValue(value, isTrusted: true) }
        names["messages"] = conversation
        names["tools"] = tools
        names["add_generation_prompt"] = .bool(input.addsGenerationPrompt)
        let (size, overflow) = conversation.weight.addingReportingOverflow(tools.weight)
        let interpreter = TemplateInterpreter(
            variables: names, clock: input.clock, limits: limits,
            inputByteCount: overflow ? .max : size &+ source.utf8.count)
        let segments = try interpreter.run(statements).segments
        return RenderedPrompt(segments: segments, generated: interpreter.generated)
    }

    /// The messages as values, trusted nowhere but in the assistant's ``answerTokens``.
    private func conversation(of messages: [JSONObject]) throws(TemplateError) -> TemplateValue {
        let words = answerTokens.map { Array($0.utf8) }
        guard !words.isEmpty, messages.contains(where: { $0["role"]?.string == "assistant" }) else {
            return try TemplateValue(.array(messages.map { .object($0) }), isTrusted: false)
        }
        var values: [TemplateValue] = []
        for message in messages {
            let isAnswer = message["role"]?.string == "assistant"
            var value = TemplateDictionary()
            for (key, member) in message {
                let said = isAnswer && ["content", "reasoning_content"].contains(key)
                try value.set(
                    .string(TemplateText(key, isTrusted: false)),
                    try TemplateValue(member, isTrusted: false, trusting: said ? words : []))
            }
            values.append(.dictionary(value))
        }
        return .sequence(try TemplateSequence(values))
    }
}
