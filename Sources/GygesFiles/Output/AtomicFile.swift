#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writing files so that a reader, or a crash, sees the old contents or the new and never a part.
public enum AtomicFile {
    /// Where the new contents are appended while they are written.
    public struct Output: ~Copyable {
        fileprivate let descriptor: Int32
        fileprivate let path: String

        /// Appends bytes.
        ///
        /// - Throws: ``FileError`` if the disk is full or the write fails otherwise.
        public borrowing func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
            guard writeAll(bytes, to: descriptor) else { throw failure(path, "cannot be written") }
        }

        /// Appends bytes.
        public borrowing func append(_ bytes: [UInt8]) throws(FileError) {
            let descriptor = descriptor
            let isWritten = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
            guard isWritten else { throw failure(path, "cannot be written") }
        }
    }

    /// Contents on their way into a file, beside it until they are all there; for writers that cannot do with one closure.
    ///
    /// One that is given up leaves nothing behind.
    public final class Draft {
        fileprivate let output: Output
        private let temporary: String
        private var isClosed = false
        private var isDone = false

        /// Begins contents that will replace the file at `path`; a symbolic link there is replaced, not followed.
        ///
        /// - Throws: ``FileError`` if nothing can be written there.
        public init(replacing path: String) throws(FileError) {
            // Two writers of one path, in one process or several, must not write into the same temporary file.
            let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
            temporary = "\(path).\(getpid())-\(suffix).tmp"
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw failure(path, "cannot be written") }
            output = Output(descriptor: descriptor, path: path)
        }

        deinit {
            if !isClosed { close(output.descriptor) }
            if !isDone { unlink(temporary) }
        }

        /// Appends bytes.
        ///
        /// - Throws: ``FileError`` if the disk is full or the write fails otherwise.
        public func append(_ bytes: [UInt8]) throws(FileError) { try output.append(bytes) }

        /// Flushes to the disk, renames, flushes the folder.
        ///
        /// - Parameter survivesPowerLoss: see ``AtomicFile/write(to:survivesPowerLoss:_:)``.
        /// - Throws: ``FileError``; the file then has its old contents.
        public func commit(survivesPowerLoss: Bool = true) throws(FileError) {
            let path = output.path
            guard !survivesPowerLoss || fsync(output.descriptor) == 0 else { throw failure(path, "cannot be written") }
            isClosed = true
            guard close(output.descriptor) == 0 else { throw failure(path, "cannot be written") }
            guard rename(temporary, path) == 0 else { throw failure(path, "cannot be replaced") }
            isDone = true
            if survivesPowerLoss { try flushFolder(of: path) }
        }
    }

    /// Replaces the file at `path`: writes beside it, flushes to the disk, renames, flushes the folder.
    ///
    /// A symbolic link at `path` is replaced, not followed.
    /// - Parameter survivesPowerLoss: Whether to wait until the disk has everything. Without, a crash of the system may
    ///   leave a file with parts missing: for contents that are checked when read and can be made again.
    /// - Throws: ``FileError``, also the one that `body` throws; the file then has its old contents.
    public static func write(
        to path: String, survivesPowerLoss: Bool = true, _ body: (borrowing Output) throws(FileError) -> Void
    ) throws(FileError) {
        let draft = try Draft(replacing: path)
        try body(draft.output)
        try draft.commit(survivesPowerLoss: survivesPowerLoss)
    }

    /// Replaces the file at `path` with bytes; see ``write(to:_:)``.
    public static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(FileError) {
        let contents = Array(bytes)
        try write(to: path) { output throws(FileError) in try output.append(contents) }
    }

    /// Replaces the file at `path` with UTF-8 text; see ``write(to:_:)``.
    public static func write(_ text: String, to path: String) throws(FileError) { try write(text.utf8, to: path) }

    /// Makes the renaming itself survive a crash.
    static func flushFolder(of path: String) throws(FileError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }  // A folder that may be written but not read cannot be flushed.
        defer { close(descriptor) }
        // Some file systems cannot flush folders and say so with EINVAL.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(path, "may not survive a crash") }
    }
}

/// The error that the last system call left behind.
private func failure(_ path: String, _ action: String) -> FileError {
    FileError(
        path, "\(action): \(String(cString: strerror(errno)))",
        remedy: "Check the folder, its permissions and free space.")
}
