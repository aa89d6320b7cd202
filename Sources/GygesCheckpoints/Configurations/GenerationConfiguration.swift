public import GygesFiles

/// A publisher's advice on sampling and ends of text (`generation_config.json`).
public struct GenerationConfiguration: Sendable, Equatable {
    /// The tokens that end a text.
    public var endTokens: [Int32] = []
    /// The token that begins a text.
    public var beginningToken: Int32?
    /// Whether to sample at all; otherwise greedy.
    public var samples = false
    /// Divides the logits; larger is more random.
    public var temperature: Double?
    /// How many of the likeliest tokens are kept.
    public var topK: Int?
    /// The share of probability that the kept tokens hold.
    public var topP: Double?
    /// Divides positive logits of tokens seen before, and multiplies negative ones.
    public var repetitionPenalty: Double?

    /// Creates advice that says nothing.
    public init() {}

    /// Reads parsed JSON; unknown keys are other programs' business.
    ///
    /// - Throws: ``FileError`` listing every value of the wrong kind.
    public init(json: JSON, path: String) throws(FileError) {
        var problems: [String] = []
        func number(_ key: String, _ range: ClosedRange<Double>) -> Double? {
            guard let value = json[key], !value.isNull else { return nil }
            guard let number = value.double, range.contains(number) else {
                problems.append("\(key) is not a number from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return number
        }
        func tokens(_ key: String) -> [Int32] {
            guard let value = json[key], !value.isNull else { return [] }
            let list = value.array ?? [value]
            let ids = list.compactMap { $0.integer.flatMap(Int32.init(exactly:)) }.filter { $0 >= 0 }
            if ids.count != list.count { problems.append("\(key) is not a token id or a list of them") }
            return ids
        }
        endTokens = tokens("eos_token_id")
        beginningToken = tokens("bos_token_id").first
        if let value = json["do_sample"], !value.isNull {
            if value.bool == nil { problems.append("do_sample is neither true nor false") }
            samples = value.bool ?? false
        }
        temperature = number("temperature", 0...1000)
        topK = number("top_k", 0...1e9).map { Int($0) }
        topP = number("top_p", 0...1)
        repetitionPenalty = number("repetition_penalty", 0...1000)
        guard problems.isEmpty else {
            throw FileError(path, at: "configuration", problems: problems, remedy: "Correct or delete the file.")
        }
    }
}
