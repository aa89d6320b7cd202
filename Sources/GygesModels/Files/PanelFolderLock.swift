import GygesFiles

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The right to write to the folder of packed copies, for one process at a time.
final class PanelFolderLock {
    private let lock: FileLock

    /// Makes the folder if need be, takes its lock, and removes what a writer that was killed left behind.
    ///
    /// - Parameter byteCount: The room that is needed; as much again stays free.
    /// - Returns: `nil` if another process has the lock, or the folder cannot be written or has no room.
    init?(_ folder: String, roomFor byteCount: Int) {
        makeFolder(folder)
        guard let lock = try? FileLock(path: folder + "/lock") else { return nil }
        self.lock = lock
        // All writers hold the lock, so nobody is writing these.
        for name in fileNames(in: folder) where name.hasSuffix(".tmp") { unlink("\(folder)/\(name)") }
        var space = statvfs()
        guard statvfs(folder, &space) == 0 else { return nil }
        // Doubles, because some file systems claim more room than an integer counts.
        guard Double(space.f_bavail) * Double(space.f_frsize) >= 2 * Double(byteCount) else { return nil }
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
