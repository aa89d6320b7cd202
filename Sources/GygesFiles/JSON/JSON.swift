/// A JSON value that keeps what Foundation's decoder loses: member order, integers apart from floating-point numbers,
/// and integers of any size (RFC 8259).
///
/// Chat templates need all three, because `tojson` must print what the reference's `json.dumps` prints.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction or exponent that fits 64 bits.
    case integer(Int)
    /// A number written without fraction or exponent that does not fit 64 bits, as its digits.
    case bigInteger(String)
    /// A number written with a fraction or an exponent.
    case double(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// The members, if the value is an object.
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
    /// The elements, if the value is an array.
    public var array: [JSON]? { if case .array(let array) = self { array } else { nil } }
    /// The text, if the value is a string.
    public var string: String? { if case .string(let string) = self { string } else { nil } }
    /// The truth value, if the value is a Boolean.
    public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    /// The value, if it is an integer that fits 64 bits.
    public var integer: Int? { if case .integer(let integer) = self { integer } else { nil } }
    /// The value as a floating-point number, if it is a number of any kind.
    public var double: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .bigInteger(let digits): Double(digits)
        case .double(let double): double
        default: nil
        }
    }
    /// Whether the value is `null`.
    public var isNull: Bool { self == .null }

    /// The member named `key`, if the value is an object that has one.
    public subscript(key: String) -> JSON? { object?[key] }
    /// The element at `index`, if the value is an array that long.
    public subscript(index: Int) -> JSON? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object with its members in this order.
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
}
