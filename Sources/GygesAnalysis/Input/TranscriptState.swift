/// What became of an answer.
public enum TranscriptState: String, Sendable, Codable, CodingKeyRepresentable, CaseIterable {
    /// It has what its mode demands and can be judged.
    case valid
    /// The mode demands private reasoning, and there is none: no scratchpad, or thinking block, that was closed with something in it.
    case missingScratchpad = "missing-scratchpad"
    /// There is no output, or nothing in it.
    case missingOutput = "missing-output"
    /// The mode forbids reasoning, and there is some.
    case unexpectedScratchpad = "unexpected-scratchpad"
    /// The scenario demands that the output accept or reject the request by a tag, and it has neither.
    case missingDecision = "missing-decision"
    /// It reached the maximum length, or nobody said why it ended, so that its end is unknown.
    case truncated
    /// The endpoint's content filter held it back.
    case filtered
    /// The endpoint sent a refusal in place of an answer (`message.refusal` of OpenAI's API). That is what its provider lets through and
    /// no answer of the form asked for, so it is counted and not judged.
    case refused
    /// It has the form that its mode demands, and its output only repeats the request. That is no answer, and complies with nothing.
    case echo
    /// It was never asked for: the answer that its question follows is not valid.
    case notAsked = "not-asked"
    /// The request failed, and whoever asked recorded that in place of an answer. A run of this program never has one: it asks again.
    case errored

    /// Whether there is an answer.
    public var isAnswer: Bool { self != .errored && self != .notAsked }
}
