public import GygesFiles
public import GygesYAML

extension Scenario {
    /// The names of the scenarios that are part of the program: the two of the paper, then its alternative conflicts.
    public static let shippedNames = [
        "helpful-only", "animal-welfare", "critic", "sycophancy", "promotion", "secrecy", "insulting-prefix",
    ]

    /// The YAML text of a shipped scenario, to print or to start an own one from.
    public static func shippedText(_ name: String) -> String? {
        shippedNames.contains(name) ? shippedFile(name) : nil
    }

    /// The text of a shipped file: a scenario, or variants that several share.
    static func shippedFile(_ name: String) -> String? {
        let bytes: [UInt8]? =
            switch name {
            case "helpful-only": PackageResources.helpful_only_yaml
            case "animal-welfare": PackageResources.animal_welfare_yaml
            case "critic": PackageResources.critic_yaml
            case "sycophancy": PackageResources.sycophancy_yaml
            case "promotion": PackageResources.promotion_yaml
            case "secrecy": PackageResources.secrecy_yaml
            case "insulting-prefix": PackageResources.insulting_prefix_yaml
            case "frame-variants": PackageResources.frame_variants_yaml
            case "paraphrase-variants": PackageResources.paraphrase_variants_yaml
            case "probe-variants": PackageResources.probe_variants_yaml
            case "motive-variants": PackageResources.motive_variants_yaml
            case "scratchpad-variants": PackageResources.scratchpad_variants_yaml
            case "follow-up-variants": PackageResources.follow_up_variants_yaml
            case "no-conflict-variants": PackageResources.no_conflict_variants_yaml
            case "helpful-only-variants": PackageResources.helpful_only_variants_yaml
            case "animal-welfare-variants": PackageResources.animal_welfare_variants_yaml
            default: nil
            }
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The folder part of a path; empty for the current folder.
    static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "" }

    /// The file that a scenario or a study refers to: a shipped one by its name, any other by its path.
    ///
    /// - Parameter folder: what relative paths start from; empty for the current folder.
    static func document(_ reference: String, relativeTo folder: String) throws(FileError) -> YAMLDocument {
        if let text = shippedFile(reference) {
            return try YAMLDocument(study: text, path: "\(reference) (shipped)")
        }
        guard reference == "-" || reference.contains("/") || reference.hasSuffix(".yaml") || reference.hasSuffix(".yml")
        else {
            throw FileError(
                reference, "there is no shipped scenario of this name.",
                remedy: "Use \(shippedNames.joined(separator: ", ")), or give the path of a YAML file.")
        }
        let isRelative = !reference.hasPrefix("/") && !folder.isEmpty && reference != "-"
        return try YAMLDocument(studyFile: isRelative ? "\(folder)/\(reference)" : reference)
    }

    /// Finds a scenario: a shipped one by its name, any other by the path of its file.
    ///
    /// - Parameters:
    ///   - reference: a name, or a path that contains a slash or ends in `.yaml` or `.yml`, or `-` for
    ///     standard input.
    ///   - folder: what relative paths start from; empty for the current folder.
    ///   - note: called for every key that the file has under an older name.
    public static func find(
        _ reference: String, relativeTo folder: String = "", note: (RenamedKey) -> Void = { _ in }
    ) throws(FileError) -> Scenario {
        try Scenario(document(reference, relativeTo: folder), note: note)
    }
}
