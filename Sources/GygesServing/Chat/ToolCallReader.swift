import GygesFiles
import GygesWire

/// Finds calls of tools in an answer as it comes: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, as Qwen2.5 and the Hermes models
/// write them.
///
/// Text that may be the beginning of a tag is held back until it is clear what it is. What stands in tags and is no call is text.
struct ToolCallReader {
    /// What a piece of an answer turned out to be.
    enum Piece: Equatable {
        /// Text for the reader.
        case text(String)
        /// A call, by its function's name and arguments.
        case call(name: String, arguments: String)
    }

    /// The tags.
    static let (opening, closing) = ("<tool_call>", "</tool_call>")

    /// The most bytes of a call.
    private static let callLimit = 64 << 10

    /// What may be the beginning of a tag, or stands in one.
    private var held = ""
    private var isInside = false
    /// Whether a call was found: white space between calls is no text.
    private(set) var hasCalls = false

    /// Takes in what the answer goes on with.
    mutating func take(_ text: String) -> [Piece] {
        held += text
        var pieces: [Piece] = []
        while true {
            if isInside {
                guard let end = held.firstRange(of: Self.closing) else {
                    // No call is that long: what goes on and on is text.
                    guard held.utf8.count > Self.callLimit else { return pieces }
                    append(Self.opening + held, to: &pieces)
                    (held, isInside) = ("", false)
                    return pieces
                }
                pieces += piece(of: String(held[..<end.lowerBound]))
                held = String(held[end.upperBound...])
                isInside = false
            } else if let start = held.firstRange(of: Self.opening) {
                append(String(held[..<start.lowerBound]), to: &pieces)
                held = String(held[start.upperBound...])
                isInside = true
            } else {
                let kept = Self.beginning(of: Self.opening, atEndOf: held)
                append(String(held.dropLast(kept)), to: &pieces)
                held = String(held.suffix(kept))
                return pieces
            }
        }
    }

    /// What is left at the end of the answer: a call whose tag was not closed counts if it is whole.
    mutating func finish() -> [Piece] {
        defer { (held, isInside) = ("", false) }
        guard isInside else {
            var pieces: [Piece] = []
            append(held, to: &pieces)
            return pieces
        }
        if let call = Self.call(held) {
            hasCalls = true
            return [call]
        }
        return [.text(Self.opening + held)]
    }

    private mutating func piece(of content: String) -> [Piece] {
        guard let call = Self.call(content) else { return [.text(Self.opening + content + Self.closing)] }
        hasCalls = true
        return [call]
    }

    private func append(_ text: String, to pieces: inout [Piece]) {
        guard !text.isEmpty, !(hasCalls && text.allSatisfy(\.isWhitespace)) else { return }
        pieces.append(.text(text))
    }

    /// The call that a text is, if it is one.
    static func call(_ text: String) -> Piece? {
        guard let json = try? JSON.parse(Array(text.utf8), path: "a call of a tool", limits: .init(depth: 64)),
            let name = json["name"]?.string
        else { return nil }
        switch json["arguments"] ?? json["parameters"] {
        case nil: return .call(name: name, arguments: "{}")
        case .object(let object)?: return .call(name: name, arguments: JSON.object(object).serialized())
        case .string(let text)?: return .call(name: name, arguments: text)
        default: return nil
        }
    }

    /// How many characters at the end of `text` the tag could begin with.
    private static func beginning(of tag: String, atEndOf text: String) -> Int {
        for count in stride(from: min(tag.count - 1, text.count), to: 0, by: -1) where tag.hasPrefix(text.suffix(count))
        {
            return count
        }
        return 0
    }
}
