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
        makeFolder(folder)
        descriptor = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        // All writers hold the lock, so nobody is writing these.
        for name in fileNames(in: folder) where name.hasSuffix(".tmp") { unlink("\(folder)/\(name)") }
        var space = statvfs()
        guard statvfs(folder, &space) == 0 else { return nil }
        // Doubles, because some file systems claim more room than an integer counts.
        guard Double(space.f_bavail) * Double(space.f_frsize) >= 2 * Double(byteCount) else { return nil }
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Closing alone is not enough: a child process between fork and exec still has the open file, and with it the lock.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}

/// Makes a folder and those above it; one that cannot be made is noticed when it is used.
private func makeFolder(_ path: String) {
    for index in path.indices.dropFirst() where path[index] == "/" { mkdir(String(path[..<index]), 0o755) }
    mkdir(path, 0o755)
}

/// The names in a folder; none if it cannot be read.
private func fileNames(in folder: String) -> [String] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var names: [String] = []
    while let entry = readdir(entries) {
        names.append(
            withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
}
