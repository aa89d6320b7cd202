import ArgumentParser

/// `gyges train`
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains models, and looks at runs.",
        discussion: """
            A recipe says what is learned, from what and how (docs/training.md); everything that happens is kept in the folder of the run, \
            and the same command goes on with a run that ended early.

            Examples:
              gyges train recipe.yaml
              gyges train recipe.yaml --set optimizer.learning_rate=1e-4 -o runs/other
              gyges train report runs/demo runs/other
              gyges train export runs/demo --steps 900,1000 -o mean
              gyges train why runs/demo 120
            """,
        subcommands: [TrainRun.self, TrainReport.self, TrainExport.self, TrainWhy.self],
        defaultSubcommand: TrainRun.self)
}
