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

    /// Name, time, model and counts of tokens.
    public var head: ReplyHead
    /// The texts.
    public var choices: [Choice]

    /// Creates a reply.
    public init(head: ReplyHead, choices: [Choice]) {
        self.head = head
        self.choices = choices
    }

    /// Reads a reply, or a piece of one.
    ///
    /// - Parameter source: names the reply in errors.
    /// - Throws: `FileError` naming the member that is missing or of the wrong type.
    public init(_ json: JSON, source: String) throws(FileError) {
        let root = JSONField(json, source: source, remedy: wrongAPIRemedy)
        head = try ReplyHead(root)
        choices = try root.required("choices").elements().reading { value throws(FileError) in
            Choice(
                index: try value.optional("index")?.count() ?? 0, text: try value.required("text").text(),
                finishReason: try value.optional("finish_reason")?.text(),
                stopString: try value.optional("stop_reason")?.json.string,
                tokens: try value.optional("logprobs").map { list throws(FileError) in
                    try ScoredToken.columns(list)
                })
        }
        guard !choices.isEmpty || head.usage != nil else {
            throw try root.required("choices").fault("there is no choice")
        }
    }

    /// The reply's body.
    public var json: JSON {
        let choices = choices.map { choice -> JSON in
            var object = JSONObject([("index", .integer(choice.index)), ("text", .string(choice.text))])
            object["logprobs"] = choice.tokens.map(ScoredToken.columnsJSON) ?? .null
            object["finish_reason"] = choice.finishReason.map(JSON.string) ?? .null
            object["stop_reason"] = choice.stopString.map(JSON.string)
            return .object(object)
        }
        return .object(head.body("text_completion", choices: choices))
    }
}
