public import GygesConstraints
import GygesFiles
public import GygesInference
import GygesTemplates
import GygesTokenizer
public import GygesWire

/// Answers rows of requests with a model: says what a row means to the engine, and what the row of its answer is.
///
/// It is the ground of files of requests: the command line gives it rows of its own form; whoever serves batches in another form
/// reads them to ``BulkRequest`` and writes the ``Completion`` itself.
public struct BulkGenerator: Sendable {
    /// What holds for rows that say nothing else.
    public struct Defaults: Sendable {
        /// Everything about prompts but what they ask.
        public var prompt = Prompt(.text(""))
        /// How tokens are drawn. A row that names no seed gets this one plus its number, so that equal rows are drawn apart.
        public var sampling = SamplingParameters()
        /// The most tokens to generate.
        public var maximumTokenCount = 512
        /// Texts that end an answer.
        public var stopStrings: [String] = []
        /// What an answer is held to; `nil` for nothing.
        public var form: OutputForm?

        /// Creates defaults: greedy, 512 tokens, the chat template.
        public init() {}
    }

    /// The model.
    public let model: LanguageModel
    /// What holds for rows that say nothing else.
    public let defaults: Defaults
    /// What of the defaults' schema is not enforced, in half sentences.
    public let notes: [String]
    private let constraints: ConstraintStore

    /// Creates a generator.
    ///
    /// - Throws: `ConstraintError` if the defaults' form cannot be enforced.
    public init(model: LanguageModel, defaults: Defaults = .init()) throws(ConstraintError) {
        self.model = model
        self.defaults = defaults
        constraints = ConstraintStore(tokenizer: model.tokenizer)
        if let form = defaults.form { notes = try constraints.constraint(form).notes } else { notes = [] }
    }

    /// What a request asks of the engine.
    ///
    /// - Parameter number: The request's place among others, from 0, which its seed follows from if it names none.
    /// - Throws: `ErrorReply` for what the engine cannot do; `ConstraintError`, `TemplateError`, `TokenizerError` or ``EngineError``
    ///   where the request is at fault.
    /// - Complexity: O(length of the prompt), and of a schema the first time that it is met.
    public func request(_ asked: BulkRequest, number: Int = 0) throws -> GenerationRequest {
        let prompt = prompt(of: asked)
        let settings = asked.settings
        guard settings.frequencyPenalty ?? 0 == 0, settings.presencePenalty ?? 0 == 0, settings.logitBias.isEmpty else {
            let name =
                settings.logitBias.isEmpty
                ? settings.frequencyPenalty ?? 0 == 0 ? "presence_penalty" : "frequency_penalty" : "logit_bias"
            throw ErrorReply(
                message: "“\(name)” is not known to the engine. Leave it out; “repetition_penalty” is.",
                parameter: name, code: "unsupported_parameter")
        }
        return GenerationRequest(
            prompt: try model.tokens(of: prompt),
            maximumTokenCount: settings.maximumTokens ?? defaults.maximumTokenCount,
            sampling: sampling(settings, number),
            stopStrings: settings.stop.isEmpty ? defaults.stopStrings : settings.stop,
            stopTokens: model.stopTokens(for: prompt),
            constraint: try (asked.form ?? defaults.form).map { form in try constraints.constraint(form).constraint })
    }

    /// What of a request's own schema is not enforced.
    func notes(on asked: BulkRequest) throws(ConstraintError) -> [String] {
        guard let form = asked.form else { return [] }
        return try constraints.constraint(form).notes
    }

    private func prompt(of asked: BulkRequest) -> Prompt {
        var prompt = defaults.prompt
        switch asked.question {
        case .prompt(let text): prompt.content = .text(text)
        case .messages(let messages): prompt.content = .messages(messages)
        }
        if let suffix = asked.suffix { prompt.suffix = suffix }
        if let prefix = asked.responsePrefix { prompt.responsePrefix = prefix }
        if let tools = asked.tools { prompt.tools = tools }
        for (name, value) in asked.variables { prompt.variables[name] = value }
        return prompt
    }

    private func sampling(_ settings: GenerationSettings, _ number: Int) -> SamplingParameters {
        let usual = defaults.sampling
        return SamplingParameters(
            temperature: settings.temperature ?? usual.temperature,
            // vLLM's clients say −1 for all.
            topK: settings.topK.map { max(0, $0) } ?? usual.topK, topP: settings.topP ?? usual.topP,
            minP: settings.minimumP ?? usual.minP,
            repetitionPenalty: settings.repetitionPenalty ?? usual.repetitionPenalty,
            seed: settings.seed.map { UInt64(bitPattern: Int64($0)) } ?? usual.seed &+ UInt64(clamping: number))
    }
}

extension BulkRequest {
    /// What the answer is held to; `nil` if the request does not say.
    fileprivate var form: OutputForm? {
        switch responseFormat {
        case .jsonObject: .jsonObject
        case .jsonSchema(_, let schema): .schema(schema)
        case nil: answers.isEmpty ? nil : .answers(answers)
        }
    }
}
