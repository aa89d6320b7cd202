/// A recursive-descent parser whose depth is bounded, so that it cannot run out of stack.
struct JSONReader {
    let bytes: UnsafeRawBufferPointer
    let path: String
    let limits: JSON.Limits
    var position = 0

    mutating func document() throws(FileError) -> JSON {
        guard bytes.count <= limits.byteCount else {
            throw FileError(
                path, "has \(bytes.count) bytes; at most \(limits.byteCount) are read",
                remedy: "Check that it is the right file, or make it smaller.")
        }
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw fault("text after the end of the document") }
        return value
    }

    private mutating func value(depth: Int) throws(FileError) -> JSON {
        guard depth <= limits.depth else {
            throw fault(
                "nesting deeper than \(limits.depth)",
                remedy: "Nest arrays and objects less deep: at most \(limits.depth) levels are read.")
        }
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
        var keys: [String] = []
        var values: [JSON] = []
        var starts: [Int] = []  // Where names begin, kept only to say which one is a duplicate.
        skipSpace()
        if take("}") { return .object(JSONObject()) }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw fault("expected a name in quotes")
            }
            if limits.rejectsDuplicateKeys { starts.append(position) }
            keys.append(try string())
            skipSpace()
            guard take(":") else { throw fault("expected ':' after a name") }
            skipSpace()
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take(",") { continue }
            guard take("}") else { throw fault("expected ',' or '}'") }
            if let object = JSONObject(distinctKeys: keys, values: values) { return .object(object) }
            guard limits.rejectsDuplicateKeys else { return .object(JSONObject(zip(keys, values))) }
            throw duplicate(keys, starts)
        }
    }

    private mutating func duplicate(_ keys: [String], _ starts: [Int]) -> FileError {
        var seen: Set<ExactString> = []
        let index = keys.firstIndex { !seen.insert(ExactString($0)).inserted } ?? 0
        position = starts[index]
        return fault("the name \"\(keys[index].legible(limit: 60))\" stands twice in one object")
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

    mutating func word(_ word: StaticString, _ value: JSON) throws(FileError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count,
            (0..<count).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw fault("expected a value") }
        position += count
        return value
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    func fault(
        _ problem: String,
        remedy: String = "Correct the JSON at the place shown; if the file was downloaded, get it again."
    ) -> FileError {
        let line = bytes.prefix(position).count { $0 == 0x0A } + 1
        return FileError(path, at: "byte \(position), line \(line)", problem, remedy: remedy)
    }
}
