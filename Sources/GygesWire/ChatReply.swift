public import GygesFiles

/// What `POST /v1/chat/completions` answers.
public struct ChatReply: Sendable, Equatable {
    /// The model as the server names it.
    public var model: String?
    /// Which state of the server's software answered, where it says so.
    public var systemFingerprint: String?
    /// The assistant's text; empty where the server sent none.
    public var content: String
    /// The reasoning that the server separated from the text (`reasoning_content`, or `reasoning`).
    public var reasoning: String?
    /// The assistant's refusal, where the server separates it from the text.
    public var refusal: String?
    /// Why the answer ended; `nil` if the server did not say.
    public var finishReason: String?
    /// The stop string that was found (vLLM's `stop_reason`).
    public var stopString: String?
    /// How many tokens were used, if the server says.
    public var usage: Usage?
    /// The prompt's tokens and their log-probabilities, if they were asked for and the server gives them (vLLM).
    public var promptLogProbabilities: [ScoredToken]?

    /// Reads a reply with one choice.
    ///
    /// - Parameter source: names the reply in errors.
    /// - Throws: ``FileError`` naming the member that is missing or of the wrong type.
    public init(_ json: JSON, source: String) throws(FileError) {
        let root = JSONField(json, source: source, remedy: wrongAPIRemedy)
        model = try root.optional("model")?.text()
        systemFingerprint = try root.optional("system_fingerprint")?.text()
        usage = try root.optional("usage").map { value throws(FileError) in try Usage(value) }
        let choices = try root.required("choices")
        guard let choice = try choices.elements().first else { throw choices.fault("there is no choice") }
        let message = try choice.required("message")
        content = try message.optional("content")?.flattenedText() ?? ""
        let separated = try message.optional("reasoning_content")
        let named = try message.optional("reasoning")
        reasoning = try (separated ?? named)?.text()
        refusal = try message.optional("refusal")?.text()
        finishReason = try choice.optional("finish_reason")?.text()
        // vLLM puts a token's number there if a token ended the answer.
        stopString = try choice.optional("stop_reason")?.json.string
        let whole = try root.optional("prompt_logprobs")
        let own = try choice.optional("prompt_logprobs")
        promptLogProbabilities = try (whole ?? own).map { value throws(FileError) in try ScoredToken.list(value) }
    }
}

extension JSONField {
    /// A text, or the texts of an array of parts.
    fileprivate func flattenedText() throws(FileError) -> String {
        guard json.array != nil else { return try text() }
        var whole = ""
        for part in try elements() { whole += try part.optional("text")?.text() ?? "" }
        return whole
    }
}

/// How many tokens a call used.
public struct Usage: Sendable, Equatable {
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// Tokens that were generated, reasoning included.
    public var completionTokens: Int

    /// Creates counts.
    public init(promptTokens: Int, completionTokens: Int) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
    }

    init(_ value: JSONField) throws(FileError) {
        promptTokens = try Self.count("prompt_tokens", of: value)
        completionTokens = try Self.count("completion_tokens", of: value)
    }

    /// No text has more tokens; sums of counts below it cannot overflow.
    private static let limit = 1 << 40

    private static func count(_ name: String, of value: JSONField) throws(FileError) -> Int {
        guard let field = try value.optional(name) else { return 0 }
        let count = try field.count()
        guard count <= limit else { throw field.fault("\(count) tokens are more than any text has") }
        return count
    }
}

/// A token and how probable it was.
public struct ScoredToken: Sendable, Equatable {
    /// The token's number or text, as the server writes it.
    public var name: String
    /// The natural logarithm of its probability after what stands before; `nil` for the first of all.
    public var logProbability: Double?

    /// Creates a token.
    public init(name: String, logProbability: Double?) {
        self.name = name
        self.logProbability = logProbability
    }

    /// Reads vLLM's `prompt_logprobs`: `null` or `{"token number": {"logprob": …}}`, in which the prompt's own token
    /// comes first.
    static func list(_ value: JSONField) throws(FileError) -> [ScoredToken] {
        try value.elements().reading { element throws(FileError) in
            guard !element.json.isNull else { return ScoredToken(name: "", logProbability: nil) }
            guard let first = element.json.object?.keys.first else { throw element.mismatch("a token and its value") }
            let entry = try element.required(first)
            return ScoredToken(name: first, logProbability: try entry.required("logprob").number())
        }
    }
}
