/// A dictionary that keeps the order of its members, as Python's do.
struct TemplateDictionary {
    /// What makes keys the same: strings by their characters, numbers and Booleans by their value.
    private enum Key: Hashable {
        case none
        case integer(Int)
        case bigInteger(String)
        case double(UInt64)
        case string([UInt8])

        init(_ value: TemplateValue) throws(TemplateError) {
            switch value {
            case .none: self = .none
            case .bool(let bool): self = .integer(bool ? 1 : 0)
            case .integer(let integer): self = .integer(integer)
            case .bigInteger(let digits): self = .bigInteger(digits)
            case .double(let double):
                if let integer = Int(exactly: double) {
                    self = .integer(integer)
                } else {
                    self = .double(double.bitPattern)
                }
            case .string(let text): self = .string(text.bytes)
            case .sequence(let sequence) where sequence.kind == .tuple:
                throw TemplateError(.unsupported, "tuples cannot be keys of dictionaries here")
            default: throw TemplateError(.type, "\(value.typeName) cannot be the key of a dictionary")
            }
        }
    }

    private(set) var keys: [TemplateValue] = []
    private(set) var values: [TemplateValue] = []
    private(set) var depth = 1
    private(set) var weight = 16
    private var positions: [Key: Int] = [:]

    init() {}

    /// Creates a dictionary; a later member replaces the value of an earlier one of the same key.
    init(_ members: [(key: TemplateValue, value: TemplateValue)]) throws(TemplateError) {
        for (key, value) in members { try set(key, value) }
    }

    /// The value at `key`. A key that none can have is an error.
    func value(at key: TemplateValue) throws(TemplateError) -> TemplateValue? {
        positions[try Key(key)].map { values[$0] }
    }

    /// The value at a key of characters.
    func value(named name: String) -> TemplateValue? { positions[.string(Array(name.utf8))].map { values[$0] } }

    mutating func set(_ key: TemplateValue, _ value: TemplateValue) throws(TemplateError) {
        depth = max(depth, try TemplateValue.depth(around: [value]))
        let (sum, overflow) = weight.addingReportingOverflow(TemplateValue.weight(around: [key, value]))
        weight = overflow ? .max : sum
        let identity = try Key(key)
        if let position = positions[identity] {
            values[position] = value
        } else {
            positions[identity] = keys.count
            keys.append(key)
            values.append(value)
        }
    }

    /// Keys and values in order.
    var members: [(key: TemplateValue, value: TemplateValue)] { zip(keys, values).map { ($0, $1) } }

    /// Tuples of key and value in order.
    func items() throws(TemplateError) -> [TemplateValue] {
        var items: [TemplateValue] = []
        for (key, value) in members { items.append(.sequence(try TemplateSequence([key, value], .tuple))) }
        return items
    }
}
