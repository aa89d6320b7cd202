public import GygesFiles

/// How many tokens a call used.
public struct Usage: Sendable, Equatable {
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// Tokens that were generated, reasoning included.
    public var completionTokens: Int
    /// Tokens of the prompt that did not have to be computed again; `nil` if nothing is said of them.
    public var cachedTokens: Int?

    /// Creates counts.
    public init(promptTokens: Int, completionTokens: Int, cachedTokens: Int? = nil) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
    }

    /// Prompt and answer together; the largest number there is if there is none as large.
    public var totalTokens: Int {
        let (sum, overflows) = promptTokens.addingReportingOverflow(completionTokens)
        return overflows ? .max : sum
    }

    /// Reads counts.
    ///
    /// - Throws: `FileError` for a count that no text can have.
    init(_ value: JSONField) throws(FileError) {
        promptTokens = try Self.count("prompt_tokens", of: value) ?? 0
        completionTokens = try Self.count("completion_tokens", of: value) ?? 0
        cachedTokens = try value.optional("prompt_tokens_details").flatMap { details throws(FileError) in
            try Self.count("cached_tokens", of: details)
        }
    }

    /// No text has more tokens; sums of counts below it cannot overflow.
    private static let limit = 1 << 40

    private static func count(_ name: String, of value: JSONField) throws(FileError) -> Int? {
        guard let field = try value.optional(name) else { return nil }
        let count = try field.count()
        guard count <= limit else { throw field.fault("\(count) tokens are more than any text has") }
        return count
    }

    /// The counts as replies carry them.
    public var json: JSON {
        var object = JSONObject([
            ("prompt_tokens", .integer(promptTokens)), ("completion_tokens", .integer(completionTokens)),
            ("total_tokens", .integer(totalTokens)),
        ])
        object["prompt_tokens_details"] = cachedTokens.map { ["cached_tokens": .integer($0)] }
        return .object(object)
    }
}
