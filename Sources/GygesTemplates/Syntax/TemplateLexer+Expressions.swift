extension TemplateLexer {
    /// Scans what stands within a tag, and its closing.
    mutating func scanExpressions(until closing: TemplateToken.Kind) throws(TemplateError) {
        let mark: Character = closing == .variableEnd ? "}" : "%"
        let opened = line
        var brackets: [TemplateToken.Symbol] = []  // the closing ones that are due
        while true {
            // Within brackets a closing would be two operators: `{{ {"a": {}}}}`.
            if brackets.isEmpty, closingLength(of: mark, at: position) != nil {
                append(closing)
                takeClosing(mark)
                return
            }
            guard let first = byte(0) else {
                throw TemplateError(.syntax, "a tag is never closed by '\(mark)}'", line: opened)
            }
            let start = position
            if PythonText.spaceEnd(in: bytes, from: position) != nil {
                skipSpace()
            } else if first.isDigit {
                try scanNumber()
            } else if let end = nameEnd(from: position) {
                guard end - start <= TemplateLimits.nameByteCount else {
                    throw TemplateError(
                        .budget, "a name of \(end - start) bytes; at most \(TemplateLimits.nameByteCount) are read",
                        line: line)
                }
                append(.name(text(start..<end)))
                position = end
            } else if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
                try scanString(quote: first)
            } else {
                try scanSymbol(&brackets)
            }
            countLines(start..<position)
        }
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private mutating func scanSymbol(_ brackets: inout [TemplateToken.Symbol]) throws(TemplateError) {
        let two = position + 1 < bytes.count ? TemplateToken.Symbol(rawValue: text(position..<position + 2)) : nil
        guard let symbol = two ?? TemplateToken.Symbol(rawValue: text(position..<position + 1)) else {
            throw failure(
                "a character that has no meaning here: '\(text(position..<min(position + 4, bytes.count)).prefix(1))'")
        }
        switch symbol {
        case .leftBrace: brackets.append(.rightBrace)
        case .leftParenthesis: brackets.append(.rightParenthesis)
        case .leftBracket: brackets.append(.rightBracket)
        case .rightBrace, .rightParenthesis, .rightBracket:
            guard let expected = brackets.popLast() else { throw failure("'\(symbol.rawValue)' closes nothing") }
            guard expected == symbol else {
                throw failure("'\(symbol.rawValue)' where '\(expected.rawValue)' is expected")
            }
        default: break
        }
        append(.symbol(symbol))
        position += symbol.rawValue.utf8.count
    }

    /// The end of the name that begins at `start`: letters, digits and underscores of any script.
    private func nameEnd(from start: Int) -> Int? {
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if byte.isDigit || byte.isLetter || byte == UInt8(ascii: "_") {
                end += 1
            } else if byte >= 0x80, let (scalar, length) = PythonText.scalar(in: bytes, at: end),
                scalar.properties.isXIDContinue
            {
                end += length
            } else {
                break
            }
        }
        return end > start ? end : nil
    }

    // MARK: Numbers

    private mutating func scanNumber() throws(TemplateError) {
        let start = position
        let isAfterDot = start > 0 && bytes[start - 1] == UInt8(ascii: ".")
        if !isAfterDot, let end = doubleEnd(from: start) {
            position = end
            append(.double(Double(digits(start..<end)) ?? .infinity))
            return
        }
        var radix = 10
        if byte(0) == UInt8(ascii: "0"), let letter = byte(1) {
            switch letter | 0x20 {
            case UInt8(ascii: "b"): radix = 2
            case UInt8(ascii: "o"): radix = 8
            case UInt8(ascii: "x"): radix = 16
            default: break
            }
        }
        if radix != 10, let end = digitsEnd(from: start + 2, radix: radix, acceptsLeadingUnderscore: true) {
            position = end
            guard let value = Int(digits(start + 2..<end), radix: radix) else {
                throw TemplateError(.arithmetic, "an integer beyond 64 bits", line: line)
            }
            append(.integer(value))
            return
        }
        // A number does not begin with zero unless it is zero: "01" is two tokens, which no expression has.
        let isZero = byte(0) == UInt8(ascii: "0")
        position = (isZero ? digitsEnd(from: start, radix: 1) : digitsEnd(from: start, radix: 10)) ?? start + 1
        let literal = digits(start..<position)
        if let value = Int(literal) { append(.integer(value)) } else { append(.bigInteger(literal)) }
    }

    private func digits(_ range: Range<Int>) -> String {
        String(decoding: bytes[range].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }

    /// The end of digits with single underscores between them.
    private func digitsEnd(from start: Int, radix: Int, acceptsLeadingUnderscore: Bool = false) -> Int? {
        func isDigit(_ index: Int) -> Bool {
            guard index < bytes.count else { return false }
            let byte = bytes[index]
            return radix == 16
                ? byte.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
                : byte >= UInt8(ascii: "0") && byte < UInt8(ascii: "0") + UInt8(radix)
        }
        var end = start
        if acceptsLeadingUnderscore, end < bytes.count, bytes[end] == UInt8(ascii: "_") { end += 1 }
        guard isDigit(end) else { return nil }
        while isDigit(end) || (end < bytes.count && bytes[end] == UInt8(ascii: "_") && isDigit(end + 1)) { end += 1 }
        return end
    }

    /// The end of a number that has a fraction, an exponent or both.
    private func doubleEnd(from start: Int) -> Int? {
        guard var end = digitsEnd(from: start, radix: 10) else { return nil }
        var isDouble = false
        if end < bytes.count, bytes[end] == UInt8(ascii: "."), let fraction = digitsEnd(from: end + 1, radix: 10) {
            end = fraction
            isDouble = true
        }
        if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
            var exponent = end + 1
            if exponent < bytes.count, bytes[exponent] == UInt8(ascii: "+") || bytes[exponent] == UInt8(ascii: "-") {
                exponent += 1
            }
            if let exponentEnd = digitsEnd(from: exponent, radix: 10) { return exponentEnd }
        }
        return isDouble ? end : nil
    }

    // MARK: Strings

    /// Scans a string literal with Python's escapes.
    private mutating func scanString(quote: UInt8) throws(TemplateError) {
        var value: [UInt8] = []
        let opened = line
        position += 1
        while let next = byte(0) {
            position += 1
            switch next {
            case quote:
                tokens.append(TemplateToken(kind: .string(String(decoding: value, as: UTF8.self)), line: opened))
                return
            case UInt8(ascii: "\\"): try scanEscape(into: &value)
            default: value.append(next)
            }
        }
        throw TemplateError(.syntax, "a string is never closed", line: opened)
    }

    private mutating func scanEscape(into value: inout [UInt8]) throws(TemplateError) {
        guard let letter = byte(0) else { return }
        position += 1
        switch letter {
        case UInt8(ascii: "\n"): break
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): value.append(letter)
        case UInt8(ascii: "a"): value.append(7)
        case UInt8(ascii: "b"): value.append(8)
        case UInt8(ascii: "t"): value.append(9)
        case UInt8(ascii: "n"): value.append(10)
        case UInt8(ascii: "v"): value.append(11)
        case UInt8(ascii: "f"): value.append(12)
        case UInt8(ascii: "r"): value.append(13)
        case UInt8(ascii: "x"): try scanCode(2, into: &value)
        case UInt8(ascii: "u"): try scanCode(4, into: &value)
        case UInt8(ascii: "U"): try scanCode(8, into: &value)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            var code = UInt32(letter - UInt8(ascii: "0"))
            for _ in 0..<2 {
                guard let digit = byte(0), (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { break }
                code = code * 8 + UInt32(digit - UInt8(ascii: "0"))
                position += 1
            }
            try append(code: code, to: &value)
        case UInt8(ascii: "N"): throw TemplateError(.unsupported, "characters by name (\\N{…})", line: line)
        default:
            // Python keeps the backslash of an escape that it does not know.
            value.append(UInt8(ascii: "\\"))
            value.append(letter)
        }
    }

    private mutating func scanCode(_ count: Int, into value: inout [UInt8]) throws(TemplateError) {
        let end = position + count
        guard end <= bytes.count, bytes[position..<end].allSatisfy({ $0.isDigit || $0.isLetter }),
            let code = UInt32(text(position..<end), radix: 16)
        else { throw failure("an escape in a string needs \(count) hexadecimal digits") }
        position = end
        try append(code: code, to: &value)
    }

    private func append(code: UInt32, to value: inout [UInt8]) throws(TemplateError) {
        guard let scalar = Unicode.Scalar(code) else {
            throw failure("a string holds half a surrogate pair or a character beyond Unicode")
        }
        value.append(contentsOf: UTF8.encode(scalar) ?? .init())
    }
}

extension UInt8 {
    /// Whether the byte is an ASCII digit.
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    /// Whether the byte is an ASCII letter.
    fileprivate var isLetter: Bool { (self | 0x20) >= UInt8(ascii: "a") && (self | 0x20) <= UInt8(ascii: "z") }
}
