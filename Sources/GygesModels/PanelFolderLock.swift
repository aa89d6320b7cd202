import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The right to write to the folder of packed copies, for one process at a time. The system takes it back when the
/// process ends, however it ends.
final class PanelFolderLock {
    private let descriptor: Int32

    /// Makes the folder if need be, takes its lock, and removes what a writer that was killed left behind.
    ///
    /// - Parameter byteCount: The room that is needed; as much again stays free.
    /// - Returns: `nil` if another process has the lock, or the folder cannot be written or has no room.
    init?(_ folder: String, roomFor byteCount: Int) {
        let files = FileManager.default
        try? files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        descriptor = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        // All writers hold the lock, so nobody is writing these.
        for name in (try? files.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".tmp") {
            unlink("\(folder)/\(name)")
        }
        var space = statvfs()
        guard statvfs(folder, &space) == 0, Int(space.f_bavail) * Int(space.f_frsize) / 2 >= byteCount else {
            return nil
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
