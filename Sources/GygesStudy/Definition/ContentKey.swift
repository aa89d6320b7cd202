import FoundationEssentials
import GygesFiles

/// The SHA-256 digest of a value's canonical JSON: equal content, equal key, on every machine and in every order of
/// events.
public struct ContentKey: Sendable, Hashable, Codable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hexadecimal: String

    /// The key of a value: SHA-256 over its JSON with sorted names and without spaces.
    ///
    /// - Throws: if the value has no JSON form, such as one with a number that is not finite.
    public init(of value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        hexadecimal = Digest.sha256(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// A key read back from a journal.
    init(hexadecimal: String) { self.hexadecimal = hexadecimal }

    /// The first 64 bits, to seed a random generator: what is drawn depends on what is asked and on nothing else.
    public var seed: UInt64 { UInt64(hexadecimal.prefix(16), radix: 16) ?? 0 }

    /// The first twelve digits, for readers.
    public var short: String { String(hexadecimal.prefix(12)) }

    /// The digest in hexadecimal.
    public var description: String { hexadecimal }

    /// Reads the digest in hexadecimal.
    public init(from decoder: any Decoder) throws { hexadecimal = try String(from: decoder) }
    /// Writes the digest in hexadecimal.
    public func encode(to encoder: any Encoder) throws { try hexadecimal.encode(to: encoder) }
}
