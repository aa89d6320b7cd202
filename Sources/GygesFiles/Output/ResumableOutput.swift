#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A file of rows that a long computation appends to and, if it is killed, goes on with as if nothing had happened.
///
/// Beside the file lies a record, `FILE.progress`: first what the rows are made by and of, then, for every checkpoint, how many rows
/// and bytes the disk has. Going on cuts the file to the last checkpoint, so that half a row never stays and no row is there twice.
public final class ResumableOutput {
    /// How far the work is.
    public struct Checkpoint: Sendable, Equatable {
        /// The rows that are done.
        public var rowCount = 0
        /// The bytes they take, with what stands before them.
        public var byteCount = 0
        /// The digest of the input that they were made of.
        public var inputDigest = ""
    }

    /// What becomes of a file that is there.
    public enum Start: Sendable {
        /// It is refused.
        case new
        /// It is begun anew.
        case overwrite
        /// It is gone on with; without a file this is a new one.
        case resume
    }

    /// The file.
    public let path: String
    /// Where the record lies.
    public var recordPath: String { path + ".progress" }
    /// The last checkpoint.
    public private(set) var checkpoint = Checkpoint()

    private let descriptor: Int32
    private let lock: FileLock
    private var record: Int32 = -1
    /// The bytes written so far.
    private var byteCount = 0

    /// Opens the file, and locks it until the object is gone.
    ///
    /// - Parameter identity: All that decides the rows, apart from the input: the model, the options, the form.
    /// - Throws: ``FileError`` if the file is there and must not be, another process writes it, it was made by something else, it is
    ///   shorter than its record says, or cannot be written.
    public init(path: String, identity: JSONObject, start: Start) throws(FileError) {
        self.path = path
        descriptor = path.utf8.contains(0) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        func failure() -> FileError {
            FileError(
                path, "cannot be written: \(String(cString: strerror(errno)))",
                remedy: "Check the folder, its permissions and free space.")
        }
        guard descriptor >= 0 else { throw failure() }
        do throws(FileLock.Failure) {
            // The rows themselves are what is locked, so that nothing more lies beside them.
            lock = try FileLock(path: path, notesOwner: false)
        } catch {
            let error =
                error == .taken(owner: "another process")
                ? FileError(path, "is being written by another process", remedy: "Wait for it, or choose another file.")
                : failure()
            close(descriptor)
            throw error
        }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        // A file without a byte holds nothing that could be lost: a kill may have come before its record.
        let isThere = size > 0 || access(recordPath, F_OK) == 0
        switch start {
        case .new where isThere:
            throw FileError(
                path, "is there already",
                remedy: "Give --resume to go on with it, --overwrite to begin anew, or another file.")
        case .resume where isThere: try resume(identity, size: size)
        default: try begin(identity)
        }
    }

    deinit {
        if record >= 0 { close(record) }
        close(descriptor)
    }

    /// Appends bytes, which count from the next checkpoint on.
    ///
    /// - Throws: ``FileError`` if the disk is full or the write fails otherwise.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        try write(bytes, to: descriptor)
        byteCount += bytes.count
    }

    /// Replaces bytes at the beginning of the file, such as a heading that says how many rows there are.
    ///
    /// - Precondition: They are there.
    public func replaceBeginning(_ bytes: [UInt8]) throws(FileError) {
        guard bytes.withUnsafeBytes({ writeAll($0, to: descriptor, at: 0) }) else { throw failure("cannot be written") }
    }

    /// Makes all that was appended count: waits for the disk, then notes it.
    ///
    /// - Throws: ``FileError`` if the disk refuses.
    public func commit(rowCount: Int, inputDigest: String) throws(FileError) {
        guard fdatasync(descriptor) == 0 else { throw failure("cannot be written") }
        checkpoint = Checkpoint(rowCount: rowCount, byteCount: byteCount, inputDigest: inputDigest)
        try note([
            "rows": .integer(rowCount), "bytes": .integer(byteCount), "input_digest": .string(inputDigest),
        ])
    }

    private func begin(_ identity: JSONObject) throws(FileError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw failure("cannot be written")
        }
        record = open(recordPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard record >= 0 else { throw failure("cannot have a record beside it") }
        try note(["version": .integer(Self.version), "made_by": .object(identity)])
    }

    private func resume(_ identity: JSONObject, size: Int) throws(FileError) {
        let bytes = try MappedFile.read(path: recordPath)
        // What follows the last end of a line was being written when the process ended.
        let whole = bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        var lines = bytes[..<whole].split(separator: 0x0A).makeIterator()
        if let head = lines.next() {
            try check(try JSON.parse(Array(head), path: recordPath), identity)
            var last: [UInt8]?
            while let line = lines.next() { last = Array(line) }
            if let last { checkpoint = try checkpoint(JSON.parse(last, path: recordPath)) }
        } else if size > 0 {
            throw unknown("has no record of what it was made by")
        } else {
            return try begin(identity)
        }
        guard size >= checkpoint.byteCount else {
            throw FileError(
                path, "has \(size) bytes where its record says \(checkpoint.byteCount)",
                remedy: "Something else changed the file: begin anew with --overwrite.")
        }
        byteCount = checkpoint.byteCount
        record = open(recordPath, O_WRONLY | O_CLOEXEC)
        guard record >= 0, ftruncate(record, off_t(whole)) == 0, lseek(record, 0, SEEK_END) >= 0,
            ftruncate(descriptor, off_t(byteCount)) == 0, lseek(descriptor, 0, SEEK_END) == off_t(byteCount)
        else { throw failure("cannot be written") }
    }

    private func check(_ head: JSON, _ identity: JSONObject) throws(FileError) {
        guard head["version"]?.integer == Self.version, let made = head["made_by"]?.object else {
            throw unknown("has a record that this version does not know")
        }
        var names: [String] = identity.keys
        names += made.keys.filter { !identity.contains($0) }
        let problems = names.filter { identity[$0] != made[$0] }.map { name in
            let (before, now) = (made[name]?.serialized() ?? "none", identity[name]?.serialized() ?? "none")
            return "differs in \(name): \(before) then, \(now) now"
        }
        guard problems.isEmpty else {
            throw FileError(
                path, problems: problems, remedy: "Go on with what it was made with, or begin anew with --overwrite.")
        }
    }

    private func checkpoint(_ line: JSON) throws(FileError) -> Checkpoint {
        guard let rows = line["rows"]?.integer, let bytes = line["bytes"]?.integer, rows >= 0, bytes >= 0,
            let digest = line["input_digest"]?.string
        else { throw unknown("has a damaged record") }
        return Checkpoint(rowCount: rows, byteCount: bytes, inputDigest: digest)
    }

    private func note(_ line: JSONObject) throws(FileError) {
        try write(Array((JSON.object(line).serialized() + "\n").utf8), to: record)
    }

    private func note(_ members: KeyValuePairs<String, JSON>) throws(FileError) {
        try note(JSONObject(members.map { ($0.key, $0.value) }))
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(FileError) {
        guard bytes.withUnsafeBytes({ writeAll($0, to: descriptor) }) else { throw failure("cannot be written") }
    }

    private func failure(_ action: String) -> FileError {
        FileError(
            path, "\(action): \(String(cString: strerror(errno)))",
            remedy: "Check the folder, its permissions and free space.")
    }

    private func unknown(_ problem: String) -> FileError {
        FileError(
            path, problem, remedy: "It cannot be gone on with: begin anew with --overwrite, or choose another file.")
    }

    private static let version = 1
}
