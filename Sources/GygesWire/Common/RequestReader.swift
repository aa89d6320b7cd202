import GygesFiles

/// The members of an object in a request, read by name and type.
///
/// `null` counts as missing. What nobody asked for is an error at the end: a misspelt option that changes nothing would
/// be found out too late.
struct RequestReader {
    private let object: JSONObject
    /// Where the object stands, such as `messages[0]`; empty for the whole request.
    private let place: String
    private var known: Set<ExactString> = []

    /// Begins to read.
    ///
    /// - Throws: ``ErrorReply`` if it is no object.
    init(_ json: JSON, place: String = "") throws(ErrorReply) {
        guard let object = json.object else {
            throw ErrorReply.invalid(place, "\(Self.subject(place)) must be an object, not \(Self.summary(json)).")
        }
        self.object = object
        self.place = place
    }

    /// Where a member stands.
    func path(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

    /// A member's value; `nil` if it is missing or `null`.
    mutating func value(_ key: String) -> JSON? {
        known.insert(ExactString(key))
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    /// What a member must have.
    func required<Value>(_ value: Value?, _ key: String) throws(ErrorReply) -> Value {
        guard let value else {
            throw ErrorReply(
                message: "“\(path(key))” is missing.", type: ErrorReply.invalidRequest, parameter: path(key),
                code: "missing_required_parameter")
        }
        return value
    }

    /// A text.
    mutating func text(_ key: String) throws(ErrorReply) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string else { throw mismatch(key, "a string", value) }
        return text
    }

    /// `true` or `false`.
    mutating func truth(_ key: String) throws(ErrorReply) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let truth = value.bool else { throw mismatch(key, "true or false", value) }
        return truth
    }

    /// A whole number within bounds.
    mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(ErrorReply) -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = value.integer, range.contains(integer) else {
            throw mismatch(key, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
        }
        return integer
    }

    /// A number within bounds.
    mutating func number(_ key: String, in range: ClosedRange<Double>) throws(ErrorReply) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double, range.contains(number) else {
            throw mismatch(key, "a number from \(range.lowerBound) to \(range.upperBound)", value)
        }
        return number
    }

    /// One of a few words.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _: Choice.Type
    ) throws(ErrorReply) -> Choice? where Choice.RawValue == String {
        guard let value = value(key) else { return nil }
        guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
            throw mismatch(key, Choice.allCases.map { "“\($0.rawValue)”" }.joined(separator: " or "), value)
        }
        return choice
    }

    /// An array.
    mutating func array(_ key: String) throws(ErrorReply) -> [JSON]? {
        guard let value = value(key) else { return nil }
        guard let array = value.array else { throw mismatch(key, "an array", value) }
        return array
    }

    /// An object.
    mutating func reader(_ key: String) throws(ErrorReply) -> RequestReader? {
        guard let value = value(key) else { return nil }
        return try RequestReader(value, place: path(key))
    }

    /// An object whose members are the sender's own.
    mutating func object(_ key: String) throws(ErrorReply) -> JSONObject? {
        guard let value = value(key) else { return nil }
        guard let object = value.object else { throw mismatch(key, "an object", value) }
        return object
    }

    /// Members that clients send and that decide no answer, whatever they hold.
    mutating func skip(_ keys: String...) {
        for key in keys { known.insert(ExactString(key)) }
    }

    /// Refuses members that nobody asked for.
    func finish() throws(ErrorReply) {
        guard let key = object.keys.first(where: { !known.contains(ExactString($0)) && object[$0]?.isNull == false })
        else {
            return
        }
        let name = path(key.shown(limit: 80))
        throw ErrorReply(
            message: "“\(name)” is not known here.", type: ErrorReply.invalidRequest, parameter: name,
            code: "unknown_parameter")
    }

    /// An error that says what a member must be.
    func mismatch(_ key: String, _ expected: String, _ found: JSON) -> ErrorReply {
        .invalid(path(key), "\(Self.subject(path(key))) must be \(expected), not \(Self.summary(found)).")
    }

    private static func subject(_ place: String) -> String { place.isEmpty ? "The request" : "“\(place)”" }

    /// What a message shows of a value.
    private static func summary(_ json: JSON) -> String {
        switch json {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .integer, .bigInteger, .double: json.serialized().shown(limit: 40)
        case .string(let text): "the text “\(text.shown(limit: 40))”"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension ErrorReply {
    /// The type of errors that are the sender's.
    static let invalidRequest = "invalid_request_error"

    /// A value that is not what it must be.
    static func invalid(_ parameter: String, _ message: String) -> ErrorReply {
        ErrorReply(
            message: message, type: invalidRequest, parameter: parameter.isEmpty ? nil : parameter,
            code: "invalid_value")
    }

    /// A value that is known and that nothing here can do.
    static func unsupported(_ parameter: String, _ message: String) -> ErrorReply {
        ErrorReply(
            message: message, type: invalidRequest, parameter: parameter, code: "unsupported_parameter")
    }
}
