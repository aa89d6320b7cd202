import Synchronization

/// Which program wrote something: its version, and the commit of the sources that it was built from.
public struct ProgramIdentity: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The version, such as `0.1.0`.
    public var version: String
    /// The commit in hexadecimal, with a `+` where the sources had been changed since; empty where nobody knows.
    public var commit: String

    /// Names a program.
    public init(version: String, commit: String) {
        self.version = version
        self.commit = commit
    }

    /// The program that is running, which journals and exports name as the one that wrote them: a program says who it is at its start,
    /// before it writes anything.
    public static var current: ProgramIdentity {
        get { running.withLock { $0 } }
        set { running.withLock { $0 = newValue } }
    }

    private static let running = Mutex(ProgramIdentity(version: "unknown", commit: ""))

    /// The version and the commit, for readers.
    public var description: String { "version \(version), \(commit.isEmpty ? "unknown commit" : "commit \(commit)")" }
}
