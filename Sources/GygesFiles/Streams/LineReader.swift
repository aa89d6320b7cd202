#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Reads a file or a pipe line by line, holding no more than a line and a part in memory.
public struct LineReader: ~Copyable {
    /// The longest line that is read: far beyond any text that a model reads, and little enough to hold.
    public static let lineLimit = 64 << 20

    /// What messages call the source.
    public let name: String
    /// The number of the line that ``next()`` gave last, from 1; 0 before the first.
    public private(set) var lineNumber = 0
    /// Whether the line that ``next()`` gave last had an end; only a last one need not.
    public private(set) var lineHadEnd = false
    /// The bytes of the source, if it is a regular file and they are known therefore.
    public let byteCount: Int?

    private let descriptor: Int32
    private let ownsDescriptor: Bool
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Where the rest that was not handed out begins.
    private var start = 0
    private var isAtEnd = false

    private static let partSize = 1 << 20

    /// Opens a file, or standard input for `-`.
    ///
    /// - Throws: ``FileError`` if it cannot be opened or is a folder.
    public init(path: String, lineLimit: Int = LineReader.lineLimit) throws(FileError) {
        guard path != "-" else {
            self.init(descriptor: STDIN_FILENO, owned: false, name: "standard input", byteCount: nil, limit: lineLimit)
            return
        }
        let opened = path.utf8.contains(0) ? -1 : open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else {
            throw FileError(
                path, "cannot be opened: \(String(cString: strerror(errno)))",
                remedy: "Check the path and its permissions.")
        }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            close(opened)
            throw FileError(path, "is a folder", remedy: "Give the path of a file.")
        }
        self.init(
            descriptor: opened, owned: true, name: path,
            byteCount: status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil, limit: lineLimit)
    }

    private init(descriptor: Int32, owned: Bool, name: String, byteCount: Int?, limit: Int) {
        self.descriptor = descriptor
        ownsDescriptor = owned
        self.name = name
        self.byteCount = byteCount
        self.limit = limit
    }

    deinit { if ownsDescriptor { close(descriptor) } }

    /// The next line without its end (`\n`); `nil` after the last. A last line needs no end.
    ///
    /// - Throws: ``FileError`` if reading fails or a line is longer than the limit, naming the line.
    public mutating func next() throws(FileError) -> [UInt8]? {
        var searched = start
        while true {
            if let end = lineEnd(from: searched) {
                defer { start = end + 1 }
                lineHadEnd = true
                return take(upTo: end)
            }
            guard buffer.count - start <= limit else {
                throw FileError(
                    name, at: "line \(lineNumber + 1)", "is longer than \(limit) bytes",
                    remedy: "Check that the file holds one record a line.")
            }
            searched = buffer.count - start
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                lineHadEnd = false
                return take(upTo: buffer.count)
            }
            buffer.removeFirst(start)
            start = 0
            try fill()
        }
    }

    /// All bytes that are left, ends of lines included.
    ///
    /// - Throws: ``FileError`` if reading fails or there are more than `limit`.
    public mutating func rest(limit: Int) throws(FileError) -> [UInt8] {
        while !isAtEnd {
            guard buffer.count - start <= limit else {
                throw FileError(name, "has more than \(limit) bytes", remedy: "Check that it is the right file.")
            }
            try fill()
        }
        defer { start = buffer.count }
        return Array(buffer[start...])
    }

    private borrowing func lineEnd(from place: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, place < bytes.count,
                let end = memchr(base + place, 0x0A, bytes.count - place)
            else { return nil }
            return UnsafeRawPointer(end) - base
        }
    }

    private mutating func take(upTo end: Int) -> [UInt8] {
        lineNumber += 1
        return Array(buffer[start..<end])
    }

    private mutating func fill() throws(FileError) {
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.partSize))
        while true {
            let count = buffer.withUnsafeMutableBytes { bytes in
                bytes.baseAddress.map { read(descriptor, $0 + old, Self.partSize) } ?? 0
            }
            let reason = errno
            if count < 0, reason == EINTR { continue }
            buffer.removeLast(Self.partSize - max(0, count))
            guard count >= 0 else {
                throw FileError(
                    name, "cannot be read: \(String(cString: strerror(reason)))", remedy: "Check the file and its disk."
                )
            }
            isAtEnd = count == 0
            return
        }
    }
}

extension LineReader {
    /// The JSON document of the next line that is not blank; `nil` after the last.
    ///
    /// - Throws: ``FileError`` naming the line that is no JSON.
    public mutating func nextJSON() throws(FileError) -> JSON? {
        while let line = try next() {
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
            return try JSON.parse(line, path: "\(name), line \(lineNumber)")
        }
        return nil
    }

    /// An error about the line that was read last.
    public borrowing func fault(_ problem: String, remedy: String) -> FileError {
        FileError(name, at: "line \(lineNumber)", problem, remedy: remedy)
    }
}
