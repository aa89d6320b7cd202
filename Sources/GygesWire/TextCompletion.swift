public import GygesFiles

/// What `POST /v1/completions` is sent: text to go on with.
public struct CompletionRequest: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// The text.
    public var prompt: String
    /// Divides the logits; `nil` for the server's default.
    public var temperature: Double?
    /// The share of probability that is kept; `nil` for the server's default.
    public var topP: Double?
    /// So many most probable tokens are kept (vLLM, llama-server); `nil` leaves it out.
    public var topK: Int?
    /// The greatest length in tokens.
    public var maximumTokens: Int
    /// Seeds the server's random numbers, if it has a seed.
    public var seed: Int?
    /// Strings that end the text.
    public var stop: [String]
    /// Whether the reply repeats the prompt, with log-probabilities if they are asked for.
    public var echoes: Bool
    /// How many alternatives are listed for each token; `nil` for no log-probabilities.
    public var logProbabilities: Int?
    /// Whether the server's tokenizer puts its special tokens in front, where the text has them already (vLLM); `nil`
    /// leaves it out.
    public var addsSpecialTokens: Bool?

    /// Creates a request.
    public init(
        model: String, prompt: String, temperature: Double? = nil, topP: Double? = nil, topK: Int? = nil,
        maximumTokens: Int, seed: Int? = nil, stop: [String] = [], echoes: Bool = false, logProbabilities: Int? = nil,
        addsSpecialTokens: Bool? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.maximumTokens = maximumTokens
        self.seed = seed
        self.stop = stop
        self.echoes = echoes
        self.logProbabilities = logProbabilities
        self.addsSpecialTokens = addsSpecialTokens
    }

    /// The request's body.
    public var json: JSON {
        var body = JSONObject([("model", .string(model)), ("prompt", .string(prompt))])
        body["max_tokens"] = .integer(maximumTokens)
        body["temperature"] = temperature.map(JSON.double)
        body["top_p"] = topP.map(JSON.double)
        body["top_k"] = topK.map(JSON.integer)
        body["seed"] = seed.map(JSON.integer)
        if !stop.isEmpty { body["stop"] = .array(stop.map(JSON.string)) }
        if echoes { body["echo"] = true }
        body["logprobs"] = logProbabilities.map(JSON.integer)
        body["add_special_tokens"] = addsSpecialTokens.map(JSON.bool)
        return .object(body)
    }
}

/// What `POST /v1/completions` answers.
public struct CompletionReply: Sendable, Equatable {
    /// The model as the server names it.
    public var model: String?
    /// The text that goes on, after the prompt if that was to be repeated.
    public var text: String
    /// Why it ended; `nil` if the server did not say.
    public var finishReason: String?
    /// The stop string that was found (vLLM's `stop_reason`).
    public var stopString: String?
    /// The tokens and their log-probabilities, if they were asked for and the server gives them.
    public var tokens: [ScoredToken]?
    /// How many tokens were used, if the server says.
    public var usage: Usage?

    /// Reads a reply with one choice.
    ///
    /// - Parameter source: names the reply in errors.
    /// - Throws: ``FileError`` naming the member that is missing or of the wrong type.
    public init(_ json: JSON, source: String) throws(FileError) {
        let root = JSONField(json, source: source, remedy: wrongAPIRemedy)
        model = try root.optional("model")?.text()
        usage = try root.optional("usage").map { value throws(FileError) in try Usage(value) }
        let choices = try root.required("choices")
        guard let choice = try choices.elements().first else { throw choices.fault("there is no choice") }
        text = try choice.required("text").text()
        finishReason = try choice.optional("finish_reason")?.text()
        stopString = try choice.optional("stop_reason")?.json.string
        tokens = try choice.optional("logprobs").map { value throws(FileError) in try Self.tokens(value) }
    }

    private static func tokens(_ value: JSONField) throws(FileError) -> [ScoredToken] {
        let probabilities = try value.required("token_logprobs").elements().reading { element throws(FileError) in
            try element.unlessNull { value throws(FileError) in try value.number() }
        }
        let names = try value.required("tokens").elements().reading { element throws(FileError) in try element.text() }
        guard names.count == probabilities.count else {
            throw value.fault("there are \(names.count) tokens and \(probabilities.count) log-probabilities")
        }
        return zip(names, probabilities).map { ScoredToken(name: $0, logProbability: $1) }
    }
}
