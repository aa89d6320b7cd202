/// What Python's `str` knows about characters, where it differs from Swift or works on bytes of UTF-8.
enum PythonText {
    /// Whether `str.isspace` holds: White_Space and the four information separators.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        (0x1C...0x1F).contains(scalar.value) || scalar.properties.isWhitespace
    }

    /// Whether `str.splitlines` breaks at the character.
    static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    /// The character at `index` with its length, if the bytes there are UTF-8.
    static func scalar(in bytes: [UInt8], at index: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        var iterator = bytes[index..<min(index + 4, bytes.count)].makeIterator()
        var decoder = UTF8()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return (scalar, UTF8.width(scalar))
    }

    /// The end of the white-space character that begins at `index`, if one does.
    static func spaceEnd(in bytes: [UInt8], from index: Int) -> Int? {
        guard index < bytes.count else { return nil }
        let byte = bytes[index]
        if byte < 0x80 {
            return byte == 0x20 || (9...13).contains(byte) || (0x1C...0x1F).contains(byte) ? index + 1 : nil
        }
        guard let (scalar, length) = scalar(in: bytes, at: index), isSpace(scalar) else { return nil }
        return index + length
    }

    /// The beginning of the white-space character that ends before `index`, if one does.
    static func spaceStart(in bytes: [UInt8], before index: Int) -> Int? {
        var start = index - 1
        guard start >= 0 else { return nil }
        while start > 0, index - start < 4, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return spaceEnd(in: bytes, from: start) == index ? start : nil
    }

    /// Where `needle` occurs in `haystack` from the left without overlaps, at most `limit` times, by the algorithm of Knuth,
    /// Morris and Pratt: linear, whoever wrote the texts. An empty needle occurs nowhere.
    static func occurrences(of needle: [UInt8], in haystack: [UInt8], limit: Int = .max) -> [Int] {
        guard !needle.isEmpty, needle.count <= haystack.count, limit > 0 else { return [] }
        var fallback = [0]
        var matched = 0
        for byte in needle.dropFirst() {
            while matched > 0, needle[matched] != byte { matched = fallback[matched - 1] }
            if needle[matched] == byte { matched += 1 }
            fallback.append(matched)
        }
        var found: [Int] = []
        matched = 0
        for (index, byte) in haystack.enumerated() {
            while matched > 0, needle[matched] != byte { matched = fallback[matched - 1] }
            if needle[matched] == byte { matched += 1 }
            if matched == needle.count {
                found.append(index + 1 - needle.count)
                matched = 0
                if found.count == limit { break }
            }
        }
        return found
    }

    // MARK: Case

    // Letters of ASCII, which most are, go without a look at Unicode's tables, each of which makes a string.

    private static func isCapital(_ scalar: Unicode.Scalar) -> Bool { (0x41...0x5A).contains(scalar.value) }
    private static func isSmall(_ scalar: Unicode.Scalar) -> Bool { (0x61...0x7A).contains(scalar.value) }

    /// A letter of ASCII in the other case.
    private static func swapped(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value) ^ 0x20)
    }

    private static func appendLowercase(
        _ scalars: [Unicode.Scalar], _ index: Int, to output: inout String.UnicodeScalarView
    ) {
        let scalar = scalars[index]
        if scalar.isASCII {
            output.append(isCapital(scalar) ? swapped(scalar) : scalar)
        } else if scalar.value == 0x3A3 {
            output.append(endsWord(scalars, index) ? "\u{3C2}" : "\u{3C3}")
        } else {
            output.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
        }
    }

    private static func appendUppercase(
        _ scalar: Unicode.Scalar, _ mapping: (Unicode.Scalar.Properties) -> String,
        to output: inout String.UnicodeScalarView
    ) {
        if scalar.isASCII {
            output.append(isSmall(scalar) ? swapped(scalar) : scalar)
        } else {
            output.append(contentsOf: mapping(scalar.properties).unicodeScalars)
        }
    }

    /// `str.lower`: full case mapping, with the sigma that ends a word.
    static func lowercased(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var output = String.UnicodeScalarView()
        for index in scalars.indices { appendLowercase(scalars, index, to: &output) }
        return String(output)
    }

    /// Whether a letter comes before `index` and none after, not counting characters that case ignores.
    private static func endsWord(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        func meetsLetter(_ range: some Sequence<Unicode.Scalar>) -> Bool {
            for scalar in range.prefix(64) where !scalar.properties.isCaseIgnorable { return scalar.properties.isCased }
            return false
        }
        return meetsLetter(scalars[..<index].reversed()) && !meetsLetter(scalars[(index + 1)...])
    }

    /// `str.upper`.
    static func uppercased(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { appendUppercase(scalar, \.uppercaseMapping, to: &output) }
        return String(output)
    }

    /// `str.capitalize`.
    static func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return text }
        return first.properties.titlecaseMapping
            + String(lowercased(text).unicodeScalars.dropFirst(first.properties.lowercaseMapping.unicodeScalars.count))
    }

    /// Jinja's filter `title`: a capital at the beginning of every word, which white space, hyphens and opening brackets part, and
    /// the rest in lower case.
    static func jinjaTitled(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        var word: [Unicode.Scalar] = []
        func end() {
            guard let first = word.first else { return }
            appendUppercase(first, \.uppercaseMapping, to: &output)
            output.append(contentsOf: lowercased(String(String.UnicodeScalarView(word.dropFirst()))).unicodeScalars)
            word.removeAll(keepingCapacity: true)
        }
        for scalar in text.unicodeScalars {
            if isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar) {
                end()
                output.append(scalar)
            } else {
                word.append(scalar)
            }
        }
        end()
        return String(output)
    }

    /// `str.title`: every letter after one that has no case is a capital.
    static func titled(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var output = String.UnicodeScalarView()
        var isInWord = false
        for (index, scalar) in scalars.enumerated() {
            if isInWord {
                appendLowercase(scalars, index, to: &output)
            } else {
                appendUppercase(scalar, \.titlecaseMapping, to: &output)
            }
            isInWord = scalar.isASCII ? isCapital(scalar) || isSmall(scalar) : scalar.properties.isCased
        }
        return String(output)
    }

    /// `str.casefold`: the lower case of the upper case, but for a letter without a dot, and Cherokee, whose capitals are the older.
    static func caseFolded(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x80: output.append(isCapital(scalar) ? swapped(scalar) : scalar)
            case 0x131: output.append(scalar)
            case 0x13A0...0x13FD, 0xAB70...0xABBF: appendUppercase(scalar, \.uppercaseMapping, to: &output)
            default:
                for lower in scalar.properties.lowercaseMapping.unicodeScalars {
                    for upper in lower.properties.uppercaseMapping.unicodeScalars {
                        output.append(contentsOf: upper.properties.lowercaseMapping.unicodeScalars)
                    }
                }
            }
        }
        return String(output)
    }

    /// `str.swapcase`.
    static func caseSwapped(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                output.append(isCapital(scalar) || isSmall(scalar) ? swapped(scalar) : scalar)
            } else if scalar.properties.isUppercase {
                output.append(contentsOf: lowercased(String(scalar)).unicodeScalars)
            } else {
                output.append(contentsOf: scalar.properties.uppercaseMapping.unicodeScalars)
            }
        }
        return String(output)
    }

    // MARK: repr

    /// `repr(str)`: in single quotes unless only they occur, with escapes for what cannot be seen.
    static func representation(of text: String) -> String {
        let utf8 = text.utf8
        let quote: Unicode.Scalar = utf8.contains(UInt8(ascii: "'")) && !utf8.contains(UInt8(ascii: "\"")) ? "\"" : "'"
        var output = String.UnicodeScalarView()
        output.append(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\": output.append(contentsOf: ["\\", scalar])
            case "\n": output.append(contentsOf: "\\n".unicodeScalars)
            case "\r": output.append(contentsOf: "\\r".unicodeScalars)
            case "\t": output.append(contentsOf: "\\t".unicodeScalars)
            case _ where scalar.isASCII ? scalar.value >= 0x20 && scalar.value != 0x7F : isPrintable(scalar):
                output.append(scalar)
            default:
                let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                let digits = String(scalar.value, radix: 16)
                output.append(
                    contentsOf: ("\\" + letter + String(repeating: "0", count: width - digits.count) + digits)
                        .unicodeScalars)
            }
        }
        output.append(quote)
        return String(output)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }
}
