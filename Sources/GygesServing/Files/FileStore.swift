import Foundation
import GygesFiles
import GygesWire
import Synchronization

/// Files in a folder of the server's own, each with a record of what it is. A file counts once its record is there.
final class FileStore: Sendable {
    /// The folder.
    let folder: String
    private let limits: BatchQueue.Limits
    private let files: Mutex<[StoredFile]>

    /// Opens a folder, and removes what a process that was killed has left half done.
    ///
    /// - Throws: `FileError` if it cannot be read or written.
    init(folder: String, limits: BatchQueue.Limits) throws(FileError) {
        self.folder = folder
        self.limits = limits
        var known: [StoredFile] = []
        for name in try Self.names(in: folder) {
            let path = "\(folder)/\(name)"
            if name.hasSuffix(".tmp") {
                unlink(path)
            } else if name.hasPrefix("file-"), name.hasSuffix(".json") {
                guard let file = StoredFile(record: try JSON.parse(try MappedFile.read(path: path), path: path)) else {
                    throw FileError(path, "is no record of a file", remedy: "Remove it, or name another folder.")
                }
                known.append(file)
            }
        }
        let ids = Set(known.map(\.id))
        for name in try Self.names(in: folder) where name.hasPrefix("file-") && name.hasSuffix(".data") {
            if !ids.contains(String(name.dropLast(".data".count))) { unlink("\(folder)/\(name)") }
        }
        files = Mutex(known.sorted { ($0.created, $0.id) < ($1.created, $1.id) })
    }

    private static func names(in folder: String) throws(FileError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw FileError(folder, "cannot be read: \(error)", remedy: "Check its permissions.")
        }
    }

    /// A name that no other file or batch has.
    static func makeName(_ kind: String) -> String {
        let number = UInt128(UInt64.random(in: .min ... .max)) << 64 | UInt128(UInt64.random(in: .min ... .max))
        return "\(kind)-" + String(number, radix: 16)
    }

    /// Where a file's bytes lie.
    func path(of id: String) -> String { "\(folder)/\(id).data" }

    /// The files of a key, from the oldest.
    func all(of key: String?) -> [StoredFile] { files.withLock { $0 }.filter { $0.key == key } }

    /// A file by its name.
    ///
    /// - Throws: ``ServingFault`` with status 404 if the key has none of that name.
    func file(_ id: String, of key: String?) throws(ServingFault) -> StoredFile {
        guard let file = files.withLock({ $0 }).first(where: { $0.id == id && $0.key == key }) else {
            throw ServingFault(
                status: 404,
                ErrorReply(
                    message: "There is no file “\(String(id.prefix(100)))”.", type: "invalid_request_error",
                    parameter: "file_id"))
        }
        return file
    }

    /// Refuses more files than may be.
    ///
    /// - Throws: ``ServingFault`` with status 429.
    func checkRoom() throws(ServingFault) {
        let (count, bytes) = files.withLock { files in (files.count, files.reduce(0) { $0 + $1.byteCount }) }
        guard count < limits.fileCount, bytes < limits.totalByteCount else {
            throw ServingFault(
                status: 429,
                ErrorReply(
                    message:
                        "The server keeps at most \(limits.fileCount) files and \(limits.totalByteCount >> 20) MiB: delete some.",
                    type: "rate_limit_error", code: "too_many_files"))
        }
    }

    /// Adds a file whose bytes lie where they belong already, or replaces one of the same name.
    ///
    /// - Throws: `FileError` if its record cannot be written.
    func add(_ file: StoredFile) throws(FileError) {
        try AtomicFile.write(file.record.serialized() + "\n", to: "\(folder)/\(file.id).json")
        files.withLock { files in
            files.removeAll { $0.id == file.id }
            files.append(file)
        }
    }

    /// Removes a file.
    func remove(_ id: String) {
        // Its record first: bytes without one are removed at the next start.
        unlink("\(folder)/\(id).json")
        unlink(path(of: id))
        files.withLock { files in files.removeAll { $0.id == id } }
    }
}
