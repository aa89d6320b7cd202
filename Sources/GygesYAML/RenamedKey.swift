/// A key that a file has under an older name, which goes on being read.
public struct RenamedKey: Sendable, Hashable, CustomStringConvertible {
    /// The file.
    public var file: String
    /// The dotted key of the value that it belongs to; empty for the outermost.
    public var place: String
    /// The name in the file.
    public var old: String
    /// The name now.
    public var current: String

    /// Both names, and where the older one stands.
    public var description: String {
        "\(file): “\(place.isEmpty ? old : "\(place).\(old)")” is now called “\(current)”"
    }

    /// Names a key.
    public init(file: String, place: String, old: String, current: String) {
        self.file = file
        self.place = place
        self.old = old
        self.current = current
    }
}
