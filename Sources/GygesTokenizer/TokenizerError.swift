/// Why text or tokens cannot be converted.
public enum TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text has more bytes of UTF-8 than positions can count.
    case textTooLong(byteCount: Int, limit: Int)
    /// No token has this number.
    case unknownToken(Int32, vocabularyCount: Int)
    /// The tokens that frame a text are more than may be in all.
    case noRoomForText(limit: Int, added: Int)
    /// The text that is to give up tokens has too few to give.
    case textTooShortToTruncate(tokenCount: Int, excess: Int)
    /// The second text is to give up tokens, and there is none.
    case noSecondText
    /// Windows are to share as many tokens as they have room for, or more.
    case overlapTooGreat(overlap: Int, room: Int)

    /// The problem and what to do.
    public var description: String {
        switch self {
        case .textTooLong(let byteCount, let limit):
            "The text has \(byteCount) bytes; at most \(limit) can be encoded at once. Encode it in parts."
        case .unknownToken(let token, let count):
            "There is no token \(token): the vocabulary's tokens are 0 to \(count - 1)."
        case .noRoomForText(let limit, let added):
            "At most \(limit) tokens are to be made, but \(added) are needed around the text alone. Allow more."
        case .textTooShortToTruncate(let count, let excess):
            "The text to shorten has \(count) tokens, \(excess) of which would have to go. Allow more tokens, or shorten the longest text first."
        case .noSecondText: "The second text is to be shortened, but there is only one. Shorten the first."
        case .overlapTooGreat(let overlap, let room):
            "Windows are to share \(overlap) tokens, but have room for \(room). Choose a smaller overlap or a greater limit."
        }
    }
}
