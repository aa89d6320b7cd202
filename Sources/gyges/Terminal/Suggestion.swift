import ArgumentParser
import GygesFiles

extension ParsableCommand {
    /// Refuses a word in the place of a subcommand that names none, with the one it most likely stands for.
    ///
    /// - Throws: `ValidationError`
    static func checkSubcommands(_ arguments: some Sequence<String>) throws {
        var command: any ParsableCommand.Type = self
        var names: [String] = []
        for word in arguments {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, !word.hasPrefix("-"), word != "help" else { return }
            names.append(command._commandName)
            guard let next = subcommands.first(where: { $0._commandName == word }) else {
                // Whatever is not a name belongs to the command that needs none.
                if command.configuration.defaultSubcommand != nil { return }
                let path = names.joined(separator: " ")
                let guess = nearest(word, among: subcommands.map { $0._commandName })
                throw ValidationError(
                    "There is no command '\(path) \(word.legible(limit: 40))'."
                        + (guess.map { " Did you mean '\(path) \($0)'?" } ?? "")
                        + " '\(path) --help' lists what there is.")
            }
            command = next
        }
    }
}
