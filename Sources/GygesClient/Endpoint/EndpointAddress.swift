import FoundationEssentials
public import GygesFiles

/// Where a model answers: `http://host:port/v1#model`, or the same with `https`.
public struct EndpointAddress: Sendable, Hashable, CustomStringConvertible {
    /// The API's address without a slash at its end, such as `http://127.0.0.1:8000/v1`.
    public let base: String
    /// The model's name there.
    public let model: String
    /// The host.
    public let host: String
    /// Whether calls are encrypted.
    public let isEncrypted: Bool

    /// Whether a model's name is meant as an address.
    public static func isAddress(_ reference: String) -> Bool {
        let lowered = reference.prefix(8).lowercased()
        return lowered.hasPrefix("http://") || lowered.hasPrefix("https://")
    }

    /// Reads an address.
    ///
    /// - Throws: ``FileError`` if there is no host or no model, or if it carries a name and a password, which would be
    ///   recorded.
    public init(_ reference: String) throws(FileError) {
        func refuse(_ problem: String) -> FileError {
            FileError(
                String(reference.prefix(200)), problem,
                remedy: "Write it as http://host:port/v1#model, with the name of the model as the endpoint knows it.")
        }
        guard reference.utf8.count <= 2048, let parts = URLComponents(string: reference),
            let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let host = parts.host?.lowercased(), !host.isEmpty
        else { throw refuse("is not an address of HTTP") }
        guard parts.user == nil, parts.password == nil else {
            throw FileError(
                "\(scheme)://…@\(host)", "carries a user name or a password, which would be recorded with the run",
                remedy:
                    "Put the key into an environment variable and name that variable (a study file: endpoint.keyVariable)."
            )
        }
        guard parts.query == nil else { throw refuse("has a query, which would be recorded with the run") }
        guard let model = parts.fragment, !model.isEmpty else { throw refuse("does not name a model after #") }
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        for end in ["/chat/completions", "/completions"] where path.hasSuffix(end) { path.removeLast(end.count) }
        base = "\(scheme)://\(host)" + (parts.port.map { ":\($0)" } ?? "") + path
        self.model = model
        self.host = host
        isEncrypted = scheme == "https"
    }

    /// The address with the model.
    public var description: String { "\(base)#\(model)" }

    /// Whether nobody outside this machine or its own network can listen: loopback and private addresses, and names
    /// without a dot.
    var isNearby: Bool {
        if isLoopback(host) || !host.contains(".") { return true }
        let numbers = host.split(separator: ".").compactMap { UInt8($0) }
        guard numbers.count == 4, host.split(separator: ".").count == 4 else {
            return host.hasSuffix(".local") || host.hasSuffix(".internal")
        }
        switch (numbers[0], numbers[1]) {
        case (127, _), (10, _), (192, 168), (172, 16...31): return true
        default: return false
        }
    }
}
