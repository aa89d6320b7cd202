import Foundation

/// A folder of a test's own that is gone, with all that is in it, when the object is.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Makes a folder.
    ///
    /// - Parameter source: The folder whose files it gets; `nil` for an empty one.
    public init(copying source: String? = nil) throws {
        path = FileManager.default.temporaryDirectory.path + "/gyges-tests-" + UUID().uuidString
        if let source {
            try FileManager.default.copyItem(atPath: source, toPath: path)
        } else {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path; folders on the way to it are made.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String, isExecutable: Bool = false) throws -> String {
        let file = path + "/" + name
        if name.contains("/") {
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        if isExecutable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file) }
        return file
    }

    /// Writes a text's UTF-8 to a file and returns its path.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }
}

/// Calls `body` with the path of a new folder, which is gone afterwards.
public func withTemporaryFolder<Result>(
    copying source: String? = nil, _ body: (String) async throws -> Result
) async throws -> Result {
    let folder = try TemporaryFolder(copying: source)
    defer { withExtendedLifetime(folder) {} }
    return try await body(folder.path)
}

/// The same without waiting.
public func withTemporaryFolder<Result>(
    copying source: String? = nil, _ body: (String) throws -> Result
) throws -> Result {
    let folder = try TemporaryFolder(copying: source)
    defer { withExtendedLifetime(folder) {} }
    return try body(folder.path)
}
