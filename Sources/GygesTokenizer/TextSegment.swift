/// A stretch of text with a note of who wrote it.
///
/// A rendered chat template is a list of segments: what the template says itself is trusted, what came from messages and
/// tools is not. A tokenizer that looks for special tokens in trusted segments only cannot be made to end a turn by a user
/// who types `<|im_end|>`. Neighbouring segments belong to one text: a tokenizer must not cut where they meet.
public struct TextSegment: Sendable, Equatable {
    /// The text.
    public var text: String
    /// Whether special tokens spelled out in the text are meant, as in a chat template, and not a user's words.
    public var isTrusted: Bool

    /// Creates a segment.
    public init(_ text: String, isTrusted: Bool) {
        self.text = text
        self.isTrusted = isTrusted
    }
}
