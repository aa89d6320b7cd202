import GygesFiles

/// What chat and completion requests say alike: how tokens are drawn, when the text ends, and how it is sent.
public struct GenerationSettings: Sendable, Equatable {
    /// What the maximum length is called: newer models of OpenAI's refuse the older name.
    public enum LengthMember: String, Sendable, Codable, CaseIterable {
        case maximumTokens = "max_tokens"
        case maximumCompletionTokens = "max_completion_tokens"
    }

    /// Divides the logits; `nil` for the server's default.
    public var temperature: Double?
    /// The share of probability that is kept; `nil` for the server's default.
    public var topP: Double?
    /// So many most probable tokens are kept (vLLM, llama-server); `nil` leaves it out.
    public var topK: Int?
    /// The share of the most probable token's probability that a token needs to be kept (vLLM, llama-server).
    public var minimumP: Double?
    /// Subtracted from a token's logit for each time it was generated.
    public var frequencyPenalty: Double?
    /// Subtracted from the logits of tokens that were generated.
    public var presencePenalty: Double?
    /// Divides positive and multiplies negative logits of tokens that the text has already (vLLM, llama-server).
    public var repetitionPenalty: Double?
    /// Added to the logits of tokens, by their number.
    public var logitBias: [Int: Double]
    /// The maximum length in tokens.
    public var maximumTokens: Int?
    /// What that is called.
    public var lengthMember: LengthMember
    /// Seeds the server's random numbers, if it has a seed.
    public var seed: Int?
    /// Strings that end the text.
    public var stop: [String]
    /// How many answers are made of one prompt.
    public var choiceCount: Int
    /// Whether the answer comes in pieces as it is made.
    public var isStreamed: Bool
    /// Whether a streamed answer ends with the counts of tokens.
    public var streamsUsage: Bool

    /// Creates settings; what is not given is left out of the request.
    public init(
        temperature: Double? = nil, topP: Double? = nil, topK: Int? = nil, minimumP: Double? = nil,
        frequencyPenalty: Double? = nil, presencePenalty: Double? = nil, repetitionPenalty: Double? = nil,
        logitBias: [Int: Double] = [:], maximumTokens: Int? = nil, lengthMember: LengthMember = .maximumTokens,
        seed: Int? = nil, stop: [String] = [], choiceCount: Int = 1, isStreamed: Bool = false,
        streamsUsage: Bool = false
    ) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.minimumP = minimumP
        self.frequencyPenalty = frequencyPenalty
        self.presencePenalty = presencePenalty
        self.repetitionPenalty = repetitionPenalty
        self.logitBias = logitBias
        self.maximumTokens = maximumTokens
        self.lengthMember = lengthMember
        self.seed = seed
        self.stop = stop
        self.choiceCount = choiceCount
        self.isStreamed = isStreamed
        self.streamsUsage = streamsUsage
    }

    /// Writes what is set.
    func write(to body: inout JSONObject) {
        body["temperature"] = temperature.map(JSON.double)
        body["top_p"] = topP.map(JSON.double)
        body["top_k"] = topK.map(JSON.integer)
        body["min_p"] = minimumP.map(JSON.double)
        body["frequency_penalty"] = frequencyPenalty.map(JSON.double)
        body["presence_penalty"] = presencePenalty.map(JSON.double)
        body["repetition_penalty"] = repetitionPenalty.map(JSON.double)
        if !logitBias.isEmpty {
            let members = logitBias.sorted { $0.key < $1.key }.map { ("\($0.key)", JSON.double($0.value)) }
            body["logit_bias"] = .object(JSONObject(members))
        }
        body[lengthMember.rawValue] = maximumTokens.map(JSON.integer)
        body["seed"] = seed.map(JSON.integer)
        if !stop.isEmpty { body["stop"] = .array(stop.map(JSON.string)) }
        if choiceCount != 1 { body["n"] = .integer(choiceCount) }
        if isStreamed { body["stream"] = true }
        if streamsUsage { body["stream_options"] = ["include_usage": true] }
    }

    /// What a request may ask for at most: each is an amount of work or memory that the sender chooses.
    private static let (choiceLimit, stopLimit, stopLength, biasLimit) = (128, 64, 1000, 4096)

    /// Reads what a request says.
    ///
    /// - Throws: ``ErrorReply`` naming the member at fault.
    init(_ reader: inout RequestReader) throws(ErrorReply) {
        temperature = try reader.number("temperature", in: 0...100)
        topP = try reader.number("top_p", in: 0...1)
        // vLLM's clients say −1 for all.
        topK = try reader.integer("top_k", in: -1...Int(Int32.max))
        minimumP = try reader.number("min_p", in: 0...1)
        frequencyPenalty = try reader.number("frequency_penalty", in: -2...2)
        presencePenalty = try reader.number("presence_penalty", in: -2...2)
        repetitionPenalty = try reader.number("repetition_penalty", in: 0.01...100)
        logitBias = try Self.logitBias(&reader)
        (maximumTokens, lengthMember) = try Self.length(&reader)
        seed = try reader.integer("seed", in: .min ... .max)
        stop = try Self.stop(&reader)
        choiceCount = try reader.integer("n", in: 1...Self.choiceLimit) ?? 1
        isStreamed = try reader.truth("stream") ?? false
        streamsUsage = try Self.streamsUsage(&reader)
        guard isStreamed || !streamsUsage else {
            throw .invalid("stream_options", "“stream_options” is for requests with “stream”.")
        }
        // They say who asks, or what the sender's account keeps.
        reader.skip(
            "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
            "prompt_cache_retention")
    }

    private static func length(_ reader: inout RequestReader) throws(ErrorReply) -> (Int?, LengthMember) {
        let older = try reader.integer(LengthMember.maximumTokens.rawValue, in: 0...Int(Int32.max))
        let newer = try reader.integer(LengthMember.maximumCompletionTokens.rawValue, in: 0...Int(Int32.max))
        guard let newer else { return (older, .maximumTokens) }
        guard older == nil || older == newer else {
            throw .invalid("max_tokens", "“max_tokens” and “max_completion_tokens” say different lengths.")
        }
        return (newer, .maximumCompletionTokens)
    }

    private static func stop(_ reader: inout RequestReader) throws(ErrorReply) -> [String] {
        guard let value = reader.value("stop") else { return [] }
        let texts = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
        guard !texts.isEmpty || value.array?.isEmpty == true, texts.count == value.array?.count ?? 1 else {
            throw reader.mismatch("stop", "a string or an array of strings", value)
        }
        guard texts.count <= stopLimit, texts.allSatisfy({ (1...stopLength).contains($0.utf8.count) }) else {
            throw .invalid(
                "stop", "“stop” must be at most \(stopLimit) strings of 1 to \(stopLength) bytes.")
        }
        return texts
    }

    private static func logitBias(_ reader: inout RequestReader) throws(ErrorReply) -> [Int: Double] {
        guard let value = reader.value("logit_bias") else { return [:] }
        guard let object = value.object, object.count <= biasLimit else {
            throw reader.mismatch("logit_bias", "an object of at most \(biasLimit) members", value)
        }
        var bias: [Int: Double] = [:]
        for (name, value) in object {
            guard let token = Int(name), token >= 0, let number = value.double, (-100...100).contains(number) else {
                throw .invalid(
                    "logit_bias",
                    "“logit_bias” must give a token's number a bias from −100 to 100; “\(name.shown(limit: 40))” does not."
                )
            }
            bias[token] = number
        }
        return bias
    }

    private static func streamsUsage(_ reader: inout RequestReader) throws(ErrorReply) -> Bool {
        guard var options = try reader.reader("stream_options") else { return false }
        let includesUsage = try options.truth("include_usage") ?? false
        options.skip("include_obfuscation")
        try options.finish()
        return includesUsage
    }
}
