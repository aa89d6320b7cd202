extension EndpointCaller {
    /// The key that an environment variable holds; `nil` if no variable is named.
    ///
    /// - Throws: ``EndpointError`` if the variable is not set, if its value cannot be sent, or if it would go over the network
    ///   unencrypted.
    public static func key(
        named variable: String?, for address: EndpointAddress, in environment: [String: String]
    ) throws(EndpointError) -> String? {
        guard let variable else { return nil }
        func refuse(_ problem: String, _ remedy: String) -> EndpointError {
            EndpointError(kind: .key, address: address.description, problem: problem, remedy: remedy)
        }
        guard let key = environment[variable], !key.isEmpty else {
            throw refuse(
                "the environment variable \(variable) that should hold its key is not set.",
                "Set it, or name no variable (a study file: endpoint.keyVariable) if there is no key.")
        }
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw refuse(
                "the key in \(variable) has characters that no header may have.", "Set it without spaces and line ends."
            )
        }
        guard address.isEncrypted || address.isNearby else {
            throw refuse("the key would go over the network unencrypted.", "Use https, or a tunnel to localhost.")
        }
        return key
    }
}
