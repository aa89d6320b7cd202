#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writing files so that a reader, or a crash, sees the old contents or the new and never a part.
public enum AtomicFile {
    /// Replaces the file at `path`: writes beside it, flushes to the disk, renames, flushes the folder.
    ///
    /// - Throws: ``FileError``; the file then has its old contents.
    public static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(FileError) {
        func failure(_ action: String) -> FileError {
            FileError(
                path, "\(action): \(String(cString: strerror(errno)))",
                remedy: "Check the folder, its permissions and free space.")
        }
        let temporary = path + ".\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("cannot be written") }
        let contents = Array(bytes)
        var written = 0
        while written < contents.count {
            let count = contents[written...].withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                let error = failure("cannot be written")
                close(descriptor)
                unlink(temporary)
                throw error
            }
            written += count
        }
        guard fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, path) == 0 else {
            let error = failure("cannot be replaced")
            unlink(temporary)
            throw error
        }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            fsync(folderDescriptor)
            close(folderDescriptor)
        }
    }

    /// Replaces the file at `path` with UTF-8 text; see ``write(_:to:)-(Sequence<UInt8>,_)``.
    public static func write(_ text: String, to path: String) throws(FileError) { try write(text.utf8, to: path) }
}

/// The system's `write`, which a method of the same name would hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
