#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Bytes that wait on the disk until they are needed, in a file without a name: nothing is left behind, whatever happens.
public final class Spool {
    private let descriptor: Int32
    private let folder: String
    private var pending: [UInt8] = []

    private static let partSize = 1 << 18

    /// Creates an empty spool on the file system of a folder.
    ///
    /// - Throws: ``FileError`` if nothing can be written there.
    public init(in folder: String) throws(FileError) {
        self.folder = folder
        let path = "\(folder)/.spool-\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 36))"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(folder) }
        unlink(path)
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    ///
    /// - Throws: ``FileError`` if the disk is full.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        pending += bytes
        if pending.count >= Self.partSize { try flush() }
    }

    /// Calls `body` with all bytes in order, part by part.
    ///
    /// - Throws: ``FileError`` if they cannot be read, and what `body` throws.
    public func read(_ body: ([UInt8]) throws -> Void) throws {
        try flush()
        var offset = 0
        while true {
            var count = 0
            let part = [UInt8](unsafeUninitializedCapacity: Self.partSize) { buffer, initialized in
                repeat {
                    count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
                } while count < 0 && errno == EINTR
                initialized = max(0, count)
            }
            guard count >= 0 else { throw Self.failure(folder) }
            if part.isEmpty { return }
            try body(part)
            offset += count
        }
    }

    private func flush() throws(FileError) {
        guard pending.withUnsafeBytes({ writeAll($0, to: descriptor) }) else { throw Self.failure(folder) }
        pending.removeAll(keepingCapacity: true)
    }

    private static func failure(_ folder: String) -> FileError {
        FileError(
            folder, "nothing can be kept there for the time being: \(String(cString: strerror(errno)))",
            remedy: "Check the folder, its permissions and free space.")
    }
}
