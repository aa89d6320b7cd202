extension JSON {
    /// How a document is written.
    public struct Style: Sendable, Equatable {
        /// Spaces a level, with a line a member; `nil` for one line.
        public var indent: Int?
        /// What stands between members.
        public var itemSeparator: String
        /// What stands between a name and its value.
        public var keySeparator: String
        /// Whether members are sorted by name (by scalar values, as Python sorts).
        public var sortsKeys: Bool

        /// Creates a style.
        public init(
            indent: Int? = nil, itemSeparator: String = ",", keySeparator: String = ":", sortsKeys: Bool = false
        ) {
            self.indent = indent
            self.itemSeparator = itemSeparator
            self.keySeparator = keySeparator
            self.sortsKeys = sortsKeys
        }

        /// One line without spaces.
        public static let compact = Style()
        /// A line a member, two spaces a level.
        public static let pretty = Style(indent: 2, keySeparator: ": ")
        /// One line as Python's `json.dumps(value, ensure_ascii=False)` writes it.
        public static let python = Style(itemSeparator: ", ", keySeparator: ": ")
    }

    /// The document as text, byte-equal to `json.dumps(…, ensure_ascii=False)` of the same style.
    public func serialized(_ style: Style = .compact) -> String {
        var writer = JSONWriter(style: style)
        writer.write(self, level: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// Appends values as UTF-8.
private struct JSONWriter {
    let style: JSON.Style
    var bytes: [UInt8] = []

    init(style: JSON.Style) { self.style = style }

    mutating func write(_ value: JSON, level: Int) {
        switch value {
        case .null: append("null")
        case .bool(let bool): append(bool ? "true" : "false")
        case .integer(let integer): append(String(integer))
        case .bigInteger(let digits): append(digits)
        case .double(let double): append(JSON.pythonRepresentation(of: double))
        case .string(let string): appendQuoted(string)
        case .array(let elements): write(elements, level: level)
        case .object(let object): write(object, level: level)
        }
    }

    private mutating func write(_ elements: [JSON], level: Int) {
        append("[")
        for (index, element) in elements.enumerated() {
            beginItem(index, level: level)
            write(element, level: level + 1)
        }
        end("]", count: elements.count, level: level)
    }

    private mutating func write(_ object: JSONObject, level: Int) {
        append("{")
        var order = Array(object.keys.indices)
        // Bytes of UTF-8 sort as scalars do, which is how Python sorts.
        if style.sortsKeys { order.sort { object.keys[$0].utf8.lexicographicallyPrecedes(object.keys[$1].utf8) } }
        for (index, member) in order.enumerated() {
            beginItem(index, level: level)
            appendQuoted(object.keys[member])
            append(style.keySeparator)
            write(object.values[member], level: level + 1)
        }
        end("}", count: object.count, level: level)
    }

    private mutating func beginItem(_ index: Int, level: Int) {
        if index > 0 { append(style.itemSeparator) }
        beginLine(level: level + 1)
    }

    private mutating func end(_ bracket: String, count: Int, level: Int) {
        if count > 0 { beginLine(level: level) }
        append(bracket)
    }

    private mutating func beginLine(level: Int) {
        guard let indent = style.indent else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: indent * level))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func appendQuoted(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { units in
            var start = 0  // Where the units begin that stand for themselves.
            for (index, unit) in units.enumerated() {
                guard unit < 0x20 || unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "\\") else { continue }
                bytes.append(contentsOf: units[start..<index])
                appendEscape(unit)
                start = index + 1
            }
            bytes.append(contentsOf: units[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ unit: UInt8) {
        switch unit {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case 0x08: append("\\b")
        case 0x0C: append("\\f")
        default: append((unit < 0x10 ? "\\u000" : "\\u00") + String(unit, radix: 16))
        }
    }
}
