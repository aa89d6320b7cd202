import ArgumentParser
import Foundation
import GygesCheckpoints
import GygesFiles

/// What a command line calls a model or an adapter, and where that lies.
struct ModelName {
    /// The name that requests use.
    let name: String
    /// A file, a folder, or the name of a pulled model.
    let path: String

    /// A name for a path.
    init(name: String, path: String) { (self.name, self.path) = (name, path) }

    /// Whether a text can be a model's name: what separates names from paths, adapters and checkpoints is not in it.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 200 && !text.contains { $0.isWhitespace || ":=@".contains($0) }
    }

    /// Whether a model's folder is that of an encoder; a file is never.
    static func isEncoder(_ path: String) -> Bool {
        isFolder(path) && ((try? ModelFolder(path: path).isTextModel()) ?? false)
    }

    /// A name and what it stands for; a path without a name is called by its last part.
    init(_ argument: String) throws {
        if let mark = argument.firstIndex(of: "="), !FileManager.default.fileExists(atPath: argument) {
            let (name, path) = (String(argument[..<mark]), String(argument[argument.index(after: mark)...]))
            guard Self.isName(name), !path.isEmpty else {
                throw ValidationError(
                    "'\(argument.legible(limit: 200))' is no NAME=PATH: names have neither spaces, colons nor @."
                )
            }
            (self.name, self.path) = (name, path)
            return
        }
        let last = argument.split(separator: "/").last.map(String.init) ?? argument
        (name, path) = (last.hasSuffix(".gguf") ? String(last.dropLast(5)) : last, argument)
    }
}
