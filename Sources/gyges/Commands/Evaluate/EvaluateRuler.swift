import ArgumentParser
import Foundation
import GygesEvaluation
import GygesFiles
import GygesInference

/// `gyges evaluate ruler`
struct EvaluateRuler: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ruler", abstract: "Asks the thirteen tasks of RULER at given lengths.",
        discussion: """
            Tasks, parameters and metric follow RULER (Hsieh et al. 2024, arXiv 2404.06654); sentences, word lists and essay \
            are our own. The length counts the answer. qa_1 and qa_2 need their files and are left out without.

            Examples:
              gyges evaluate ruler model.gguf --lengths 4k,8k --samples 20
              gyges evaluate ruler model.gguf --tasks niah_single_1,vt --lengths 2k
              gyges evaluate ruler model.gguf --export samples.jsonl --samples-only
            """)

    @OptionGroup var options: ModelOptions
    @OptionGroup var evaluation: EvaluationOptions

    @Option(help: "Names of tasks, separated by commas; all if missing.")
    var tasks: String?

    @Option(help: "Samples of each task at each length.")
    var samples = 10

    @Option(help: ArgumentHelp("A text to hide needles in, instead of the shipped essay.", valueName: "path"))
    var haystack: String?

    @Option(help: ArgumentHelp("SQuAD's dev-v2.0.json, for qa_1.", valueName: "path"))
    var squad: String?

    @Option(
        name: .customLong("hotpotqa"), help: ArgumentHelp("hotpot_dev_distractor_v1.json, for qa_2.", valueName: "path")
    )
    var hotpotQA: String?

    @Option(help: ArgumentHelp("Write samples and predictions as RULER's JSON Lines.", valueName: "path"))
    var export: String?

    @Flag(help: "Write the samples for --export and ask nothing.")
    var samplesOnly = false

    @Flag(help: "Continue plain text, without the chat template.")
    var raw = false

    func validate() throws {
        guard (1...100_000).contains(samples) else { throw ValidationError("--samples must be from 1 to 100000.") }
        if samplesOnly, export == nil { throw ValidationError("--samples-only needs --export.") }
        _ = try chosenTasks()
    }

    func run() async throws {
        var maker = RulerSamples(seed: evaluation.seed)
        if let haystack {
            guard let text = Haystack(try Input.text(haystack)) else {
                throw FileError(haystack, "has fewer than 20 words", remedy: "Give a longer text.")
            }
            maker.essay = text
        }
        maker.squad = try squad.map { try QuestionSet(squad: $0) }
        maker.hotpotQA = try hotpotQA.map { try QuestionSet(hotpotQA: $0) }
        let ruler = RulerEvaluation(
            tasks: try chosenTasks(), lengths: try evaluation.parsedLengths(), sampleCount: samples, samples: maker)
        guard ruler.omissions.count < ruler.tasks.count else {
            throw EvaluationError("Nothing is left to ask.\n" + ruler.omissions.joined(separator: "\n"))
        }
        let file = try export.map { try RulerExport(path: $0) }
        if samplesOnly, let file {
            let encoder = try PromptEncoder(
                path: try options.path(), isPlain: raw, text: options.engine.text.model)
            for omission in ruler.omissions { Terminal.writeError("gyges: \(omission)\n") }
            try await ruler.forEachCell(
                count: { try encoder.tokens(of: $0.text, responsePrefix: $0.answerPrefix).count }
            ) { task, length, items in
                for (index, item) in items.enumerated() { try file.append(item, index: index, task, length, nil) }
            }
            return try file.close()
        }
        let subject = try ModelSubject(try options.load(isShown: !evaluation.quiet), isRaw: raw)
        try await evaluation.perform(model: options.model) { progress in
            try await ruler.run(subject, progress: progress) { cell in
                for (index, sample) in cell.samples.enumerated() {
                    try file?.append(sample.question, index: index, cell.task, cell.length, sample)
                }
            }
        }
        try file?.close()
    }

    private func chosenTasks() throws -> [RulerTask] {
        guard let tasks else { return RulerTask.allCases }
        return try tasks.split(separator: ",").map { name in
            guard let task = RulerTask(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
                throw ValidationError(
                    "There is no task \(name). Choose from \(RulerTask.allCases.map(\.rawValue).joined(separator: ", "))."
                )
            }
            return task
        }
    }
}
