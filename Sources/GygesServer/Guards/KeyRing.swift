public import GygesFiles

/// The keys by which clients are let in. Only digests are kept.
public struct KeyRing: Sendable {
    /// Names of keys by the digest of each.
    private let names: [(digest: [UInt8], name: String)]

    /// Creates a ring.
    ///
    /// - Parameter keys: Keys and what usage is noted under; a name is no secret.
    /// - Throws: `FileError` if a key is too short to be one, or cannot be sent.
    public init(_ keys: [(name: String, key: String)]) throws(FileError) {
        for (name, key) in keys {
            guard key.utf8.count >= 8, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw FileError(
                    name, "is no key: at least 8 characters of ASCII without spaces are needed",
                    remedy: "Make one, for example with: openssl rand -hex 24")
            }
        }
        names = keys.map { (Array(Digest.sha256($0.key).utf8), $0.name) }
    }

    /// Reads a file of keys, one a line, as `key` or `name key`; empty lines and those that begin with `#` say nothing.
    ///
    /// - Throws: `FileError` if it cannot be read, or a line is no key.
    public static func keys(path: String) throws(FileError) -> [(name: String, key: String)] {
        let text = String(decoding: try MappedFile.read(path: path), as: UTF8.self)
        var keys: [(name: String, key: String)] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let key = words.last, words[0].first != "#" else { continue }
            guard words.count <= 2 else {
                throw FileError(path, "line \(index + 1) is neither a key nor a name and a key", remedy: "Correct it.")
            }
            keys.append((words.count == 2 ? String(words[0]) : "key-\(index + 1)", String(key)))
        }
        guard !keys.isEmpty else { throw FileError(path, "holds no key", remedy: "Write one a line.") }
        return keys
    }

    /// The name of a key; `nil` if it is none of the ring's. Takes as long for any key.
    public func name(of key: String) -> String? {
        let digest = Array(Digest.sha256(key).utf8)
        var found: String?
        for (known, name) in names {
            // All of it is compared, whatever differs first.
            let difference = zip(known, digest).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
            if difference == 0 { found = name }
        }
        return found
    }
}
