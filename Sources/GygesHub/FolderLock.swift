internal import Glibc
internal import GygesFiles

/// Keeps a second process out of a folder; the system releases it when the process ends, however it ends.
struct FolderLock: ~Copyable {
    private let file: OpenFile

    /// Takes the lock of `folder`, which must exist.
    ///
    /// - Throws: ``FileError`` if another process holds it.
    init(_ folder: String) throws(FileError) {
        let file = try OpenFile(folder + "/lock")
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw FileError(
                folder, "is in use by another process that is downloading the same file",
                remedy: "Wait for it to finish, or end it; what it has downloaded is kept.")
        }
        self.file = file
    }

    // Closing alone is not enough: a child process between fork and exec still has the open file, and with it the lock.
    deinit { flock(file.descriptor, LOCK_UN) }
}
