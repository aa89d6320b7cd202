import ArgumentParser
import GygesCheckpoints
import GygesFiles
import GygesReport
import GygesTraining

/// `gyges train report`
struct TrainReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Draws the curves of one run or several.",
        discussion: """
            Writes a page with the losses, learning rates, gradient norms and speeds of runs, which may still be going on. The page needs \
            no network and nothing beside it.

            Examples:
              gyges train report runs/demo
              gyges train report runs/a runs/b -o comparison.html --csv
            """)

    @Argument(help: ArgumentHelp("The folders of runs.", valueName: "run"))
    var folders: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The page to write, instead of report.html in the first run's folder.", valueName: "path"))
    var output: String?

    @Flag(help: "Also write the metrics of each run as metrics.csv into its folder.")
    var csv = false

    func run() async throws {
        var runs: [TrainingReport.Run] = []
        for folder in folders {
            let recipe = try Recipe.noted(in: folder)
            let records = try MetricsLog.records(path: folder + "/metrics.jsonl")
            guard !records.isEmpty else {
                throw FileError(folder, "has measured nothing yet", remedy: "Wait for the first step of the run.")
            }
            if csv { try AtomicFile.write(MetricsTable.text(records), to: folder + "/metrics.csv") }
            let isTwice = runs.contains { $0.name == recipe.name }
            runs.append(
                TrainingReport.Run(
                    name: isTwice ? folder : recipe.name, facts: recipe.facts,
                    records: records.map { record in
                        .init(
                            step: record.step, time: record.time,
                            values: Dictionary(record.metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
                    }))
        }
        let path = output ?? folders[0] + "/report.html"
        let names = runs.map(\.name).joined(separator: ", ")
        try AtomicFile.write(TrainingReport(title: "Training: \(names)", runs: runs).html(), to: path)
        for run in runs {
            let last = run.records.last { $0.values["loss"] != nil }
            let heldOut = run.records.compactMap { $0.values["eval_loss"] }.min()
            var line = "\(run.name): \(last?.step ?? 0) steps"
            if let loss = last?.values["loss"] { line += ", loss \(TrainingLine.number(loss, of: "loss"))" }
            if let heldOut { line += ", best held-out loss \(TrainingLine.number(heldOut, of: "eval_loss"))" }
            try Output.write(line + "\n")
        }
        try Output.write("\(path)\n")
    }
}

extension Recipe {
    /// What a report says of how a run was made.
    fileprivate var facts: [StudyDocument.Fact] {
        let model: String
        switch start {
        case .model(let name): model = name
        case .grown(let configuration, let small): model = "\(configuration), grown from \(small)"
        case .fresh(let configuration, _, _, _): model = "random weights, \(configuration)"
        }
        return [
            .init("Model", model), .init("Data", sources.map(\.name).joined(separator: ", ")),
            .init("Trained", adapter.map { "an adapter of rank \($0.rank)" } ?? "all parameters"),
            .init("Seed", String(seed)),
        ]
    }
}
