extension JSON {
    /// What a parser accepts.
    public struct Limits: Sendable {
        /// The deepest nesting of arrays and objects.
        public var depth: Int
        /// The largest document in bytes.
        public var byteCount: Int
        /// Whether `NaN`, `Infinity` and `-Infinity` are accepted, which Python writes and RFC 8259 forbids.
        public var allowsNonFinite: Bool
        /// Whether a name that stands twice in an object is an error; otherwise the last value wins.
        public var rejectsDuplicateKeys: Bool

        /// Creates limits.
        public init(
            depth: Int = 128, byteCount: Int = 512 << 20, allowsNonFinite: Bool = false,
            rejectsDuplicateKeys: Bool = false
        ) {
            self.depth = depth
            self.byteCount = byteCount
            self.allowsNonFinite = allowsNonFinite
            self.rejectsDuplicateKeys = rejectsDuplicateKeys
        }
    }

    /// Reads a JSON document (RFC 8259).
    ///
    /// Escaped lone surrogates are refused, as are bytes that are not UTF-8.
    /// - Throws: ``FileError`` naming the byte and line of the first fault.
    /// - Complexity: O(bytes).
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, path: String, limits: Limits = .init()
    ) throws(FileError) -> JSON {
        var parser = JSONParser(bytes: bytes, path: path, limits: limits)
        return try parser.document()
    }

    /// Reads a JSON document held in an array.
    public static func parse(_ bytes: [UInt8], path: String, limits: Limits = .init()) throws(FileError) -> JSON {
        let result: Result<JSON, FileError> = bytes.withUnsafeBytes { buffer in
            do throws(FileError) { return .success(try parse(buffer, path: path, limits: limits)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Reads a JSON document held in a string.
    public init(parsing text: String, path: String = "JSON text", limits: Limits = .init()) throws(FileError) {
        self = try JSON.parse(Array(text.utf8), path: path, limits: limits)
    }
}

/// A recursive-descent parser whose depth is bounded, so that it cannot run out of stack.
private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let path: String
    let limits: JSON.Limits
    var position = 0

    mutating func document() throws(FileError) -> JSON {
        guard bytes.count <= limits.byteCount else {
            throw FileError(
                path, "has \(bytes.count) bytes; at most \(limits.byteCount) are read",
                remedy: "This does not look like a configuration file.")
        }
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw fault("text after the end of the document") }
        return value
    }

    private mutating func value(depth: Int) throws(FileError) -> JSON {
        guard depth <= limits.depth else { throw fault("nesting deeper than \(limits.depth)") }
        guard position < bytes.count else { throw fault("the document ends where a value is expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "N") where limits.allowsNonFinite: return try word("NaN", .double(.nan))
        case UInt8(ascii: "I") where limits.allowsNonFinite: return try word("Infinity", .double(.infinity))
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(FileError) -> JSON {
        position += 1
        var object = JSONObject()
        skipSpace()
        if take("}") { return .object(object) }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw fault("expected a name in quotes")
            }
            let start = position
            let key = try string()
            skipSpace()
            guard take(":") else { throw fault("expected ':' after a name") }
            skipSpace()
            let value = try value(depth: depth + 1)
            if limits.rejectsDuplicateKeys, object.contains(key) {
                position = start
                throw fault("the name \"\(key.prefix(60))\" stands twice in one object")
            }
            object[key] = value
            skipSpace()
            if take(",") { continue }
            guard take("}") else { throw fault("expected ',' or '}'") }
            return .object(object)
        }
    }

    private mutating func array(depth: Int) throws(FileError) -> JSON {
        position += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(",") { continue }
            guard take("]") else { throw fault("expected ',' or ']'") }
            return .array(elements)
        }
    }

    private mutating func string() throws(FileError) -> String {
        position += 1
        let start = position
        // Most strings have no escapes and are copied whole.
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

    private mutating func number() throws(FileError) -> JSON {
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
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger {
            guard text.utf8.count <= 4300 else { throw fault("an integer of more than 4300 digits") }
            return Int(text).map(JSON.integer) ?? .bigInteger(text)
        }
        guard let double = Double(text) else { throw fault("a number that cannot be read") }
        return .double(double)
    }

    private mutating func digitRun() -> Int {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        return position - start
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(FileError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count,
            (0..<count).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw fault("expected a value") }
        position += count
        return value
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }

    private func fault(_ problem: String) -> FileError {
        let line = bytes.prefix(position).count { $0 == 0x0A } + 1
        return FileError(
            path, at: "byte \(position), line \(line)", problem, remedy: "The file is damaged or is not JSON; get it again.")
    }
}
