import Foundation
import GygesFiles

/// Reading what commands are given.
enum Input {
    /// The text of a file, of standard input for `-`, or of standard input where no file is named.
    ///
    /// - Parameter wanted: What is to be typed if standard input is a terminal: "the prompt".
    /// - Throws: ``FileError`` if it cannot be read or is not UTF-8.
    static func text(_ path: String?, wanted: String = "the text") throws(FileError) -> String {
        let name = path ?? "-"
        let data: Data?
        if name == "-" {
            explainTerminal(wanted: wanted)
            data = try? FileHandle.standardInput.readToEnd() ?? Data()
        } else {
            data = FileManager.default.contents(atPath: name)
        }
        guard let data else {
            throw FileError(
                name == "-" ? "standard input" : name, "cannot be read",
                remedy: "Check the path, or give the text on standard input with '-'.")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw FileError(
                name == "-" ? "standard input" : name, "is not UTF-8 text",
                remedy: "Convert it, for example with iconv.")
        }
        return text
    }

    /// The text of an argument: itself, or all of standard input for `-` or where there is none.
    static func text(ofArgument argument: String?, wanted: String) throws(FileError) -> String {
        guard let argument, argument != "-" else { return try text(nil, wanted: wanted) }
        return argument
    }

    /// The JSON document in a file, or on standard input for `-`.
    static func json(_ path: String, limits: JSON.Limits = .init()) throws(FileError) -> JSON {
        guard path == "-" else { return try JSON.read(path: path, limits: limits) }
        return try JSON(parsing: try text(path, wanted: "the JSON document"), path: "standard input", limits: limits)
    }

    /// Says what is waited for where standard input is a terminal, since a program that waits looks as if it hung.
    static func explainTerminal(wanted: String) {
        guard isatty(STDIN_FILENO) == 1 else { return }
        Terminal.writeError("Type \(wanted), then end it with Control-D on a line of its own (Control-C gives up).\n")
    }
}
