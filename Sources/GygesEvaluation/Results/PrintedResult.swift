import Foundation

/// A result that `--json` prints and other commands read back.
public protocol PrintedResult: Codable {}

extension PrintedResult {
    /// The result as JSON with sorted names.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
