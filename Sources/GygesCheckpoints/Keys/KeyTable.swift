public import GygesFiles

/// A key of a format, and what becomes of it.
public struct FormatKey: Sendable, Equatable {
    /// What becomes of a key.
    public enum Fate: String, Sendable, CaseIterable {
        /// It is read, and what it says is done or refused.
        case used
        /// It says nothing about what the model computes.
        case irrelevant
        /// It asks for what Gyges does not do, so that a model that has it is refused.
        case refused
    }

    /// Its name, with dots between the keys of nested objects. `ARCH` stands for a GGUF file's architecture and `*` for any
    /// characters.
    public let name: String
    /// What becomes of it.
    public let fate: Fate
    /// What it decides, why it does not matter, or what is refused.
    public let remark: String

    /// Describes a key.
    public init(_ name: String, _ fate: Fate, _ remark: String) {
        self.name = name
        self.fate = fate
        self.remark = remark
    }
}

/// The keys of one kind of file: the one list of what Gyges knows of a format.
///
/// What a file has besides is reported by `gyges inspect` and `gyges doctor MODEL`, so that nothing is ignored in silence.
/// `docs/formats.md` shows every table, and a test walks them.
public struct KeyTable: Sendable {
    /// Whose files have these keys.
    public enum Subject: Sendable {
        case decoders
        case encoders
        case anyModel
    }

    /// The file's path in a model's folder, such as `config.json`; for GGUF files a word for them.
    public let file: String
    /// Whose file it is.
    public let subject: Subject
    /// The keys, in the order in which they are shown.
    public let keys: [FormatKey]
    private let exact: [String: FormatKey]
    private let patterns: [FormatKey]

    /// Makes a table of keys; of two that fit a name the one without `*` counts, then the first.
    public init(_ file: String, of subject: Subject, _ keys: [FormatKey]) {
        self.file = file
        self.subject = subject
        self.keys = keys
        exact = Dictionary(keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        patterns = keys.filter { $0.name.contains("*") }
    }

    /// The entry that a name falls under; `nil` for one that Gyges does not know.
    public func key(for name: String) -> FormatKey? {
        exact[name] ?? patterns.first { matches(name.utf8, $0.name.utf8) }
    }

    /// The names that are in no entry, in their order.
    public func unknownNames(among names: [String]) -> [String] { names.filter { key(for: $0) == nil } }

    /// The keys of an object that are in no entry, in its order. Objects are entered where the table has keys of theirs.
    public func unknownNames(in object: JSONObject) -> [String] { unknownNames(in: object, below: "") }

    private func unknownNames(in object: JSONObject, below prefix: String) -> [String] {
        object.flatMap { key, value -> [String] in
            let name = prefix + key
            if let inner = value.object, keys.contains(where: { $0.name.hasPrefix(name + ".") }) {
                return unknownNames(in: inner, below: name + ".")
            }
            return self.key(for: name) == nil ? [name] : []
        }
    }

    /// Whether a name fits a pattern: `*` for any characters, everything else for itself.
    private func matches(_ name: String.UTF8View, _ pattern: String.UTF8View) -> Bool {
        let parts = pattern.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, name.starts(with: first) else { return false }
        var rest = name.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            while !rest.starts(with: part) {
                if rest.popFirst() == nil { return false }
            }
            rest = rest.dropFirst(part.count)
        }
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }
}

extension KeyTable {
    /// The table as `docs/formats.md` shows it.
    public var markdown: String {
        let rows = keys.map { "| `\($0.name)` | \($0.fate.rawValue) | \($0.remark) |" }
        return "| key | is | |\n| --- | --- | --- |\n" + rows.joined(separator: "\n") + "\n"
    }
}
