/// Why an endpoint cannot be asked at all, or not what is asked of it; other requests will fare no better.
public struct EndpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of obstacle it is.
    public enum Kind: Sendable, Equatable {
        /// A key is missing or not accepted.
        case key
        /// There is no such model, or no such API.
        case missing
        /// It does not answer, or only with failures.
        case unavailable
        /// It refuses one request after another.
        case refusal
        /// It cannot do what a request demands.
        case unsupported
    }

    /// What kind of obstacle it is.
    public var kind: Kind
    /// The endpoint, without its key.
    public var address: String
    /// What is wrong.
    public var problem: String
    /// What can be done.
    public var remedy: String

    /// Creates an error.
    public init(kind: Kind, address: String, problem: String, remedy: String) {
        self.kind = kind
        self.address = address
        self.problem = problem
        self.remedy = remedy
    }

    /// The problem and what to do.
    public var description: String { "\(address): \(problem)\n\(remedy)" }
}
