#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A file mapped into memory for reading.
///
/// The bytes are valid while the object lives. A file that another program truncates meanwhile makes later reads fail
/// with a bus error, as any mapping does; the size is checked again after mapping to narrow that window.
public final class MappedFile: Sendable {
    /// The file.
    public let path: String
    // Read-only memory that only `deinit` unmaps.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer?
    private let byteCount: Int

    /// Maps a whole regular file.
    ///
    /// - Throws: ``FileError`` if it cannot be opened or is not a regular file.
    public init(path: String) throws(FileError) {
        func failure(_ action: String) -> FileError {
            FileError(
                path, "\(action): \(String(cString: strerror(errno)))", remedy: "Check the path and its permissions.")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path, "is not a regular file", remedy: "Give the path of a file.")
        }
        let count = Int(status.st_size)
        var mapped: UnsafeMutableRawPointer?
        if count > 0 {
            mapped = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
            guard mapped != MAP_FAILED else { throw failure("cannot be mapped") }
        }
        guard fstat(descriptor, &status) == 0, Int(status.st_size) == count else {
            if let mapped { munmap(mapped, count) }
            throw FileError(path, "changed while it was opened", remedy: "Wait until it is written, then try again.")
        }
        self.path = path
        base = mapped
        byteCount = count
    }

    deinit { if let base { munmap(base, byteCount) } }

    /// The contents.
    public var bytes: UnsafeRawBufferPointer { .init(start: base, count: byteCount) }

    /// Tells the system that pages of a range will not be read again soon, so that it may use their memory.
    public func release() { if let base { madvise(base, byteCount, MADV_DONTNEED) } }

    /// The whole contents of a small file.
    ///
    /// - Throws: ``FileError`` if the file cannot be read or is larger than `limit` bytes.
    public static func read(path: String, limit: Int = 256 << 20) throws(FileError) -> [UInt8] {
        let file = try MappedFile(path: path)
        guard file.bytes.count <= limit else {
            throw FileError(
                path, "has \(file.bytes.count) bytes; at most \(limit) are read",
                remedy: "Check that it is the right file.")
        }
        return Array(file.bytes)
    }
}
