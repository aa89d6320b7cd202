/// How endpoints are asked: the `endpoint:` part of a study file.
///
/// Only ``responsePrefix``, ``template`` and ``lengthName`` have a part in what is answered; they are part of an endpoint's
/// identity. The rest may change while a run is interrupted.
public struct EndpointSettings: Sendable, Equatable, Codable {
    /// How an answer is made to begin with a given text.
    public enum ResponsePrefix: String, Sendable, Codable, CaseIterable {
        /// As the last message, the assistant's, which is to be continued (`continue_final_message`: vLLM, SGLang).
        case continued = "continue"
        /// By `/v1/completions` with the text that ``template`` makes of the conversation.
        case completions
        /// Not at all: requests with a response prefix are refused.
        case none
    }

    /// Where log-probabilities of given texts come from.
    public enum LogProbabilities: String, Sendable, Codable, CaseIterable {
        /// ``echo`` if there is a template, otherwise ``promptLogProbabilities``.
        case automatic
        /// `/v1/completions` with `echo` and `logprobs`; needs ``template``.
        case echo
        /// `/v1/chat/completions` with `prompt_logprobs` (vLLM).
        case promptLogProbabilities = "prompt-logprobs"
        /// Nowhere.
        case none
    }

    /// The environment variable that holds the key; `nil` for none. The key itself is never printed or recorded.
    public var keyVariable: String?
    /// Further addresses that serve the same model with the same settings; requests are shared out among all.
    public var replicas: [String] = []
    /// How an answer is made to begin with a given text.
    public var responsePrefix = ResponsePrefix.continued
    /// The model's chat template: a Jinja file, or a folder with the model's tokenizer; `nil` for none.
    public var template: String?
    /// Where log-probabilities come from.
    public var logProbabilities = LogProbabilities.automatic
    /// What the maximum length is called in requests.
    public var lengthName = LengthName.maxTokens
    /// How long a call may take, in seconds.
    public var timeout = 600
    /// How often a call is tried before it counts as failed.
    public var attempts = 6
    /// How long a request waits at most where the endpoint asks for it (`Retry-After`), in seconds; `nil` for ``usualLongestWait``.
    public var longestWait: Int?
    /// How long a request waits at most where nothing else is said, in seconds.
    public static let usualLongestWait = 600
    /// What ``longestWait`` may be: up to a week.
    static let longestWaits = 0...604_800
    /// The most calls a minute; `nil` for no limit.
    public var requestsPerMinute: Int?
    /// The most tokens a minute, prompts and answers together; `nil` for no limit.
    public var tokensPerMinute: Int?

    /// What the maximum length is called in requests: newer models of OpenAI's refuse the older name.
    public enum LengthName: String, Sendable, Codable, CaseIterable {
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
    }

    /// The defaults.
    public init() {}

    /// The names in journals, one of them older than the property's own.
    private enum CodingKeys: String, CodingKey {
        case keyVariable, replicas, template, logProbabilities, lengthName, timeout, attempts, longestWait
        case requestsPerMinute, tokensPerMinute
        case responsePrefix = "prefill"
    }
}

/// What tokens cost: the `prices:` part of a study file.
public struct TokenPrices: Sendable, Equatable, Codable {
    /// The price of a million tokens of prompts.
    public var prompt: Double
    /// The price of a million tokens of answers.
    public var answer: Double
    /// What the prices are in.
    public var currency: String

    /// Creates prices.
    public init(prompt: Double, answer: Double, currency: String = "USD") {
        self.prompt = prompt
        self.answer = answer
        self.currency = currency
    }

    /// What so many tokens cost.
    public func cost(promptTokens: Int, answerTokens: Int) -> Double {
        (Double(promptTokens) * prompt + Double(answerTokens) * answer) / 1_000_000
    }
}
