import ArgumentParser
import Foundation
import GygesEvaluation
import GygesFiles
import GygesReport

/// `gyges evaluate chart`
struct EvaluateChart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chart", abstract: "Draws results of several evaluations as curves over length.",
        discussion: """
            Each measure gets a panel and each label a line, with 95 % intervals. The chart follows the reader's choice \
            of light or dark.

            Example:
              gyges evaluate chart yarn.json none.json --output curve.svg --trained 8192
            """)

    @Argument(help: "Files that 'gyges evaluate … --json' printed.")
    var results: [String]

    @Option(help: ArgumentHelp("Where the chart goes.", valueName: "path"))
    var output: String

    @Option(help: ArgumentHelp("Mark the length up to which the model was trained.", valueName: "tokens"))
    var trained: Int?

    @Option(help: "What stands above the chart; the model's name if missing.")
    var title: String?

    func run() throws {
        let results = try results.map { try EvaluationResult(path: $0) }
        var chart = CurveChart(results, trainedLength: trained)
        if let title { chart.title = title }
        try AtomicFile.write(chart.file(), to: output)
        print(output)
    }
}
