import FoundationEssentials

/// Whether there is a folder at `path`, links followed.
public func isFolder(_ path: String) -> Bool {
    var isFolder = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
}
