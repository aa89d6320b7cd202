/// What is wrong with a file (or other outside data), where, and what to do about it.
///
/// Everything that reads outside data throws this one type, so that a command prints every such failure alike.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, or a name for the data where there is no file.
    public var path: String
    /// Where in the file: a key, a tensor's name, `byte 123`; empty if the whole file is meant.
    public var place: String
    /// Everything found wrong at once, one sentence each; never empty. As found: ``description`` shows them legibly and within bounds.
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

    /// How many problems a message lists; of more, it says how many there are.
    public static let listedProblemCount = 20

    /// How many characters the listed problems have together, so that a message with long names stays below 2,000.
    private static let listedLength = 1300

    /// The problem, where it is, and what to do, in lines of their own. What a file says is shown on one line each and cut, so
    /// that no file fills the screen or steers the terminal.
    public var description: String {
        let place = place.legible()
        let head = path.legible(limit: 1000) + (place.isEmpty ? "" : ": \(place)")
        var listed: [String] = []
        var length = 0
        for problem in problems.prefix(Self.listedProblemCount) {
            let line = problem.legible(limit: 600)
            length += line.count
            guard listed.isEmpty || length <= Self.listedLength else { break }
            listed.append(line)
        }
        var body = problems.count == 1 ? " \(listed[0])" : listed.map { "\n  - \($0)" }.joined()
        if problems.count > listed.count { body += "\n  - and \(problems.count - listed.count) more" }
        return "\(head):\(body)\n\(remedy.legible(limit: 1000))"
    }
}
