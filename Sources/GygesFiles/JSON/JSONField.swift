/// One value of a document that others wrote and where it stands: members are read by name, and what has the wrong type is
/// an error that names the document, the place and what was found.
///
/// Members that nobody asks for are ignored, since such formats grow; members that are read are read strictly.
public struct JSONField: Sendable {
    /// The value.
    public let json: JSON
    /// Names the document in errors.
    public let source: String
    /// Where the value stands, such as `choices[0].message`; empty for the whole document.
    public let place: String
    /// What errors tell the user to do.
    public let remedy: String

    /// A whole document, or a part of it.
    public init(_ json: JSON, source: String, place: String = "", remedy: String) {
        self.json = json
        self.source = source
        self.place = place
        self.remedy = remedy
    }

    /// The member named `key`; `nil` if it is missing or `null`.
    public func optional(_ key: String) throws(FileError) -> JSONField? {
        guard let object = json.object else { throw mismatch("an object") }
        guard let value = object[key], !value.isNull else { return nil }
        return JSONField(value, source: source, place: place.isEmpty ? key : "\(place).\(key)", remedy: remedy)
    }

    /// The member named `key`, which must be there.
    public func required(_ key: String) throws(FileError) -> JSONField {
        guard let value = try optional(key) else { throw fault("the member “\(key)” is missing") }
        return value
    }

    /// A string.
    public func text() throws(FileError) -> String {
        guard let text = json.string else { throw mismatch("a string") }
        return text
    }

    /// A whole number that is not negative.
    public func count() throws(FileError) -> Int {
        guard let number = json.integer, number >= 0 else { throw mismatch("a whole number from 0 on") }
        return number
    }

    /// A finite number.
    public func number() throws(FileError) -> Double {
        guard let number = json.double, number.isFinite else { throw mismatch("a number") }
        return number
    }

    /// `true` or `false`.
    public func truth() throws(FileError) -> Bool {
        guard let truth = json.bool else { throw mismatch("true or false") }
        return truth
    }

    /// An array's elements.
    public func elements() throws(FileError) -> [JSONField] {
        guard let array = json.array else { throw mismatch("an array") }
        return array.enumerated().map { JSONField($1, source: source, place: "\(place)[\($0)]", remedy: remedy) }
    }

    /// What reading `body` gives; `nil` for `null`.
    public func unlessNull<Value>(_ body: (JSONField) throws(FileError) -> Value) throws(FileError) -> Value? {
        json.isNull ? nil : try body(self)
    }

    /// An error that says what was expected and what was found.
    public func mismatch(_ expected: String) -> FileError { fault("expected \(expected), found \(json.summary)") }

    /// An error about this value.
    public func fault(_ problem: String) -> FileError {
        FileError(source, at: place, problem, remedy: remedy)
    }
}

extension Array where Element == JSONField {
    /// Reads every element.
    public func reading<Value>(_ body: (JSONField) throws(FileError) -> Value) throws(FileError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for element in self { values.append(try body(element)) }
        return values
    }
}

extension JSON {
    /// What a message shows of a value.
    fileprivate var summary: String {
        switch self {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .integer, .bigInteger, .double: serialized().legible(limit: 40)
        case .string(let text): "the text “\(text.legible(limit: 40))”"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
