import FoundationEssentials
public import GygesFiles

/// A folder of shards with a list of them, `shards.json`: a corpus that was tokenised once.
///
/// The list is written last, so that a folder with one is whole.
public enum ShardFolder {
    /// A shard of a folder.
    public struct Entry: Sendable, Equatable {
        /// The file's name within the folder.
        public var name: String
        /// The documents in it.
        public var documentCount: Int
        /// Their tokens.
        public var tokenCount: Int
        /// The digest that the shard states of its contents.
        public var digest: String
    }

    /// The list's name within a folder.
    public static let listName = "shards.json"
    static let lockName = "shards.lock"
    static let prefix = "shard-"
    static let suffix = ".tokens"
    static let version = 1
    private static let remedy = "Make the folder again with gyges tokenize --shards."

    /// Whether a path is a folder of shards.
    public static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + listName) }

    /// The shards of a folder, as one source.
    ///
    /// - Parameter expected: The digest of the vocabulary that the tokens must be of; `nil` for any.
    /// - Throws: ``FileError`` if the list cannot be read, or a shard is missing, another than the list says, or of another vocabulary.
    public static func open(
        _ path: String, vocabularyDigest expected: String? = nil
    ) throws(FileError) -> JoinedDocuments {
        let list = path + "/" + listName
        let field = JSONField(try JSON.read(path: list), source: list, remedy: remedy)
        let stated = try field.required("version")
        guard try stated.count() == version else { throw stated.mismatch("version \(version)") }
        let vocabulary = try field.required("vocabulary_digest").text()
        if let expected, vocabulary != expected { throw Self.otherVocabulary(path) }
        var shards: [TokenShard] = []
        for entry in try field.required("shards").elements() {
            let name = try entry.required("name").text()
            guard name.hasPrefix(prefix), name.hasSuffix(suffix), !name.utf8.contains(UInt8(ascii: "/")) else {
                throw entry.fault("names “\(name)”, which no shard is called")
            }
            let shard = try TokenShard(path: path + "/" + name)
            guard shard.digest == (try entry.required("digest").text()), shard.vocabularyDigest == vocabulary,
                shard.count == (try entry.required("documents").count())
            else { throw FileError(path, at: name, "is not the shard that \(listName) lists", remedy: remedy) }
            shards.append(shard)
        }
        return try JoinedDocuments(shards, name: path)
    }

    /// That tokens are those of another vocabulary.
    static func otherVocabulary(_ path: String) -> FileError {
        FileError(
            path, "was tokenised with another vocabulary than the model's",
            remedy: "Make it again with gyges tokenize --shards and this model.")
    }
}
