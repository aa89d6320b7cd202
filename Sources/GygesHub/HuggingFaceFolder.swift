internal import Foundation
internal import GygesFiles

/// Where the files of a pulled repository lie, and which of its commits are complete.
struct HuggingFaceFolder {
    let cache: CacheFolder
    let reference: HuggingFaceReference

    /// The folder of a commit.
    func path(commit: String) -> String { "\(cache.folder(of: reference))/commits/\(commit)" }

    /// Keeps the commit that the revision named; for a whole repository only, because a single file says where it is.
    private func revisionPath(for scope: String) -> String {
        let revision = reference.revision.replacingOccurrences(of: "/", with: "%2F")
        return "\(cache.folder(of: reference))/revisions/\(revision).\(scope)"
    }

    /// Remembers that `files` of `commit` are in place, so that the model can be found without the network.
    func record(commit: String, files: [String]) throws(FileError) {
        // A repository with a single file of weights is that file, or the first of its parts; a folder is written as an empty
        // name.
        let isFile = files.count == 1 || files.allSatisfy { SplitFileName($0) != nil }
        let file = isFile ? files.first ?? "" : ""
        let scope = reference.file.map { $0.replacingOccurrences(of: "/", with: "%2F") } ?? "all"
        let path = revisionPath(for: scope)
        try createFolder(parentFolder(of: path))
        do {
            try Data("\(commit)/\(file)".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw FileError(path, "cannot be written: \(error)", remedy: "Check the cache folder, then pull again.")
        }
    }

    /// The pulled file or folder; `nil` if nothing was pulled under this reference.
    func location() -> String? {
        let scope = reference.file.map { $0.replacingOccurrences(of: "/", with: "%2F") } ?? "all"
        guard let text = try? String(contentsOfFile: revisionPath(for: scope), encoding: .utf8),
            let slash = text.firstIndex(of: "/")
        else { return nil }
        let file = text[text.index(after: slash)...]
        let folder = path(commit: String(text[..<slash]))
        let location = file.isEmpty ? folder : "\(folder)/\(file)"
        return FileManager.default.fileExists(atPath: location) ? location : nil
    }
}
