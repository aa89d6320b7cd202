import ArgumentParser
import GygesFiles
import GygesStudy

/// The command line: one file a command, which reads options, calls libraries and prints.
@main
struct Gyges: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gyges", abstract: "Runs and questions language models.",
        discussion: """
            A model is named by a GGUF file, a Hugging Face folder, a name of 'gyges pull --list', or hf:OWNER/NAME.
            Downloads go to $GYGES_CACHE, else to gyges in the XDG cache folder, and so do packed copies of weights, as large
            as the model, that make starts quick; GYGES_PACKED=off keeps none.

            Examples:
              gyges chat smollm2-135m-instruct
              gyges study run Examples/demo-study.yaml
            """,
        version: number,
        subcommands: [
            Pull.self, Inspect.self, Generate.self, Chat.self, Tokenize.self, Template.self, Score.self,
            Perplexity.self, Embed.self, Similarity.self, Rerank.self, Fill.self, Classify.self, Tag.self, Answer.self,
            EvaluateCommand.self, TokenizerCommand.self, TrainCommand.self, AdapterCommand.self, StudyCommand.self,
            Serve.self, ServeWorker.self, Batch.self, Bench.self, Doctor.self,
        ])

    private static let number = "0.1.0"

    static func main() async {
        Output.prepare()
        ProgramIdentity.current = ProgramIdentity(version: number, commit: builtCommit)
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            try checkSubcommands(arguments)
            var command = try parseAsRoot(
                RenamedOptions.translated(arguments) { Terminal.writeError("gyges: \($0)\n") })
            // Help, whose type the parser keeps to itself, needs no more than what is open.
            if String(describing: type(of: command)) != "HelpCommand" { try DescriptorLimit.require(32) }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            try Output.check()
        } catch {
            Failure(error).exit()
        }
    }
}
