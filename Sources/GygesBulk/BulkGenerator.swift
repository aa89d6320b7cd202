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
    /// - Parameters:
    ///   - number: The request's place among others, from 0, which its seed follows from if it names none.
    ///   - trustsPrefix: Whether special tokens spelled out in the request's response prefix are meant.
    /// - Throws: `ErrorReply` for what the engine cannot do; `ConstraintError`, `TemplateError`, `TokenizerError` or ``EngineError``
    ///   where the request is at fault.
    /// - Complexity: O(length of the prompt), and of a schema the first time that it is met.
    public func request(
        _ asked: BulkRequest, number: Int = 0, trustsPrefix: Bool = false
    ) throws -> GenerationRequest {
        var prompt = prompt(of: asked)
        if trustsPrefix { prompt.recognisesSpecialTokens = true }
        return try request(
            continuing: try model.tokens(of: prompt), settings: asked.settings, number: number,
            stopTokens: model.stopTokens(for: prompt), form: asked.form ?? defaults.form)
    }

    /// What the engine is asked to continue tokens.
    ///
    /// - Parameters:
    ///   - tokens: What is continued.
    ///   - settings: How tokens are drawn, and when the answer ends; what they leave open is as in ``defaults``.
    ///   - number: The request's place among others, from 0, which its seed follows from if it names none.
    ///   - stopTokens: The tokens that end it; `nil` for the model's.
    ///   - form: What the answer is held to; `nil` for nothing.
    /// - Throws: `ErrorReply` for what the engine cannot do; `ConstraintError` if the form cannot be enforced.
    public func request(
        continuing tokens: [Int32], settings: GenerationSettings, number: Int = 0, stopTokens: Set<Int32>? = nil,
        form: OutputForm? = nil
    ) throws -> GenerationRequest {
        GenerationRequest(
            prompt: tokens, maximumTokenCount: settings.maximumTokens ?? defaults.maximumTokenCount,
            sampling: sampling(settings, number), adjustments: try adjustments(settings),
            stopStrings: settings.stop.isEmpty ? defaults.stopStrings : settings.stop,
            stopTokens: stopTokens ?? model.stopTokens,
            constraint: try form.map { form in try constraints.constraint(form).constraint })
    }

    private func adjustments(_ settings: GenerationSettings) throws(ErrorReply) -> LogitAdjustments {
        var bias: [Int32: Double] = [:]
        for (token, value) in settings.logitBias {
            guard token < model.tokenizer.vocabularyCount else {
                throw ErrorReply(
                    message:
                        "“logit_bias” names the token \(token), and the model has \(model.tokenizer.vocabularyCount).",
                    type: "invalid_request_error", parameter: "logit_bias", code: "invalid_value")
            }
            bias[Int32(token)] = value
        }
        return LogitAdjustments(
            frequencyPenalty: settings.frequencyPenalty ?? 0, presencePenalty: settings.presencePenalty ?? 0, bias: bias
        )
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
