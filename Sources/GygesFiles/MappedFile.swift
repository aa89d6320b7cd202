#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A file mapped into memory for reading.
///
/// A file that another program truncates meanwhile makes later reads fail with a bus error, as any mapping does; the
/// size is checked again after mapping to narrow that window.
public final class MappedFile: Sendable {
    /// What a program is about to do with a part of a file.
    public enum Advice: Sendable {
        /// Read once from front to back, so that the system reads ahead.
        case sequential
        /// Read soon, so that the system begins to load it.
        case willNeed
        /// Not read again soon, so that the system may use the memory; reading it still works.
        case dontNeed
        /// Streamed through again and again, so that the system maps large pages where it has them.
        case largePages
    }

    /// The file.
    public let path: String
    /// When the file was last changed before it was opened, in nanoseconds since 1970.
    public let modificationTime: Int
    // Read-only memory that only `deinit` unmaps.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer?
    private let byteCount: Int

    /// Maps a whole regular file, following symbolic links.
    ///
    /// - Throws: ``FileError`` if it cannot be opened, is not a regular file or changes its size meanwhile.
    public init(path: String) throws(FileError) {
        func failure(_ action: String) -> FileError {
            FileError(
                path, "\(action): \(String(cString: strerror(errno)))", remedy: "Check the path and its permissions.")
        }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw FileError(path, "is not a path", remedy: "Give the path of a file.")
        }
        // Without O_NONBLOCK, a pipe would block here for ever before it could be refused.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
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
        modificationTime = Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec)
        base = mapped
        byteCount = count
    }

    deinit { if let base { munmap(base, byteCount) } }

    /// The contents, valid only while the object lives.
    ///
    /// Swift may free an object after its last use, which this pointer does not count as; ``withBytes(_:)`` keeps it
    /// alive.
    public var bytes: UnsafeRawBufferPointer { .init(start: base, count: byteCount) }

    /// Calls `body` with the contents and keeps the file mapped until it returns.
    public func withBytes<Value: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }

    /// Tells the system how a part of the file, or all of it, will be used; a hint that may do nothing.
    ///
    /// - Parameter range: Bytes of the file; what lies outside is ignored.
    public func advise(_ advice: Advice, range: Range<Int>? = nil) {
        guard let base else { return }
        let range = (range ?? 0..<byteCount).clamped(to: 0..<byteCount)
        let pageSize = max(1, Int(sysconf(Int32(_SC_PAGESIZE))))
        let start = range.lowerBound / pageSize * pageSize
        let kind =
            switch advice {
            case .sequential: MADV_SEQUENTIAL
            case .willNeed: MADV_WILLNEED
            case .dontNeed: MADV_DONTNEED
            case .largePages: MADV_HUGEPAGE
            }
        _ = madvise(base + start, range.upperBound - start, Int32(kind))
    }

    /// Tells the system how `part` of ``bytes`` will be used.
    public func advise(_ advice: Advice, part: UnsafeRawBufferPointer) {
        guard let base, let start = part.baseAddress, !part.isEmpty else { return }
        let offset = start - UnsafeRawPointer(base)
        advise(advice, range: offset..<offset + part.count)
    }

    /// The whole contents of a small file, or of standard input for `-`.
    ///
    /// - Throws: ``FileError`` if the file cannot be read or is larger than `limit` bytes.
    public static func read(path: String, limit: Int = 256 << 20) throws(FileError) -> [UInt8] {
        guard path != "-" else {
            var lines = try LineReader(path: path, lineLimit: limit)
            return try lines.rest(limit: limit)
        }
        return try MappedFile(path: path).withBytes { bytes throws(FileError) in
            guard bytes.count <= limit else {
                throw FileError(
                    path, "has \(bytes.count) bytes; at most \(limit) are read",
                    remedy: "Check that it is the right file.")
            }
            return Array(bytes)
        }
    }
}
