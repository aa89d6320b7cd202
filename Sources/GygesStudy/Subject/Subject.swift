public import GygesFiles
public import GygesTemplates

/// What is studied: something that answers requests and says how probable given answers are.
///
/// A local model, an endpoint, a scripted persona and a file of finished transcripts all look alike from here. The same
/// request to the same subject must give the same reply, whatever else is being asked meanwhile; exact resumption rests
/// on it.
public protocol Subject: Sendable {
    /// What answers, exactly enough to say that two runs asked the same thing.
    var identity: SubjectIdentity { get }

    /// Answers a request.
    ///
    /// - Throws: ``RequestFailure`` if others may be answered all the same; any other error ends a run. A long or odd
    ///   answer is not an error.
    func respond(to request: SubjectRequest) async throws -> SubjectReply

    /// The natural logarithm of the probability of each token of each continuation, in order, directly after the request,
    /// its response prefix and the tokens before; without an end token. Sampling settings do not apply.
    ///
    /// - Throws: ``StudyError/noLogProbabilities(subject:reason:)`` if the subject cannot say, now or later.
    func tokenLogProbabilities(of continuations: [String], after request: SubjectRequest) async throws -> [[Double]]

    /// How many workers answer side by side; a study asks so many times its concurrency at once.
    var workerCount: Int { get }
}

extension Subject {
    /// One.
    public var workerCount: Int { 1 }

    /// The natural logarithm of each continuation's probability: the sums of
    /// ``tokenLogProbabilities(of:after:)``.
    public func logProbabilities(of continuations: [String], after request: SubjectRequest) async throws -> [Double] {
        try await tokenLogProbabilities(of: continuations, after: request).map { $0.reduce(0, +) }
    }
}

/// What a subject is.
public struct SubjectIdentity: Sendable, Equatable, Codable {
    /// Name for readers.
    public var name: String
    /// A digest of everything that decides the subject's behaviour: for a model, of all its files and the precision
    /// used.
    public var digest: String
    /// Facts for readers: architecture, quantisation, size, licence.
    public var details: [String: String]

    /// Creates an identity.
    public init(name: String, digest: String, details: [String: String] = [:]) {
        self.name = name
        self.digest = digest
        self.details = details
    }
}

/// How tokens are drawn.
public struct SamplingSettings: Sendable, Equatable, Codable {
    /// Divides the logits; 0 takes the most probable token.
    public var temperature: Double
    /// The smallest set of most probable tokens with at least this probability is kept; 1 keeps all.
    public var topP: Double
    /// So many most probable tokens are kept; 0 keeps all.
    public var topK: Int
    /// The answer's maximum length in tokens.
    public var maximumTokens: Int

    /// Creates settings.
    public init(temperature: Double = 1, topP: Double = 1, topK: Int = 0, maximumTokens: Int = 512) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.maximumTokens = maximumTokens
    }
}

/// A conversation to be answered.
public struct SubjectRequest: Sendable, Equatable {
    /// The conversation so far.
    public var messages: [ChatMessage]
    /// The text that the answer is made to begin with; not repeated in the reply.
    public var responsePrefix: String
    /// How tokens are drawn.
    public var sampling: SamplingSettings
    /// Decides every random choice.
    public var seed: UInt64
    /// Strings that end the answer; the one found is not part of the reply's text.
    public var stop: [String]
    /// A JSON schema that the answer is held to; `nil` for free text.
    public var schema: JSON?

    /// Creates a request.
    public init(
        messages: [ChatMessage], responsePrefix: String = "", sampling: SamplingSettings = .init(), seed: UInt64 = 0,
        stop: [String] = [], schema: JSON? = nil
    ) {
        self.messages = messages
        self.responsePrefix = responsePrefix
        self.sampling = sampling
        self.seed = seed
        self.stop = stop
        self.schema = schema
    }
}

/// An answer.
public struct SubjectReply: Sendable, Equatable {
    /// Why an answer ended.
    public enum FinishReason: String, Sendable, Codable {
        /// The subject ended it, or a stop string was found.
        case stop
        /// It reached the maximum length, so that its end is missing.
        case length
        /// The endpoint's filter held it back or cut it off.
        case filtered
        /// The endpoint sent a refusal in place of an answer; the reply's text is the refusal's.
        case refused
        /// The endpoint did not say, so that its end may be missing.
        case unknown
    }

    /// The text after the response prefix, without the stop string.
    public var text: String
    /// Why it ended.
    public var finishReason: FinishReason
    /// The stop string that was found, if one was.
    public var stopString: String?
    /// How many tokens the request had, with its response prefix.
    public var promptTokenCount: Int
    /// How many tokens were generated.
    public var generatedTokenCount: Int

    /// Creates a reply.
    public init(
        text: String, finishReason: FinishReason, stopString: String? = nil, promptTokenCount: Int = 0,
        generatedTokenCount: Int = 0
    ) {
        self.text = text
        self.finishReason = finishReason
        self.stopString = stopString
        self.promptTokenCount = promptTokenCount
        self.generatedTokenCount = generatedTokenCount
    }
}
