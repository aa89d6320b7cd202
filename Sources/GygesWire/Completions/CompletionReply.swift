public import GygesFiles

/// What `POST /v1/completions` answers; a piece of a streamed answer has the same form.
public struct CompletionReply: Sendable, Equatable {
    /// One of the texts.
    public struct Choice: Sendable, Equatable {
        /// Which of several it is, from 0.
        public var index: Int
        /// The text that goes on, after the prompt if that was to be repeated.
        public var text: String
        /// Why it ended; `nil` if it goes on or the server did not say.
        public var finishReason: String?
        /// The stop string that was found (vLLM's `stop_reason`).
        public var stopString: String?
        /// The tokens and their log-probabilities, if they were asked for and the server gives them.
        public var tokens: [ScoredToken]?

        /// Creates a text.
        public init(
            index: Int = 0, text: String, finishReason: String? = nil, stopString: String? = nil,
            tokens: [ScoredToken]? = nil
        ) {
            self.index = index
            self.text = text
            self.finishReason = finishReason
            self.stopString = stopString
            self.tokens = tokens
        }
    }

    /// The reply's own name.
    public var id: String?
    /// When it was made, in seconds since 1970.
    public var created: Int?
    /// The model as the server names it.
    public var model: String?
    /// Which state of the server's software answered, where it says so.
    public var systemFingerprint: String?
    /// The texts.
    public var choices: [Choice]
    /// How many tokens were used, if the server says.
    public var usage: Usage?

    /// Creates a reply.
    public init(
        id: String? = nil, created: Int? = nil, model: String?, systemFingerprint: String? = nil, choices: [Choice],
        usage: Usage? = nil
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.systemFingerprint = systemFingerprint
        self.choices = choices
        self.usage = usage
    }

    /// Reads a reply, or a piece of one.
    ///
    /// - Parameter source: names the reply in errors.
    /// - Throws: `FileError` naming the member that is missing or of the wrong type.
    public init(_ json: JSON, source: String) throws(FileError) {
        let root = JSONField(json, source: source, remedy: wrongAPIRemedy)
        id = root.json["id"]?.string
        created = root.json["created"]?.integer
        model = try root.optional("model")?.text()
        systemFingerprint = try root.optional("system_fingerprint")?.text()
        usage = try root.optional("usage").map { value throws(FileError) in try Usage(value) }
        choices = try root.required("choices").elements().reading { value throws(FileError) in
            Choice(
                index: try value.optional("index")?.count() ?? 0, text: try value.required("text").text(),
                finishReason: try value.optional("finish_reason")?.text(),
                stopString: try value.optional("stop_reason")?.json.string,
                tokens: try value.optional("logprobs").map { list throws(FileError) in
                    try ScoredToken.columns(list)
                })
        }
        guard !choices.isEmpty || usage != nil else {
            throw try root.required("choices").fault("there is no choice")
        }
    }

    /// The reply's body.
    public var json: JSON {
        var body = JSONObject([("object", "text_completion")])
        body["id"] = id.map(JSON.string)
        body["created"] = created.map(JSON.integer)
        body["model"] = model.map(JSON.string)
        body["system_fingerprint"] = systemFingerprint.map(JSON.string)
        body["choices"] = .array(
            choices.map { choice in
                var object = JSONObject([("index", .integer(choice.index)), ("text", .string(choice.text))])
                object["logprobs"] = choice.tokens.map(ScoredToken.columnsJSON) ?? .null
                object["finish_reason"] = choice.finishReason.map(JSON.string) ?? .null
                object["stop_reason"] = choice.stopString.map(JSON.string)
                return .object(object)
            })
        body["usage"] = usage?.json
        return .object(body)
    }
}
