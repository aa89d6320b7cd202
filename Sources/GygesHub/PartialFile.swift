internal import Foundation
internal import Glibc
internal import GygesFiles

/// A file that is put together from parts and survives being interrupted after any of them.
///
/// `data` grows; `parts` is a ledger with one line for each part that is durable, with its SHA-256. Opening it again
/// reads the data once, keeps the parts that are as the ledger says, and cuts the rest off, so that a damaged part is
/// fetched again and not built upon.
struct PartialFile: ~Copyable {
    /// A part of the file as the ledger records it.
    private struct Part: Codable {
        var byteCount: Int
        var sha256: String
    }

    /// The folder that holds the data and the ledger.
    let folder: String
    /// The number of durable parts.
    private(set) var partCount = 0
    /// The bytes of the durable parts.
    private(set) var byteCount = 0

    /// The size that the whole file must have, in bytes.
    let expectedByteCount: Int
    private let expectedDigest: ContentDigest
    private let lock: FileLock
    private let data: OpenFile
    private let ledger: OpenFile
    /// Over the durable parts.
    private var fileHasher: ContentHasher
    /// Over the durable parts and the one being written.
    private var growingHasher: ContentHasher
    private var partHasher = RunningDigest()
    private var partByteCount = 0

    private var dataPath: String { folder + "/data" }

    /// Opens or creates the partial file of a digest.
    ///
    /// - Throws: ``FileError`` if another process is at it or the folder cannot be written.
    /// - Complexity: Reads what was downloaded before.
    static func open(
        in folder: String, expecting digest: ContentDigest, byteCount: Int
    ) throws(FileError) -> PartialFile {
        try createFolder(folder)
        let lock: FileLock
        do throws(FileLock.Failure) {
            lock = try FileLock(path: folder + "/lock")
        } catch {
            switch error {
            case .system(let code): throw systemError(folder + "/lock", "cannot be locked", code: code)
            case .taken:
                throw FileError(
                    folder, "is in use by another process that is downloading the same file",
                    remedy: "Wait for it to finish, or end it; what it has downloaded is kept.")
            }
        }
        let data = try OpenFile(folder + "/data")
        let ledger = try OpenFile(folder + "/parts")
        var file = PartialFile(
            folder: folder, digest: digest, byteCount: byteCount, lock: lock, data: data, ledger: ledger)
        try file.resume()
        return file
    }

    private init(
        folder: String, digest: ContentDigest, byteCount: Int, lock: FileLock, data: consuming OpenFile,
        ledger: consuming OpenFile
    ) {
        self.folder = folder
        self.lock = lock
        self.data = data
        self.ledger = ledger
        expectedByteCount = byteCount
        expectedDigest = digest
        fileHasher = ContentHasher(for: digest, byteCount: byteCount)
        growingHasher = fileHasher
    }

    /// Keeps the leading parts whose bytes are what the ledger says.
    private mutating func resume() throws(FileError) {
        let text = (try? String(contentsOfFile: folder + "/parts", encoding: .utf8)) ?? ""
        var ledgerByteCount = 0
        // A line without its newline was cut off while it was written.
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            guard let part = try? JSONDecoder().decode(Part.self, from: Data(line.utf8)), part.byteCount >= 0,
                part.byteCount <= expectedByteCount - byteCount
            else { break }
            var hashers = (file: fileHasher, part: RunningDigest())
            guard try read(part.byteCount, from: byteCount, into: &hashers) else { break }
            guard hashers.part.value == part.sha256 else { break }
            fileHasher = hashers.file
            byteCount += part.byteCount
            partCount += 1
            ledgerByteCount += line.utf8.count + 1
        }
        guard ftruncate(ledger.descriptor, ledgerByteCount) == 0, lseek(ledger.descriptor, 0, SEEK_END) >= 0 else {
            throw systemError(folder, "cannot be written")
        }
        try discardPart()
    }

    /// Hashes `count` bytes of the data; `false` if there are fewer.
    private func read(
        _ count: Int, from start: Int, into hashers: inout (file: ContentHasher, part: RunningDigest)
    ) throws(FileError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var position = start
        while position < start + count {
            let got = pread(data.descriptor, buffer.baseAddress, min(buffer.count, start + count - position), position)
            guard got >= 0 else { throw systemError(dataPath, "cannot be read") }
            guard got > 0 else { return false }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<got])
            hashers.file.update(bytes)
            hashers.part.update(bytes)
            position += got
        }
        return true
    }

    /// Appends bytes to the part that is being written.
    ///
    /// - Throws: ``FileError`` if the file would grow beyond its size, or the disk is full.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        guard bytes.count <= expectedByteCount - byteCount - partByteCount else {
            throw FileError(
                dataPath, "is longer than the \(expectedByteCount) bytes announced",
                remedy: "The source has changed; try a newer version of Gyges, or report it.")
        }
        var written = 0
        while written < bytes.count {
            let position = byteCount + partByteCount + written
            let count = pwrite(data.descriptor, bytes.baseAddress! + written, bytes.count - written, position)
            guard count > 0 else { throw systemError(dataPath, "cannot be written") }
            written += count
        }
        growingHasher.update(bytes)
        partHasher.update(bytes)
        partByteCount += bytes.count
    }

    /// Makes the part that was appended durable: first the data, then the line that vouches for it.
    mutating func commitPart() throws(FileError) {
        guard fsync(data.descriptor) == 0 else { throw systemError(dataPath, "cannot be made durable") }
        let sha256 = partHasher.value
        let line = Array("{\"byteCount\":\(partByteCount),\"sha256\":\"\(sha256)\"}\n".utf8)
        guard line.withUnsafeBytes({ write(ledger.descriptor, $0.baseAddress, $0.count) }) == line.count,
            fsync(ledger.descriptor) == 0
        else {
            throw systemError(folder + "/parts", "cannot be written")
        }
        fileHasher = growingHasher
        byteCount += partByteCount
        partCount += 1
        partHasher = RunningDigest()
        partByteCount = 0
    }

    /// Gives up the part that is being written.
    mutating func discardPart() throws(FileError) {
        guard ftruncate(data.descriptor, byteCount) == 0 else { throw systemError(dataPath, "cannot be cut") }
        growingHasher = fileHasher
        partHasher = RunningDigest()
        partByteCount = 0
    }

    /// Checks the whole file and moves it to its place at once; `source` names where it came from, for the message.
    ///
    /// - Throws: ``FileError`` if size or digest are not the expected ones. A file with a wrong digest is removed,
    ///   because no further download could mend it.
    consuming func finish(as path: String, from source: String) throws(FileError) {
        guard byteCount == expectedByteCount, fileHasher.digest == expectedDigest else {
            var problems: [String] = []
            if byteCount != expectedByteCount {
                problems.append("has \(byteCount) bytes instead of \(expectedByteCount)")
            }
            if fileHasher.digest != expectedDigest {
                problems.append(
                    "has the digest \(fileHasher.digest.hexadecimal) instead of \(expectedDigest.hexadecimal)")
            }
            try? FileManager.default.removeItem(atPath: folder)
            throw FileError(
                source, problems: problems,
                remedy: "What was downloaded has been deleted. Pull again; if it happens again, the source has changed."
            )
        }
        try createFolder(parentFolder(of: path))
        guard rename(dataPath, path) == 0 else { throw systemError(path, "cannot be moved into place") }
        try synchronizeFolder(parentFolder(of: path))
        try? FileManager.default.removeItem(atPath: folder)
    }
}
