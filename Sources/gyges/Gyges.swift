import ArgumentParser

/// The command line: one file a command, no logic of its own.
@main
struct Gyges: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gyges", abstract: "Runs, trains, serves and questions language models.")
}
