#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The right to work on something, for one process at a time: a lock (`flock`) on a file.
///
/// The system takes it back when the process ends, however it ends, so that no stale lock survives a crash. Two locks of one
/// file keep each other out within a process, too.
public final class FileLock: Sendable {
    /// Why there is no lock.
    public enum Failure: Error, Sendable, Equatable {
        /// Somebody else has it; `owner` is what the file says, such as “process 17”, or “another process”.
        case taken(owner: String)
        /// The file cannot be created or locked, for the system's reason `code` (`errno`).
        case system(code: Int32)
    }

    private let descriptor: Int32

    /// Takes the lock of a file, which is created if need be and never removed; a symbolic link is refused.
    ///
    /// - Parameter notesOwner: Whether the file's content becomes the name of this process, for the messages of others.
    /// - Throws: ``Failure`` at once, without waiting.
    public init(path: String, notesOwner: Bool = true) throws(Failure) {
        let opened =
            path.utf8.contains(0) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | (notesOwner ? O_NOFOLLOW : 0), 0o644)
        guard opened >= 0 else { throw .system(code: path.utf8.contains(0) ? EINVAL : errno) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let owner = notesOwner ? Self.owner(opened) : ""
            close(opened)
            throw reason == EWOULDBLOCK
                ? .taken(owner: owner.isEmpty ? "another process" : owner) : .system(code: reason)
        }
        if notesOwner {
            let owner = Array("process \(getpid())\n".utf8)
            if ftruncate(opened, 0) == 0 { _ = pwrite(opened, owner, owner.count, 0) }
        }
        descriptor = opened
    }

    deinit {
        // Closing alone is not enough: a child process between fork and exec still has the open file, and with it the lock.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func owner(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)).prefix { $0 != 0x0A }, as: UTF8.self).legible(limit: 64)
    }
}
