import ArgumentParser
import Foundation
import GygesFiles
import GygesKernels
import GygesModels
import GygesStudy
import GygesTraining
import Synchronization

/// `gyges train run`, or `gyges train` alone.
struct TrainRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Trains a model by a recipe, or goes on with a run.",
        discussion: """
            Runs the recipe in its output folder. A folder that holds the same run is gone on with, from its newest good checkpoint and bit \
            for bit as if nothing had happened. Control-C saves and stops; a second one stops at once. Built with --traits MPI and started by \
            mpirun or srun, several processes share every step.

            Examples:
              gyges train recipe.yaml --plan
              gyges train recipe.yaml --preview
              gyges train recipe.yaml --set batch.size=16 --max-time 90m
              mpirun --hostfile hosts --map-by ppr:1:node --bind-to none gyges train recipe.yaml
            """)

    @OptionGroup var recipe: RecipeOptions

    @Flag(help: "Say what the run will take, and what would prevent it, without running it.")
    var plan = false

    @Flag(help: "Show what the first step learns from, token by token, without running it.")
    var preview = false

    @Option(
        help: ArgumentHelp(
            "Save and stop after so long: 90s, 45m, 2h.", discussion: "The same command goes on later.",
            valueName: "time"))
    var maxTime: String?

    @Option(help: ArgumentHelp("In a pipe, print every so many steps.", valueName: "steps"))
    var logEvery = 10

    @Flag(help: "Print JSON: an object a step, as in metrics.jsonl, or the plan.")
    var json = false

    @Flag(help: "Print nothing but the result.")
    var quiet = false

    func validate() throws {
        if let maxTime, Self.seconds(maxTime) == nil {
            throw ValidationError("--max-time must be a number with s, m or h, such as 90m.")
        }
        guard logEvery > 0 else { throw ValidationError("--log-every must be positive.") }
        guard !plan || !preview else { throw ValidationError("Give --plan or --preview, not both.") }
    }

    /// The seconds of a time such as `90m`.
    static func seconds(_ text: String) -> Double? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()), number > 0,
            number < 1e9
        else { return nil }
        return number * unit
    }

    func run() async throws {
        if plan || preview { return try look() }
        try await TrainingRanks.during { try await train(with: $0) }
    }

    private func train(with ranks: any RankGroup) async throws {
        // One process speaks for all.
        let speaks = ranks.rank == 0
        let run = try recipe.open(ranks: ranks, isShown: speaks && !quiet && !json)
        let display = TrainingDisplay(
            stepCount: run.recipe.plan.unit == .steps ? run.recipe.plan.length : nil,
            form: json ? .json : quiet ? .quiet : .text)
        if speaks {
            for note in run.model.notes { display.remark("note: \(note)") }
            for (name, report) in run.data.reports where report.truncatedCount > 0 {
                display.remark(
                    "note: \(name): \(report.truncatedCount) of \(report.rowCount) texts are longer than data.max_length, and lose their end"
                )
            }
        }
        let interrupted = Atomic(false)
        let deadline = maxTime.flatMap(Self.seconds).map { ContinuousClock.now + .seconds($0) }
        func train() throws -> TrainingRun.End {
            try run.run(report: { if speaks { show($0, of: run, on: display) } }) {
                interrupted.load(ordering: .relaxed) || deadline.map { ContinuousClock.now >= $0 } ?? false
            }
        }
        let end: TrainingRun.End
        if let interrupts = Interrupts() {
            end = try await interrupts.during {
                // A second one does not wait for the step to end.
                if interrupted.exchange(true, ordering: .relaxed) { Foundation.exit(130) }
                if speaks { display.remark("gyges: saving after this step; once more stops at once") }
            } _: {
                try train()
            }
        } else {
            end = try train()
        }
        guard speaks else { return }
        display.finish()
        try tell(end, of: run)
    }

    private func show(_ event: TrainingRun.Event, of run: TrainingRun, on display: TrainingDisplay) {
        switch event {
        case .step(let step, let record):
            if let fault = step.fault { display.remark("left out: \(fault)") }
            let number = step.progress.steps, interval = run.recipe.checkpointInterval
            display.show(
                record, isLogged: json || number == 1 || number % logEvery == 0,
                nextCheckpoint: (number / interval + 1) * interval)
        case .heldOut(_, let record): display.show(record, isLogged: true)
        case .sample(_, let prompt, let answer):
            display.remark("“\(prompt.legible(limit: 80))”: \(answer.legible(limit: 400))")
        case .resumed(let step, let faults):
            for fault in faults { display.remark("gyges: passed over a damaged checkpoint: \(fault)") }
            if !quiet { display.remark("going on after step \(step)") }
        case .checkpoint, .written: break
        }
    }

    /// Says how the run ended, and where the result is.
    private func tell(_ end: TrainingRun.End, of run: TrainingRun) throws {
        let progress = run.trainer.progress, path = run.folder.path
        let result = path + (run.model.isAdapted ? "/adapter" : "/model")
        if json {
            let summary: JSON = [
                "event": "end", "end": .string(end.rawValue), "steps": .integer(progress.steps),
                "tokens": .integer(progress.tokens), "folder": .string(path),
                "result": end == .stopped ? .null : .string(result),
            ]
            return try Output.write(summary.serialized() + "\n")
        }
        let ending =
            switch end {
            case .planDone: "done"
            case .dataUsedUp: "done, the data being used up,"
            case .noBetter: "done, what is held out getting no better,"
            case .stopped: "stopped"
            }
        try Output.write("\(path): \(ending) after \(progress.steps) steps and \(progress.tokens) tokens\n")
        let data = run.trainer.dataReport
        let lost = [(data.splitCount, "cut"), (data.truncatedCount, "cut off"), (data.droppedCount, "left out")]
            .filter { $0.0 > 0 }.map { "; \($0.0) long documents \($0.1)" }.joined()
        if run.recipe.data.sharesPacks {
            try Output.write("Packs were \((data.fill * 1000).rounded() / 10) % full\(lost).\n")
        }
        try Output.write(
            end == .stopped
                ? "The same command goes on.\n" : "The \(run.model.isAdapted ? "adapter" : "model") is in \(result).\n")
    }

    /// Reads everything that a run needs, and says what it would do.
    private func look() throws {
        let (read, _) = try recipe.read()
        let recipe = try read.namingLabels(modelPath: read.modelPath())
        let team = self.recipe.team()
        let model = try TrainingModel(
            of: recipe, path: recipe.modelPath(), packing: .commandLine(keepsCopy: true, isShown: !json), team: team)
        let data = try TrainingData(of: recipe, for: model.text)
        if plan {
            let summary = try RunSummary(of: recipe, model: model, data: data, team: team)
            return try Output.write(json ? summary.json.serialized() + "\n" : summary.text + "\n")
        }
        let objective = try model.objective(of: recipe, learningFrom: data.sources)
        guard let step = try recipe.step(1, of: data.sources) else { return }
        for pack in step.packs {
            let preview = BatchPreview(objective.batch(of: pack), model.tokenizer, head: recipe.head)
            try Output.write(preview.text(colours: Terminal.showsColours(), place: data.place))
        }
        for (name, report) in data.reports {
            try Output.write("\n\(name): tokens to predict in a document\n\(report.supervision.text())")
        }
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
    func open(ranks: any RankGroup, isShown: Bool) throws -> TrainingRun {
        let (recipe, text) = try read()
        let bar = ProgressBar(.items("files"), delay: 1, isShown: isShown)
        defer { bar.finish() }
        var count = 0
        return try TrainingRun(
            recipe, text: text, modelPath: recipe.modelPath(), packing: .commandLine(keepsCopy: true, isShown: isShown),
            program: ProgramIdentity.current.description, ranks: ranks, team: team()
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
        case .model(let name), .grown(_, let name):
            FileManager.default.fileExists(atPath: folder + name) ? folder + name : try locateModel(name)
        case .fresh(let configuration, _, _, _): configuration
        }
    }
}
