extension Tokenizer {
    /// The bytes that a token stands for, which need not be whole characters; empty if no token has this number.
    public func bytes(of id: Int32) -> [UInt8] {
        kind(of: id).contains(.defined) ? Array(table.bytes(of: Int(id))) : []
    }

    /// Turns tokens back into text. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// - Parameter skipsSpecialTokens: whether special tokens are left out.
    public func decode(
        _ ids: some Sequence<Int32>, skipsSpecialTokens: Bool = true
    ) throws(TokenizerError) -> String {
        var bytes: [UInt8] = []
        var isFirst = true
        for id in ids {
            guard id >= 0, Int(id) < vocabularyCount else {
                throw .unknownToken(id, vocabularyCount: vocabularyCount)
            }
            let kind = kind(of: id)
            guard kind.contains(.defined), !(skipsSpecialTokens && kind.contains(.special)) else { continue }
            append(id, isFirst: &isFirst, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the bytes of a token, which may differ where it begins a text.
    fileprivate func append(_ id: Int32, isFirst: inout Bool, to bytes: inout [UInt8]) {
        if isFirst, let spellings {
            let spelling = String(decoding: spellings.bytes(of: Int(id)), as: UTF8.self)
            bytes += decoding.text(of: spelling, isFirst: true)
        } else {
            bytes.append(contentsOf: table.bytes(of: Int(id)))
        }
        isFirst = false
    }
}

/// Turns tokens into text as they come, and gives out only whole characters.
///
/// What ``append(_:)`` and ``finish()`` return, joined, is what
/// ``Tokenizer/decode(_:skipsSpecialTokens:)`` makes of all the tokens at once, unless they continue a text.
public struct TokenDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecialTokens: Bool
    /// The beginning of a character whose rest has not come; at most three bytes.
    private var held: [UInt8] = []
    /// Whether no token has come that begins the text.
    private var isFirst: Bool

    /// Creates a decoder.
    ///
    /// - Parameters:
    ///   - tokenizer: the tokenizer.
    ///   - skipsSpecialTokens: whether special tokens are left out.
    ///   - continuesText: whether there is text before, so that the first token is read as any other: with its space.
    public init(tokenizer: Tokenizer, skipsSpecialTokens: Bool = true, continuesText: Bool = false) {
        isFirst = !continuesText
        self.tokenizer = tokenizer
        self.skipsSpecialTokens = skipsSpecialTokens
    }

    /// Takes in a token and returns the text that it completes. A number that no token has means no text.
    public mutating func append(_ id: Int32) -> String {
        let kind = tokenizer.kind(of: id)
        guard kind.contains(.defined), !(skipsSpecialTokens && kind.contains(.special)) else { return "" }
        tokenizer.append(id, isFirst: &isFirst, to: &held)
        let complete = held.count - unfinishedCount(held)
        defer { held.removeFirst(complete) }
        return String(decoding: held[..<complete], as: UTF8.self)
    }

    /// Returns what is left: U+FFFD if the tokens ended within a character.
    public mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// How many bytes at the end may be the beginning of a character.
    private func unfinishedCount(_ bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let start = bytes.count - count
            let first = bytes[start]
            if first & 0xC0 == 0x80 { continue }
            let length = first >= 0xF5 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1
            guard count < length else { return 0 }
            // Some second bytes make a sequence ill-formed at once: overlong forms, surrogates, beyond U+10FFFF.
            if count > 1 {
                let second = bytes[start + 1]
                let allowed: ClosedRange<UInt8> =
                    switch first {
                    case 0xE0: 0xA0...0xBF
                    case 0xED: 0x80...0x9F
                    case 0xF0: 0x90...0xBF
                    case 0xF4: 0x80...0x8F
                    default: 0x80...0xBF
                    }
                guard allowed.contains(second) else { return 0 }
            }
            return count
        }
        return 0
    }
}
