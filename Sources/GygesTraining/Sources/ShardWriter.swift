import FoundationEssentials
public import GygesFiles

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writes documents to the shards of a new folder, each of bounded size and on the disk when the next is begun.
///
/// A folder that was not finished is no source: it is begun anew, and what a writer that is given up has written is removed.
public final class ShardWriter {
    /// The folder.
    public let folder: String
    private let tokenLimit: Int
    private let vocabularyCount: Int
    private let vocabularyDigest: String
    private let lock: FileLock
    private let madeFolder: Bool
    private var builder = DocumentTable.Builder()
    private var entries: [ShardFolder.Entry] = []
    /// Whether the shards in the folder are this writer's, and no list names them yet.
    private var isWriting = false

    /// Begins a folder, which is made if it is not there.
    ///
    /// - Parameters:
    ///   - tokenLimit: The most tokens of a shard, unless a single document has more. They wait in memory, 4 bytes each.
    ///   - vocabularyCount: One more than the largest token that there may be.
    ///   - vocabularyDigest: See `Tokenizer.vocabularyDigest`.
    /// - Throws: ``FileError`` if the folder holds anything but shards that were not finished, another process writes it, or it cannot be
    ///   made.
    public init(
        folder: String, tokenLimit: Int, vocabularyCount: Int, vocabularyDigest: String
    ) throws(FileError) {
        self.folder = folder
        self.tokenLimit = max(1, tokenLimit)
        self.vocabularyCount = vocabularyCount
        self.vocabularyDigest = vocabularyDigest
        madeFolder = !isFolder(folder)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw FileError(
                folder, "cannot be made: \(error)".legible(), remedy: "Check its path, permissions and free space.")
        }
        try Self.checkIsFree(folder)
        do throws(FileLock.Failure) {
            lock = try FileLock(path: folder + "/" + ShardFolder.lockName)
        } catch {
            switch error {
            case .taken(let owner):
                throw FileError(
                    folder, "is being written by \(owner)", remedy: "Wait for it, or choose another folder.")
            case .system(let code):
                throw FileError(
                    folder, "cannot be written (error \(code))", remedy: "Check its permissions and free space.")
            }
        }
        // Another process may have finished it meanwhile.
        try Self.checkIsFree(folder)
        isWriting = true
        removeShards()
    }

    deinit {
        guard isWriting else { return }
        removeShards()
        try? FileManager.default.removeItem(atPath: folder + "/" + ShardFolder.lockName)
        // Only an empty folder goes, whatever came into it meanwhile.
        if madeFolder { _ = rmdir(folder) }
    }

    /// Appends a document.
    ///
    /// - Throws: ``FileError`` if a shard is full and cannot be written.
    public func append(_ document: Document) throws(FileError) {
        if builder.tokenCount > 0, document.tokens.count > tokenLimit - builder.tokenCount { try writeShard() }
        builder.append(document)
    }

    /// Writes the last shard and the list.
    ///
    /// - Parameter sources: What the list says of where the documents come from.
    /// - Returns: The shards.
    /// - Throws: ``FileError`` if they cannot be written; the folder is no source then.
    public func finish(sources: [JSON]) throws(FileError) -> [ShardFolder.Entry] {
        if builder.tokenCount > 0 { try writeShard() }
        let list: JSON = [
            "version": .integer(ShardFolder.version), "vocabulary_digest": .string(vocabularyDigest),
            "vocabulary_count": .integer(vocabularyCount),
            "shards": .array(
                entries.map {
                    [
                        "name": .string($0.name), "documents": .integer($0.documentCount),
                        "tokens": .integer($0.tokenCount), "digest": .string($0.digest),
                    ]
                }),
            "sources": .array(sources),
        ]
        try AtomicFile.write(list.serialized(.pretty) + "\n", to: folder + "/" + ShardFolder.listName)
        isWriting = false
        try? FileManager.default.removeItem(atPath: folder + "/" + ShardFolder.lockName)
        return entries
    }

    private func writeShard() throws(FileError) {
        // Names sort in the order of the shards.
        let digits = String(entries.count + 1)
        let name =
            ShardFolder.prefix + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ShardFolder.suffix
        let table = DocumentTable(
            builder, name: name, vocabularyCount: vocabularyCount, vocabularyDigest: vocabularyDigest)
        builder = DocumentTable.Builder()
        try table.write(to: folder + "/" + name)
        entries.append(
            .init(name: name, documentCount: table.count, tokenCount: table.tokenCount, digest: table.digest))
    }

    private static func checkIsFree(_ folder: String) throws(FileError) {
        guard !ShardFolder.isThere(folder) else {
            throw FileError(folder, "holds shards already", remedy: "Choose another folder, or remove this one.")
        }
        let others = contents(of: folder).filter { !isOurs($0) }
        guard others.isEmpty else {
            throw FileError(
                folder, "holds other files, such as “\(others[0])”", remedy: "Choose a new folder, or an empty one.")
        }
    }

    /// Whether a name is that of something which an unfinished writing leaves behind.
    private static func isOurs(_ name: String) -> Bool {
        name == ShardFolder.lockName
            || (name.hasPrefix(ShardFolder.prefix) || name.hasPrefix(ShardFolder.listName + "."))
                && (name.hasSuffix(ShardFolder.suffix) || name.hasSuffix(".tmp"))
    }

    private static func contents(of folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    private func removeShards() {
        for name in Self.contents(of: folder) where name != ShardFolder.lockName && Self.isOurs(name) {
            try? FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }
}
