internal import Glibc
internal import GygesFiles

/// Keeps a second process out of a folder; the system releases it when the process ends, however it ends.
struct FolderLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock of `folder`, which must exist.
    ///
    /// - Throws: ``FileError`` if another process holds it.
    init(_ folder: String) throws(FileError) {
        let path = folder + "/lock"
        // Closed on exec, because a child that outlives this process would otherwise go on holding the lock.
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw systemError(path, "cannot be created") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw FileError(
                folder, "is in use by another process that is downloading the same file",
                remedy: "Wait for it to finish, or end it; what it has downloaded is kept.")
        }
    }

    deinit { close(descriptor) }
}

/// An error about a failed system call on `path`, with the system's reason.
func systemError(_ path: String, _ problem: String, code: Int32 = errno) -> FileError {
    let remedy =
        switch code {
        case ENOSPC, EDQUOT: "Free some space, or set GYGES_CACHE to a folder on a larger disk."
        case EACCES, EPERM, EROFS: "Make it writable, or set GYGES_CACHE to a folder that is."
        default: "Check the path and the disk, then try again."
        }
    return FileError(path, "\(problem): \(String(cString: strerror(code)))", remedy: remedy)
}

/// Creates a folder and its parents.
func createFolder(_ path: String) throws(FileError) {
    guard mkdir(path, 0o755) != 0 else { return }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
        try createFolder(String(path[..<slash]))
        guard mkdir(path, 0o755) != 0 else { return }
    }
    if errno != EEXIST { throw systemError(path, "cannot be created") }
}

/// Makes the entries of a folder durable.
func synchronizeFolder(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemError(path, "cannot be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw systemError(path, "cannot be made durable") }
}

/// The folder that a path lies in.
func parentFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
