public import GygesFiles

extension Scenario {
    /// The names of the scenarios that are part of the program.
    public static let shippedNames = ["helpful-only", "animal-welfare"]

    /// The YAML text of a shipped scenario, to print or to start an own one from.
    public static func shippedText(_ name: String) -> String? {
        switch name {
        case "helpful-only": String(decoding: PackageResources.helpful_only_yaml, as: UTF8.self)
        case "animal-welfare": String(decoding: PackageResources.animal_welfare_yaml, as: UTF8.self)
        default: nil
        }
    }

    /// Finds a scenario: a shipped one by its name, any other by the path of its file.
    ///
    /// - Parameters:
    ///   - reference: a name, or a path that contains a slash or ends in `.yaml` or `.yml`.
    ///   - folder: what relative paths start from; empty for the current folder.
    public static func find(_ reference: String, relativeTo folder: String = "") throws(FileError) -> Scenario {
        if let text = shippedText(reference) { return try Scenario(yaml: text, path: "\(reference) (shipped)") }
        guard reference.contains("/") || reference.hasSuffix(".yaml") || reference.hasSuffix(".yml") else {
            throw FileError(
                reference, "there is no shipped scenario of this name.",
                remedy: "Use \(shippedNames.joined(separator: " or ")), or give the path of a YAML file.")
        }
        let isRelative = !reference.hasPrefix("/") && !folder.isEmpty
        return try Scenario(contentsOf: isRelative ? "\(folder)/\(reference)" : reference)
    }
}
