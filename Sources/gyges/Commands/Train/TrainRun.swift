import ArgumentParser
import Foundation
import GygesFiles
import GygesKernels
import GygesModels
import GygesStudy
import GygesTraining
import Synchronization

/// `gyges train run`
struct TrainRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Trains a model by a recipe, or goes on with a run.",
        discussion: """
            Runs the recipe in its output folder. A folder that holds the same run is gone on with, from its newest good checkpoint and bit \
            for bit as if nothing had happened. Control-C saves and stops; a second one stops at once.

            Examples:
              gyges train run Examples/train-demo.yaml
              gyges train run recipe.yaml --set batch.size=16 --max-time 90m
            """)

    @OptionGroup var recipe: RecipeOptions

    @Option(
        help: ArgumentHelp(
            "Save and stop after so long: 90s, 45m, 2h.", discussion: "The same command goes on later.",
            valueName: "time"))
    var maxTime: String?

    @Flag(help: "Print an object a step, as in metrics.jsonl.")
    var json = false

    @Flag(help: "Print nothing but the result.")
    var quiet = false

    func validate() throws {
        if let maxTime, Self.seconds(maxTime) == nil {
            throw ValidationError("--max-time must be a number with s, m or h, such as 90m.")
        }
    }

    /// The seconds of a time such as `90m`.
    static func seconds(_ text: String) -> Double? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()), number > 0,
            number.isFinite
        else { return nil }
        return number * unit
    }

    func run() async throws {
        let run = try recipe.open(isShown: !quiet && !json)
        let printer = TrainingPrinter(run: run, isJSON: json, isQuiet: quiet)
        let interrupted = Atomic(false)
        let interrupts = Interrupts()
        let deadline = maxTime.flatMap(Self.seconds).map { ContinuousClock.now + .seconds($0) }
        func train() throws -> TrainingRun.End {
            try run.run(report: printer.report) {
                interrupted.load(ordering: .relaxed) || deadline.map { ContinuousClock.now >= $0 } ?? false
            }
        }
        let end: TrainingRun.End
        if let interrupts {
            end = try await interrupts.during {
                // A second one does not wait for the step to end.
                if interrupted.exchange(true, ordering: .relaxed) { Foundation.exit(130) }
                Terminal.writeError("\ngyges: saving after this step; once more stops at once\n")
            } _: {
                try train()
            }
        } else {
            end = try train()
        }
        try printer.finish(end)
    }
}

/// The recipe of a command, and what the command line says of it.
struct RecipeOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The recipe.", valueName: "recipe"))
    var path: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value of the recipe; repeatable.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The folder of the run, instead of the recipe's.", valueName: "path"))
    var output: String?

    @Option(help: ArgumentHelp("Threads that compute. Results do not depend on it.", valueName: "count"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024.") }
    }

    /// The recipe, and its text.
    func read() throws -> (recipe: Recipe, text: String) {
        var (recipe, text) = try Recipe.read(contentsOf: path, overrides: overrides)
        if let output { recipe.output = output }
        return (recipe, text)
    }

    /// The threads that compute.
    func team() -> ThreadTeam { ThreadTeam(threadCount: threads) }

    /// Opens the run: reads the recipe, loads the model, reads the data.
    func open(isShown: Bool) throws -> TrainingRun {
        let (recipe, text) = try read()
        let bar = ProgressBar(.items("files"), delay: 1, isShown: isShown)
        defer { bar.finish() }
        var count = 0
        return try TrainingRun(
            recipe, text: text, modelPath: recipe.modelPath(), packing: .commandLine(keepsCopy: true, isShown: isShown),
            program: ProgramIdentity.current.description, team: team()
        ) { path in
            bar.update("reading \(path)", count: count, of: nil)
            count += 1
        }
    }
}

extension Recipe {
    /// Where the model lies that the recipe begins with.
    func modelPath() throws -> String {
        switch start {
        case .model(let name):
            FileManager.default.fileExists(atPath: folder + name) ? folder + name : try locateModel(name)
        case .fresh(let configuration, _, _, _): configuration
        }
    }
}
