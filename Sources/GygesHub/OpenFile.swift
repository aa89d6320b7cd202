internal import Glibc
internal import GygesFiles

/// An open file that closes itself.
struct OpenFile: ~Copyable {
    let descriptor: Int32

    /// Opens `path`, by default for reading and writing, creating it if it is missing.
    ///
    /// No child process inherits it: one that outlives this process would otherwise go on holding a lock.
    init(_ path: String, flags: Int32 = O_RDWR | O_CREAT) throws(FileError) {
        let descriptor = open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw systemError(path, "cannot be opened") }
        self.descriptor = descriptor
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
    let folder = try OpenFile(path, flags: O_RDONLY | O_DIRECTORY)
    guard fsync(folder.descriptor) == 0 else { throw systemError(path, "cannot be made durable") }
}

/// The folder that a path lies in.
func parentFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
