/// What is evaluated: something that continues and scores tokens.
///
/// The evaluations know no engine; the command line joins them to one, and tests to a script.
public protocol EvaluationSubject: Sendable {
    /// The tokens of a prompt as the subject reads it: with its template, if it has one, and the answer's beginning.
    func tokens(of prompt: EvaluationPrompt) throws -> [Int32]

    /// The tokens of a plain text, without a template.
    func tokens(ofText text: String) throws -> [Int32]

    /// Continues a prompt by the most likely tokens.
    ///
    /// - Parameter limit: The most tokens to generate.
    func complete(_ prompt: [Int32], limit: Int) async throws -> SubjectAnswer

    /// The log-probability, in nats, of each of `tokens[first...]` given all tokens before it.
    func logProbabilities(of tokens: [Int32], from first: Int) async throws -> [Double]
}

/// A prompt with the words that the answer begins with, so that a model need not find the form of an answer by itself.
public struct EvaluationPrompt: Sendable, Hashable {
    /// What is asked.
    public var text: String
    /// How the answer begins; starts with a space, for prompts that are continued as plain text.
    public var answerPrefix: String

    /// Creates a prompt.
    public init(text: String, answerPrefix: String) {
        self.text = text
        self.answerPrefix = answerPrefix
    }

    /// Prompt and beginning of the answer as one text.
    public var plainText: String { text + answerPrefix }
}

/// What a subject said.
public struct SubjectAnswer: Sendable, Hashable {
    /// The continuation, without the answer's prefix.
    public var text: String
    /// How many of the prompt's tokens were taken from an earlier computation.
    public var reusedTokenCount: Int

    /// Creates an answer.
    public init(text: String, reusedTokenCount: Int = 0) {
        self.text = text
        self.reusedTokenCount = reusedTokenCount
    }
}

/// Why an evaluation cannot be done as asked.
public struct EvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String

    /// Creates an error.
    public init(_ description: String) { self.description = description }
}
