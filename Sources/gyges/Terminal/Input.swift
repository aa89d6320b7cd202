import Foundation
import GygesFiles

/// Reading what commands are given.
enum Input {
    /// The text of a file, of standard input for `-`, or of standard input where no file is named.
    static func text(_ path: String?) throws(FileError) -> String {
        let name = path ?? "-"
        let data: Data?
        if name == "-" {
            data = try? FileHandle.standardInput.readToEnd() ?? Data()
        } else {
            data = FileManager.default.contents(atPath: name)
        }
        guard let data else {
            throw FileError(
                name, "cannot be read", remedy: "Check the path, or give the text on standard input with '-'.")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw FileError(name, "is not UTF-8 text", remedy: "Convert it, for example with iconv.")
        }
        return text
    }

    /// The documents of a JSON Lines file, each with its line's number; empty lines are skipped.
    static func jsonLines(_ path: String?) throws(FileError) -> [(line: Int, json: JSON)] {
        let name = path ?? "-"
        var documents: [(line: Int, json: JSON)] = []
        // By bytes, since the ends of lines inside of strings are escaped.
        for (index, line) in try text(path).utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
            documents.append((index + 1, try JSON.parse(Array(line), path: "\(name), line \(index + 1)")))
        }
        return documents
    }
}

/// Writes to standard output at once, without waiting for the end of a line.
func printNow(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
}

/// Writes data to standard output, of which none may be lost.
///
/// - Throws: ``FileError`` if it cannot be written, as on a full disk.
func writeOutput(_ bytes: [UInt8]) throws(FileError) {
    do { try FileHandle.standardOutput.write(contentsOf: Data(bytes)) } catch {
        throw FileError(
            "standard output", "cannot be written: \(error.localizedDescription)", remedy: "Check the free space.")
    }
}

extension Input {
    /// Calls `body` with the number and the bytes of every line that is not empty of a file, or of standard input for `-`, without
    /// holding more than a line and a block.
    ///
    /// - Throws: ``FileError`` if the file cannot be read or a line has more than `limit` bytes; what `body` throws.
    static func forEachLine(_ path: String, limit: Int = 1 << 26, _ body: (Int, [UInt8]) throws -> Void) throws {
        var reader = try LineReader(path: path, lineLimit: limit)
        while let line = try reader.next() {
            let line = line.last == 0x0D ? Array(line.dropLast()) : line
            if line.contains(where: { $0 != 0x20 && $0 != 0x09 }) { try body(reader.lineNumber, line) }
        }
    }
}
