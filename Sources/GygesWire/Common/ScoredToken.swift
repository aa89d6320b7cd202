import GygesFiles

/// A token and how probable it was.
public struct ScoredToken: Sendable, Equatable {
    /// A token that might have stood there.
    public struct Alternative: Sendable, Equatable {
        /// The token's number or text, as the server writes it.
        public var name: String
        /// The natural logarithm of its probability.
        public var logProbability: Double
        /// The token's bytes, where the server gives them.
        public var bytes: [UInt8]?

        /// Creates an alternative.
        public init(name: String, logProbability: Double, bytes: [UInt8]? = nil) {
            self.name = name
            self.logProbability = logProbability
            self.bytes = bytes
        }
    }

    /// The token's number or text, as the server writes it.
    public var name: String
    /// The natural logarithm of its probability after what stands before; `nil` for the first of all.
    public var logProbability: Double?
    /// The token's bytes, where the server gives them: a token may end within a character.
    public var bytes: [UInt8]?
    /// The most probable tokens at its place, most probable first.
    public var alternatives: [Alternative]
    /// Where it begins in the text, in Unicode scalars, where the server says so.
    public var offset: Int?

    /// Creates a token.
    public init(
        name: String, logProbability: Double?, bytes: [UInt8]? = nil, alternatives: [Alternative] = [],
        offset: Int? = nil
    ) {
        self.name = name
        self.logProbability = logProbability
        self.bytes = bytes
        self.alternatives = alternatives
        self.offset = offset
    }
}

// MARK: - vLLM's prompt_logprobs

extension ScoredToken {
    /// Reads `null` or `{"token number": {"logprob": …}}` for each token, in which the prompt's own token comes first.
    static func promptList(_ value: JSONField) throws(FileError) -> [ScoredToken] {
        try value.elements().reading { element throws(FileError) in
            guard !element.json.isNull else { return ScoredToken(name: "", logProbability: nil) }
            guard let names = element.json.object?.keys, let first = names.first else {
                throw element.mismatch("a token and its value")
            }
            let alternatives = try names.dropFirst().map { name throws(FileError) in
                Alternative(
                    name: name, logProbability: try element.required(name).required("logprob").number())
            }
            return ScoredToken(
                name: first, logProbability: try element.required(first).required("logprob").number(),
                alternatives: alternatives)
        }
    }

    /// Writes what ``promptList(_:)`` reads.
    static func promptJSON(_ tokens: [ScoredToken]) -> JSON {
        .array(
            tokens.map { token in
                guard let own = token.logProbability else { return .null }
                var object = JSONObject([(token.name, ["logprob": .double(own)] as JSON)])
                for alternative in token.alternatives where !object.contains(alternative.name) {
                    object[alternative.name] = ["logprob": .double(alternative.logProbability)]
                }
                return .object(object)
            })
    }
}

// MARK: - The logprobs of chat replies

extension ScoredToken {
    /// Reads `[{"token": …, "logprob": …, "bytes": …, "top_logprobs": […]}]`.
    static func contentList(_ value: JSONField) throws(FileError) -> [ScoredToken] {
        try value.elements().reading { element throws(FileError) in
            let alternatives = try element.optional("top_logprobs")?.elements().reading { value throws(FileError) in
                Alternative(
                    name: try value.required("token").text(),
                    logProbability: try value.required("logprob").number(), bytes: try bytes(value))
            }
            return ScoredToken(
                name: try element.required("token").text(),
                logProbability: try element.required("logprob").number(), bytes: try bytes(element),
                alternatives: alternatives ?? [])
        }
    }

    private static func bytes(_ value: JSONField) throws(FileError) -> [UInt8]? {
        try value.optional("bytes")?.elements().reading { element throws(FileError) in
            guard let byte = element.json.integer.flatMap({ UInt8(exactly: $0) }) else {
                throw element.mismatch("a byte")
            }
            return byte
        }
    }

    /// Writes what ``contentList(_:)`` reads, as the member `logprobs`.
    static func contentJSON(_ tokens: [ScoredToken]) -> JSON { ["content": listJSON(tokens), "refusal": .null] }

    /// Tokens, each with its alternatives.
    static func listJSON(_ tokens: [ScoredToken]) -> JSON {
        func entry(_ name: String, _ logProbability: Double?, _ bytes: [UInt8]?) -> JSONObject {
            JSONObject([
                ("token", .string(name)), ("logprob", logProbability.map(JSON.double) ?? .null),
                ("bytes", bytes.map { .array($0.map { .integer(Int($0)) }) } ?? .null),
            ])
        }
        let content = tokens.map { token in
            var object = entry(token.name, token.logProbability, token.bytes)
            object["top_logprobs"] = .array(
                token.alternatives.map { .object(entry($0.name, $0.logProbability, $0.bytes)) })
            return JSON.object(object)
        }
        return .array(content)
    }
}

// MARK: - The logprobs of completions

extension ScoredToken {
    /// Reads `{"tokens": […], "token_logprobs": […], "top_logprobs": […], "text_offset": […]}`, arrays of equal length.
    static func columns(_ value: JSONField) throws(FileError) -> [ScoredToken] {
        let probabilities = try value.required("token_logprobs").elements().reading { element throws(FileError) in
            try element.unlessNull { value throws(FileError) in try value.number() }
        }
        let names = try value.required("tokens").elements().reading { element throws(FileError) in try element.text() }
        guard names.count == probabilities.count else {
            throw value.fault("there are \(names.count) tokens and \(probabilities.count) log-probabilities")
        }
        let alternatives = try value.optional("top_logprobs")?.elements().reading { element throws(FileError) in
            try element.unlessNull { value throws(FileError) in try Self.alternatives(value) } ?? []
        }
        let offsets = try value.optional("text_offset")?.elements().reading { element throws(FileError) in
            try element.count()
        }
        return names.indices.map { index in
            ScoredToken(
                name: names[index], logProbability: probabilities[index],
                alternatives: alternatives.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? [],
                offset: offsets.flatMap { $0.indices.contains(index) ? $0[index] : nil })
        }
    }

    private static func alternatives(_ value: JSONField) throws(FileError) -> [Alternative] {
        guard let names = value.json.object?.keys else { throw value.mismatch("an object") }
        return try names.map { name throws(FileError) in
            Alternative(name: name, logProbability: try value.required(name).number())
        }
    }

    /// Writes what ``columns(_:)`` reads.
    ///
    /// Alternatives stand under their texts, of which two may be alike, as of tokens that are no text: the most probable one counts,
    /// and the token itself before all others, since readers look for it by its text.
    static func columnsJSON(_ tokens: [ScoredToken]) -> JSON {
        func alternatives(_ token: ScoredToken) -> JSON {
            guard let own = token.logProbability, !token.alternatives.isEmpty else { return .null }
            var object = JSONObject()
            for alternative in token.alternatives where !object.contains(alternative.name) {
                object[alternative.name] = .double(alternative.logProbability)
            }
            object[token.name] = .double(own)
            return .object(object)
        }
        var object = JSONObject([
            ("tokens", .array(tokens.map { .string($0.name) })),
            ("token_logprobs", .array(tokens.map { $0.logProbability.map(JSON.double) ?? .null })),
            ("top_logprobs", .array(tokens.map(alternatives))),
        ])
        if tokens.contains(where: { $0.offset != nil }) {
            object["text_offset"] = .array(tokens.map { .integer($0.offset ?? 0) })
        }
        return .object(object)
    }
}
