/// The members of a JSON object in the order they were written.
///
/// Names are the same if their scalars are: Swift compares strings by canonical equivalence, by which a vocabulary that
/// holds both "é" and "e\u{301}" would lose a token.
public struct JSONObject: Sendable, Equatable, Sequence {
    /// A name and its value.
    public typealias Member = (key: String, value: JSON)

    /// The names in order.
    public private(set) var keys: [String] = []
    /// The values in the order of ``keys``.
    public private(set) var values: [JSON] = []
    /// Where each name stands, kept once there are enough of them that a scan would be slower.
    private var positions: [ExactString: Int]?

    /// Up to as many members a scan finds a name faster than a hash does.
    private static let scanLimit = 16

    /// Creates an object without members.
    public init() {}

    /// Creates an object from members in order; a later member replaces an earlier one of the same name in place.
    public init(_ members: some Sequence<(String, JSON)>) {
        for (key, value) in members { self[key] = value }
    }

    /// Creates an object from names and as many values; `nil` if a name stands twice.
    init?(distinctKeys keys: [String], values: [JSON]) {
        self.keys = keys
        self.values = values
        if keys.count > Self.scanLimit {
            var positions: [ExactString: Int] = [:]
            positions.reserveCapacity(keys.count)
            for (index, key) in keys.enumerated() {
                if positions.updateValue(index, forKey: ExactString(key)) != nil { return nil }
            }
            self.positions = positions
        } else {
            for (index, key) in keys.enumerated() where position(of: key) != index { return nil }
        }
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
                if positions != nil { positions![ExactString(key)] = keys.count - 1 } else { indexIfLarge() }
            }
        }
    }

    /// Whether a member is named `key`.
    public func contains(_ key: String) -> Bool { position(of: key) != nil }

    /// Iterates over the members in the order of the text.
    public func makeIterator() -> AnyIterator<Member> {
        var index = 0
        return AnyIterator {
            guard index < keys.count else { return nil }
            defer { index += 1 }
            return (keys[index], values[index])
        }
    }

    /// Whether both have the same members in the same order.
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.keys.elementsEqual(b.keys) { $0.utf8.elementsEqual($1.utf8) } && a.values == b.values
    }

    private func position(of key: String) -> Int? {
        if let positions { return positions[ExactString(key)] }
        return keys.firstIndex { $0.utf8.elementsEqual(key.utf8) }
    }

    private mutating func indexIfLarge() {
        guard keys.count > Self.scanLimit else { return }
        positions = Dictionary(uniqueKeysWithValues: zip(keys.lazy.map(ExactString.init), keys.indices))
    }
}

/// A string that equals another only if it has the same bytes, and is ordered by them.
///
/// Names in files are compared so: Swift's strings are equal by canonical equivalence, which tools in other languages do not know.
public struct ExactString: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The string.
    public let text: String

    /// Wraps a string.
    public init(_ text: String) { self.text = text }

    /// The string itself.
    public var description: String { text }

    /// Whether the bytes are the same.
    public static func == (a: ExactString, b: ExactString) -> Bool {
        let isEqual = a.text.utf8.withContiguousStorageIfAvailable { a in
            b.text.utf8.withContiguousStorageIfAvailable { b in
                a.count == b.count && UnsafeRawBufferPointer(a).elementsEqual(UnsafeRawBufferPointer(b))
            }
        }
        return (isEqual ?? nil) ?? a.text.utf8.elementsEqual(b.text.utf8)
    }

    /// Whether the bytes of `a` come first.
    public static func < (a: ExactString, b: ExactString) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

    /// Feeds the bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
