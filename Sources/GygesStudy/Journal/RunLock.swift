import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Keeps a second process from writing the same run.
///
/// The kernel holds the lock (`flock`) and lets go of it when the process ends in whatever way, so no stale lock
/// survives a crash. The file's content only names the owner for the message that a second process prints.
final class RunLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of a run's folder.
    ///
    /// - Throws: ``StudyError/locked(folder:owner:)`` if another process, or another lock of this one, has it.
    init(folder: String) throws {
        let path = folder + "/run.lock"
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else {
            throw StudyError.journal(path: path, problem: "it cannot be created (\(String(cString: strerror(errno))))")
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            var buffer = [UInt8](repeating: 0, count: 64)
            let count = read(opened, &buffer, buffer.count)
            close(opened)
            guard reason == EWOULDBLOCK else {
                throw StudyError.journal(
                    path: path, problem: "it cannot be locked (\(String(cString: strerror(reason))))")
            }
            let owner = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).filter { !$0.isNewline }
            throw StudyError.locked(folder: folder, owner: owner.isEmpty ? "unknown process" : owner)
        }
        let owner = Array("process \(getpid())\n".utf8)
        if ftruncate(opened, 0) == 0 { _ = pwrite(opened, owner, owner.count, 0) }
        descriptor = opened
    }

    deinit {
        // Closing alone is not enough: a child process between fork and exec still has the open file, and with it the lock.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
