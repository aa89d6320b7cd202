/// What is wrong with a file (or other outside data), where, and what to do about it.
///
/// Everything that reads outside data throws this one type, so that a command prints every such failure alike.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, or a name for the data where there is no file.
    public var path: String
    /// Where in the file: a key, a tensor's name, `byte 123`; empty if the whole file is meant.
    public var place: String
    /// Everything found wrong at once, one sentence each; never empty.
    public var problems: [String]
    /// What the user can do.
    public var remedy: String

    /// Creates an error about one problem.
    public init(_ path: String, at place: String = "", _ problem: String, remedy: String) {
        self.init(path, at: place, problems: [problem], remedy: remedy)
    }

    /// Creates an error about several problems found together.
    public init(_ path: String, at place: String = "", problems: [String], remedy: String) {
        self.path = path
        self.place = place
        self.problems = problems
        self.remedy = remedy
    }

    /// The problem, where it is, and what to do, in lines of their own.
    public var description: String {
        let head = place.isEmpty ? path : "\(path): \(place)"
        let body = problems.count == 1 ? " \(problems[0])" : problems.map { "\n  - \($0)" }.joined()
        return "\(head):\(body)\n\(remedy)"
    }
}
