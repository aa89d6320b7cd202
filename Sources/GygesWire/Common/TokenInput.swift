public import GygesFiles

/// One text or several, as text or as tokens of the model's vocabulary: what completions and embeddings are asked of.
public enum TokenInput: Sendable, Equatable {
    case text(String)
    case texts([String])
    case tokens([Int])
    case tokenLists([[Int]])

    /// How many texts there are.
    public var count: Int {
        switch self {
        case .text, .tokens: 1
        case .texts(let texts): texts.count
        case .tokenLists(let lists): lists.count
        }
    }

    /// The member's value.
    public var json: JSON {
        switch self {
        case .text(let text): .string(text)
        case .texts(let texts): .array(texts.map(JSON.string))
        case .tokens(let tokens): .array(tokens.map(JSON.integer))
        case .tokenLists(let lists): .array(lists.map { .array($0.map(JSON.integer)) })
        }
    }

    /// Reads a member that must be there.
    ///
    /// - Throws: ``ErrorReply`` if it is none of the four forms, mixes them, or is empty.
    init(_ reader: inout RequestReader, _ key: String) throws(ErrorReply) {
        let value = try reader.required(reader.value(key), key)
        if let text = value.string {
            self = .text(text)
            return
        }
        let elements = value.array ?? []
        if let texts = Self.all(elements, { $0.string }) {
            self = .texts(texts)
        } else if let tokens = Self.all(elements, Self.token) {
            self = .tokens(tokens)
        } else if let lists = Self.all(elements, { Self.all($0.array ?? [], Self.token) }) {
            self = .tokenLists(lists)
        } else {
            throw reader.mismatch(
                key,
                "a string, an array of strings, an array of tokens' numbers or an array of such arrays, none of them empty",
                value)
        }
    }

    private static func token(_ json: JSON) -> Int? {
        json.integer.flatMap { (0...Int(Int32.max)).contains($0) ? $0 : nil }
    }

    /// What all elements are; `nil` if one is not, or there is none.
    private static func all<Value>(_ elements: [JSON], _ read: (JSON) -> Value?) -> [Value]? {
        guard !elements.isEmpty else { return nil }
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            guard let value = read(element) else { return nil }
            values.append(value)
        }
        return values
    }
}
