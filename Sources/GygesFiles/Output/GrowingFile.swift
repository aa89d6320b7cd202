#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A file that grows by whole records: logs, journals of lines.
///
/// What was appended is the system's when the call returns, so that it survives the end of the process, however it ends; whether it
/// survives the end of the machine is for each record to say. A crash may leave a part of the last record: readers skip one that is not
/// whole, and whoever opens the file again says how much of it to keep.
public final class GrowingFile {
    /// The file.
    public let path: String
    /// The bytes of all records so far.
    public private(set) var byteCount: Int
    private let descriptor: Int32
    /// Whether the folder may not know the file yet.
    private var isNew: Bool

    /// Opens a file, which is made if it is not there, and keeps the first `byteCount` bytes of it.
    ///
    /// - Parameter byteCount: 0 for a file that begins anew.
    /// - Throws: ``FileError`` if it is shorter than that, or cannot be written.
    public init(path: String, keeping byteCount: Int = 0) throws(FileError) {
        self.path = path
        self.byteCount = byteCount
        isNew = access(path, F_OK) != 0
        descriptor = path.utf8.contains(0) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("cannot be written") }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        // A device, such as /dev/null, has no length.
        guard size >= byteCount else {
            throw FileError(
                path, "has \(size) bytes where \(byteCount) were read", remedy: "Something else changes it: stop that.")
        }
        guard size == byteCount || ftruncate(descriptor, off_t(byteCount)) == 0 else {
            throw failure("cannot be shortened")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends a record.
    ///
    /// - Parameter survivesPowerLoss: Whether to wait until the disk has it, and all before it.
    /// - Throws: ``FileError`` if the disk is full or the write fails otherwise. Nothing of the record is there then, and others may be
    ///   appended later.
    public func append(_ bytes: [UInt8], survivesPowerLoss: Bool = false) throws(FileError) {
        let place = byteCount
        guard bytes.withUnsafeBytes({ writeAll($0, to: descriptor, at: place) }) else {
            let error = failure("cannot be written")
            _ = ftruncate(descriptor, off_t(byteCount))
            throw error
        }
        byteCount += bytes.count
        if survivesPowerLoss { try flush() }
    }

    /// Waits until the disk has all records.
    ///
    /// - Throws: ``FileError`` if it refuses.
    public func flush() throws(FileError) {
        // Pipes and devices cannot be flushed and say so with EINVAL.
        guard fdatasync(descriptor) == 0 || errno == EINVAL else { throw failure("cannot be written") }
        if isNew { try AtomicFile.flushFolder(of: path) }
        isNew = false
    }

    private func failure(_ action: String) -> FileError {
        FileError(
            path, "\(action): \(String(cString: strerror(errno)))",
            remedy: "Check the folder, its permissions and free space.")
    }
}
