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
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
    public init(nilLiteral: ()) { self = .null }
}

/// The members of a JSON object in the order they were written.
public struct JSONObject: Sendable, Equatable, Sequence {
    /// A name and its value.
    public typealias Member = (key: String, value: JSON)

    /// The names in order.
    public private(set) var keys: [String] = []
    /// The values in the order of ``keys``.
    public private(set) var values: [JSON] = []
    /// Where each name stands, kept once there are enough of them that a scan would be slower.
    private var positions: [String: Int]?

    /// Creates an object without members.
    public init() {}

    /// Creates an object from members in order; a later member replaces an earlier one of the same name in place.
    public init(_ members: some Sequence<(String, JSON)>) {
        for (key, value) in members { self[key] = value }
    }

    /// The number of members.
    public var count: Int { keys.count }
    /// Whether there are no members.
    public var isEmpty: Bool { keys.isEmpty }

    /// The value named `key`; assigning `nil` removes the member. Complexity: O(1) for objects of more than 16 members.
    public subscript(key: String) -> JSON? {
        get { position(of: key).map { values[$0] } }
        set {
            if let position = position(of: key) {
                if let newValue {
                    values[position] = newValue
                } else {
                    keys.remove(at: position)
                    values.remove(at: position)
                    positions = nil
                    indexIfLarge()
                }
            } else if let newValue {
                keys.append(key)
                values.append(newValue)
                if positions != nil { positions![key] = keys.count - 1 } else { indexIfLarge() }
            }
        }
    }

    /// Whether a member is named `key`.
    public func contains(_ key: String) -> Bool { position(of: key) != nil }

    public func makeIterator() -> AnyIterator<Member> {
        var index = 0
        return AnyIterator {
            guard index < keys.count else { return nil }
            defer { index += 1 }
            return (keys[index], values[index])
        }
    }

    public static func == (a: JSONObject, b: JSONObject) -> Bool { a.keys == b.keys && a.values == b.values }

    private func position(of key: String) -> Int? {
        if let positions { return positions[key] }
        return keys.firstIndex(of: key)
    }

    private mutating func indexIfLarge() {
        guard keys.count > 16 else { return }
        positions = Dictionary(uniqueKeysWithValues: zip(keys, keys.indices))
    }
}
