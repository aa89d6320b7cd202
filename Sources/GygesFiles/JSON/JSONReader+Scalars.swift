extension JSONReader {
    mutating func string() throws(FileError) -> String {
        position += 1
        let start = position
        // Most strings have no escapes and are copied whole.
        skipPlainText()
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let slice = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
                guard let text = String(validating: slice, as: UTF8.self) else { throw fault("text is not UTF-8") }
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw fault("a control character in a string must be escaped") }
            position += 1
        }
        throw fault("the document ends inside a string")
    }

    /// Moves on while the next eight bytes hold no quote, backslash or control character, eight at a time.
    private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while position + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            // A byte minus its bound borrows into the top bit where it was below; bytes from 0x80 on are left out.
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let isSpecial =
                ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
            if isSpecial & highs != 0 { return }
            position += 8
        }
    }

    private mutating func escapedString(from start: Int) throws(FileError) -> String {
        var units = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: units, as: UTF8.self) else { throw fault("text is not UTF-8") }
                return text
            }
            if byte < 0x20 { throw fault("a control character in a string must be escaped") }
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            guard position < bytes.count else { break }
            let escape = bytes[position]
            position += 1
            switch escape {
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(escape)
            case UInt8(ascii: "u"): units.append(contentsOf: try escapedScalar().utf8)
            default: throw fault("unknown escape in a string")
            }
        }
        throw fault("the document ends inside a string")
    }

    private mutating func escapedScalar() throws(FileError) -> Character {
        let first = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(UInt32(first)) { return Character(scalar) }
        guard first < 0xDC00, position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw fault("half of a surrogate pair") }
        position += 2
        let second = try hexadecimalUnit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + UInt32(second) - 0xDC00)
        else { throw fault("half of a surrogate pair") }
        return Character(scalar)
    }

    private mutating func hexadecimalUnit() throws(FileError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw fault("the document ends inside an escape") }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt16
            switch bytes[position] {
            case let byte where (0x30...0x39).contains(byte): digit = UInt16(byte - 0x30)
            case let byte where (0x41...0x46).contains(byte): digit = UInt16(byte - 0x41 + 10)
            case let byte where (0x61...0x66).contains(byte): digit = UInt16(byte - 0x61 + 10)
            default: throw fault("expected four hexadecimal digits")
            }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }

    mutating func number() throws(FileError) -> JSON {
        let start = position
        let isNegative = take("-")
        if isNegative, limits.allowsNonFinite, position < bytes.count, bytes[position] == UInt8(ascii: "I") {
            return try word("Infinity", .double(-.infinity))
        }
        let whole = digitRun()
        guard whole > 0 else {
            position = start
            throw fault("expected a value")
        }
        if whole > 1, bytes[position - whole] == UInt8(ascii: "0") { throw fault("a number with a leading zero") }
        var isInteger = true
        if take(".") {
            isInteger = false
            guard digitRun() > 0 else { throw fault("expected a digit after the decimal point") }
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            guard digitRun() > 0 else { throw fault("expected a digit in the exponent") }
        }
        if isInteger, position - start <= 18 { return .integer(shortInteger(from: start)) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger {
            guard text.utf8.count <= 4300 else {
                throw fault("an integer of more than 4300 digits", remedy: "Write a shorter number.")
            }
            return Int(text).map(JSON.integer) ?? .bigInteger(text)
        }
        guard let double = Double(text), double.isFinite || limits.allowsNonFinite else {
            position = start
            throw fault("a number beyond the range of a double", remedy: "Write a number below 1.8e308.")
        }
        return .double(double)
    }

    /// The integer of at most 18 characters between `start` and here, which cannot overflow.
    private func shortInteger(from start: Int) -> Int {
        let isNegative = bytes[start] == UInt8(ascii: "-")
        var value = 0
        for byte in bytes[(isNegative ? start + 1 : start)..<position] { value = value * 10 + Int(byte & 15) }
        return isNegative ? -value : value
    }

    private mutating func digitRun() -> Int {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        return position - start
    }
}
