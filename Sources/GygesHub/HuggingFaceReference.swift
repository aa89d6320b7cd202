public import GygesFiles

/// A repository of the Hugging Face hub, or one file of it: `hf:OWNER/NAME[@REVISION][:FILE]`.
public struct HuggingFaceReference: Sendable, Equatable, CustomStringConvertible {
    /// The user or organisation.
    public var owner: String
    /// The repository's name.
    public var name: String
    /// A branch, a tag or a commit.
    public var revision: String
    /// The file wanted; `nil` for all that a model needs.
    public var file: String?

    /// Reads a reference.
    ///
    /// - Throws: ``FileError`` if a piece is missing or holds characters that the hub does not allow.
    public init(_ text: String) throws(FileError) {
        var rest = text.hasPrefix("hf:") ? text.dropFirst(3) : text[...]
        var file: Substring?
        if let colon = rest.firstIndex(of: ":") {
            file = rest[rest.index(after: colon)...]
            rest = rest[..<colon]
        }
        var revision: Substring = "main"
        if let at = rest.firstIndex(of: "@") {
            revision = rest[rest.index(after: at)...]
            rest = rest[..<at]
        }
        let pieces = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count == 2, pieces.allSatisfy({ isPlainName($0) }), isPlainPath(revision),
            file.map({ isPlainPath($0) }) ?? true
        else {
            throw FileError(
                text, "is not a reference to a Hugging Face repository",
                remedy: "Write it as hf:OWNER/NAME, hf:OWNER/NAME@REVISION or hf:OWNER/NAME:FILE.")
        }
        owner = String(pieces[0])
        name = String(pieces[1])
        self.revision = String(revision)
        self.file = file.map(String.init)
    }

    /// The reference as it is written: `hf:OWNER/NAME@REVISION:FILE`.
    public var description: String {
        "hf:\(owner)/\(name)" + (revision == "main" ? "" : "@\(revision)") + (file.map { ":\($0)" } ?? "")
    }
}

/// Whether `text` can stand for one file or folder name: letters, digits, `.`, `_`, `-`, not starting with a dot.
func isPlainName(_ text: some StringProtocol) -> Bool {
    let isAllowed = { (byte: UInt8) in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
    return (1...255).contains(text.utf8.count) && !text.hasPrefix(".") && text.utf8.allSatisfy(isAllowed)
}

/// Whether `text` is plain names joined by slashes: a path that cannot leave the folder it is put in.
func isPlainPath(_ text: some StringProtocol) -> Bool {
    text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isPlainName($0) }
}
