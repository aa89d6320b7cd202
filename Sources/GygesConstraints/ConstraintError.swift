import GygesFiles

/// Why a constraint cannot be compiled: every problem, where it is, and what to do.
public struct ConstraintError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One thing that is wrong.
    public struct Problem: Sendable, Equatable {
        /// A JSON pointer into the schema (RFC 6901), as a fragment: `#/properties/age`; empty where there is no schema.
        public var pointer: String
        /// What is wrong, as a sentence without its full stop.
        public var message: String
        /// What to do.
        public var remedy: String

        /// Creates a problem.
        public init(_ pointer: String, _ message: String, remedy: String) {
            self.pointer = pointer
            self.message = message
            self.remedy = remedy
        }
    }

    /// Everything found wrong, at most ``problemLimit``; never empty.
    public var problems: [Problem]

    /// The most problems told at once.
    public static let problemLimit = 20

    /// Creates an error.
    public init(_ problems: [Problem]) { self.problems = problems }

    /// A line for each problem; what schemas say is cut and legible, as in ``FileError``.
    public var description: String {
        problems.map { problem in
            (problem.pointer.isEmpty ? "" : problem.pointer.legible() + ": ") + problem.message.legible(limit: 600)
                + ". "
                + problem.remedy
        }.joined(separator: "\n")
    }
}
