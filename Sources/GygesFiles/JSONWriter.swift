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
        var output = ""
        write(style, level: 0, to: &output)
        return output
    }

    private func write(_ style: Style, level: Int, to output: inout String) {
        switch self {
        case .null: output += "null"
        case .bool(let bool): output += bool ? "true" : "false"
        case .integer(let integer): output += String(integer)
        case .bigInteger(let digits): output += digits
        case .double(let double): output += JSON.pythonRepresentation(of: double)
        case .string(let string): JSON.writeQuoted(string, to: &output)
        case .array(let elements):
            writeItems(elements.count, open: "[", close: "]", style, level, to: &output) { index, output in
                elements[index].write(style, level: level + 1, to: &output)
            }
        case .object(let object):
            var members = Array(object)
            if style.sortsKeys { members.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) } }
            writeItems(members.count, open: "{", close: "}", style, level, to: &output) { index, output in
                JSON.writeQuoted(members[index].key, to: &output)
                output += style.keySeparator
                members[index].value.write(style, level: level + 1, to: &output)
            }
        }
    }

    private func writeItems(
        _ count: Int, open: String, close: String, _ style: Style, _ level: Int, to output: inout String,
        item: (Int, inout String) -> Void
    ) {
        output += open
        for index in 0..<count {
            if index > 0 { output += style.itemSeparator }
            if let indent = style.indent { output += "\n" + String(repeating: " ", count: indent * (level + 1)) }
            item(index, &output)
        }
        if let indent = style.indent, count > 0 { output += "\n" + String(repeating: " ", count: indent * level) }
        output += close
    }

    private static func writeQuoted(_ string: String, to output: inout String) {
        output += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{08}": output += "\\b"
            case "\u{0C}": output += "\\f"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }

    /// A floating-point number as Python's `repr` writes it: the shortest digits that read back the same, an exponent
    /// below 1e-4 and from 1e16 on.
    public static func pythonRepresentation(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
        let (digits, exponent) = shortestDigits(of: value.magnitude)
        let sign = value < 0 ? "-" : ""
        // `digits` stand for 0.d₁d₂… · 10^exponent.
        if exponent > 16 || exponent < -3 {
            let tail = digits.dropFirst()
            let power = exponent - 1
            let magnitude = power.magnitude < 10 ? "0\(power.magnitude)" : "\(power.magnitude)"
            return sign + digits.prefix(1) + (tail.isEmpty ? "" : "." + tail) + "e" + (power < 0 ? "-" : "+") + magnitude
        }
        if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
        if digits.count <= exponent {
            return sign + digits + String(repeating: "0", count: exponent - digits.count) + ".0"
        }
        return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
    }

    /// The shortest decimal digits of a positive number, without leading or trailing zeros, and its decimal exponent.
    private static func shortestDigits(of value: Double) -> (digits: String, exponent: Int) {
        let text = value.description  // The standard library prints the shortest digits, in one of two notations.
        let parts = text.split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = mantissa.joined()
        exponent += mantissa[0].count
        while digits.hasPrefix("0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0") { digits.removeLast() }
        return (digits, exponent)
    }
}
