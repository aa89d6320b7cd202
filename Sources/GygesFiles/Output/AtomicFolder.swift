#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif
import FoundationEssentials

/// Making a folder of files so that a reader, or a crash, sees all of them or none.
public enum AtomicFolder {
    /// What the names of unfinished folders end with.
    private static let ending = ".unfinished"

    /// Makes a folder: fills one beside it, which gets its name when everything is on the disk.
    ///
    /// - Parameters:
    ///   - path: Nothing stands there yet.
    ///   - fill: Writes files that survive a crash into the folder that it is given.
    /// - Throws: `FileError` if the folder cannot be made, also the one that `fill` throws; nothing is left then.
    public static func make(at path: String, _ fill: (String) throws -> Void) throws {
        let temporary = path + ending
        try? FileManager.default.removeItem(atPath: temporary)
        do {
            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        } catch {
            throw failure(path, "cannot be made")
        }
        do {
            try fill(temporary)
            guard rename(temporary, path) == 0 else { throw failure(path, "cannot be made") }
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
        try AtomicFile.flushFolder(of: path)
    }

    /// Removes what was left unfinished in a folder.
    public static func removeUnfinished(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(ending) {
            try? FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    private static func failure(_ path: String, _ action: String) -> FileError {
        FileError(
            path, "\(action): \(String(cString: strerror(errno)))",
            remedy: "Check the folder, its permissions and free space.")
    }
}
