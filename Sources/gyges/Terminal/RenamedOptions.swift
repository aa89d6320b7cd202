/// Options that have another name now. The old ones go on working, with a note on standard error.
enum RenamedOptions {
    /// What replaced what, by the command that has it; no command stands for all.
    static let all: [(command: [String], old: String, new: String)] = [
        ([], "--cache-format", "--kv-cache-format"), ([], "--cache-memory", "--kv-cache-memory"),
        ([], "--unscaled", "--no-normalize"),
        (["generate"], "--prefill", "--response-prefix"),
        (["tokenize"], "--frame", "--add-special-tokens"), (["tokenize"], "--special", "--special-tokens"),
        (["tokenize"], "--parse-special", "--special-tokens"),
        (["tokenize"], "--maximum", "--max-tokens"),
        (["answer"], "--maximum-answer", "--max-answer-tokens"),
    ]

    /// The arguments with new names for old ones.
    ///
    /// - Parameter note: Receives a sentence for each old name.
    static func translated(_ arguments: [String], note: (String) -> Void) -> [String] {
        let renamed = all.filter { arguments.starts(with: $0.command) }
        guard !renamed.isEmpty else { return arguments }
        let options = arguments.prefix { $0 != "--" }
        return options.map { argument in
            let name = argument.prefix { $0 != "=" }
            guard let entry = renamed.first(where: { $0.old == name }) else { return argument }
            note("\(entry.old) is called \(entry.new) now; the old name still works.")
            return entry.new + argument.dropFirst(name.count)
        } + arguments.dropFirst(options.count)
    }
}
