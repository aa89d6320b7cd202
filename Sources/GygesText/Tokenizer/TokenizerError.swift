/// Why text or tokens cannot be converted.
public enum TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text has more bytes of UTF-8 than positions can count.
    case textTooLong(byteCount: Int, limit: Int)
    /// No token has this number.
    case unknownToken(Int32, vocabularyCount: Int)

    /// The problem and what to do.
    public var description: String {
        switch self {
        case .textTooLong(let byteCount, let limit):
            "The text has \(byteCount) bytes; at most \(limit) can be encoded at once. Encode it in parts."
        case .unknownToken(let token, let count):
            "There is no token \(token): the vocabulary's tokens are 0 to \(count - 1)."
        }
    }
}
