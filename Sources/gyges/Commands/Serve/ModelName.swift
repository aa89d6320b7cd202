import ArgumentParser
import Foundation
import GygesFiles

/// What a command line calls a model or an adapter, and where that lies.
struct ModelName {
    /// The name that requests use.
    let name: String
    /// A file, a folder, or the name of a pulled model.
    let path: String

    /// A name and what it stands for; a path without a name is called by its last part.
    init(_ argument: String) throws {
        if let mark = argument.firstIndex(of: "="), !FileManager.default.fileExists(atPath: argument) {
            let (name, path) = (String(argument[..<mark]), String(argument[argument.index(after: mark)...]))
            guard !name.isEmpty, !path.isEmpty, name.allSatisfy({ !$0.isWhitespace && $0 != ":" }) else {
                throw ValidationError(
                    "'\(argument.legible(limit: 200))' is no NAME=PATH: names have neither spaces nor colons.")
            }
            (self.name, self.path) = (name, path)
            return
        }
        let last = argument.split(separator: "/").last.map(String.init) ?? argument
        (name, path) = (last.hasSuffix(".gguf") ? String(last.dropLast(5)) : last, argument)
    }
}
