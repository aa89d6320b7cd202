public import GygesFiles

/// What `POST /v1/completions` is sent: text to go on with.
public struct CompletionRequest: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// The text, or several.
    public var prompt: TokenInput
    /// How tokens are drawn, when the text ends, and how it is sent.
    public var settings: GenerationSettings
    /// Whether the reply repeats the prompt, with log-probabilities if they are asked for.
    public var echoes: Bool
    /// How many alternatives are listed for each token; `nil` for no log-probabilities.
    public var logProbabilities: Int?
    /// Whether the server's tokenizer puts its special tokens in front, where the text has them already (vLLM); `nil`
    /// leaves it out.
    public var addsSpecialTokens: Bool?

    /// Creates a request.
    public init(
        model: String, prompt: TokenInput, settings: GenerationSettings = .init(), echoes: Bool = false,
        logProbabilities: Int? = nil, addsSpecialTokens: Bool? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.settings = settings
        self.echoes = echoes
        self.logProbabilities = logProbabilities
        self.addsSpecialTokens = addsSpecialTokens
    }

    /// The request's body.
    public var json: JSON {
        var body = JSONObject([("model", .string(model)), ("prompt", prompt.json)])
        settings.write(to: &body)
        if echoes { body["echo"] = true }
        body["logprobs"] = logProbabilities.map(JSON.integer)
        body["add_special_tokens"] = addsSpecialTokens.map(JSON.bool)
        return .object(body)
    }

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown, of another type or beyond its bounds.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.required(reader.text("model"), "model")
        prompt = try TokenInput(&reader, "prompt")
        settings = try GenerationSettings(&reader)
        echoes = try reader.truth("echo") ?? false
        logProbabilities = try reader.integer("logprobs", in: 0...20)
        addsSpecialTokens = try reader.truth("add_special_tokens")
        if let suffix = try reader.text("suffix"), !suffix.isEmpty {
            throw .unsupported("suffix", "Texts cannot be filled in before a “suffix” here.")
        }
        if let best = try reader.integer("best_of", in: 1...Int(Int32.max)), best != settings.choiceCount {
            throw .unsupported("best_of", "“best_of” must be “n”: all answers are sent.")
        }
        try reader.finish()
    }
}
