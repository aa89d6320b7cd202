public import GygesTokenizer

/// What a chat template makes of a conversation.
public struct RenderedPrompt: Sendable, Equatable {
    /// The text in pieces, each with a note whether the template wrote it or the conversation. None is empty, and
    /// neighbours differ in trust.
    public let segments: [TextSegment]

    /// The whole text, byte-equal to the reference implementation's.
    public var text: String { segments.map(\.text).joined() }

    /// Creates a prompt from segments.
    public init(segments: [TextSegment]) { self.segments = segments }
}
