public import GygesTokenizer

/// What a chat template makes of a conversation.
public struct RenderedPrompt: Sendable, Equatable {
    /// The text in pieces, each with a note whether the template wrote it or the conversation. None is empty, and
    /// neighbours differ in trust.
    public let segments: [TextSegment]

    /// The bytes of ``text`` that `{% generation %}` blocks wrote: what a trainer counts as the assistant's words. Empty if the
    /// template has none; `nil` if some were written within a macro or a block that is captured, so that nobody knows what
    /// became of them.
    public let generated: [Range<Int>]?

    /// The whole text, byte-equal to the reference implementation's.
    public var text: String { segments.map(\.text).joined() }

    /// Creates a prompt from segments.
    public init(segments: [TextSegment], generated: [Range<Int>]? = []) {
        self.segments = segments
        self.generated = generated
    }
}
