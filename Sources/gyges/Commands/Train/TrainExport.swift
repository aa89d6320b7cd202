import ArgumentParser
import GygesCheckpoints
import GygesKernels
import GygesTraining

/// `gyges train export`
struct TrainExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes the model of a run's checkpoint, or the mean of several.",
        discussion: """
            Reads checkpoints of a run, which may still be going on, and writes a model as the run does at its end: a folder that \
            transformers opens, or a GGUF file where the model came from one; an adapter as PEFT saves it. Of several steps the mean of the \
            parameters is written, as ModernBERT-base is the mean of its best checkpoints and its last.

            Examples:
              gyges train export runs/demo -o demo-model
              gyges train export runs/demo --steps 800,900,1000 -o demo-mean --bf16
            """)

    @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
    var folder: String

    @Option(
        help: ArgumentHelp("The steps whose checkpoints count; the last one's by itself if missing.", valueName: "list")
    )
    var steps: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write, which is not there yet.", valueName: "path"))
    var output: String

    @Flag(help: "Write numbers of 16 bits (bfloat16) instead of 32.")
    var bf16 = false

    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int?

    private func numbers(_ text: String) throws -> [Int] {
        let numbers = text.split(separator: ",").map { Int($0.filter { $0 != " " }) }
        guard !numbers.isEmpty, !numbers.contains(nil), Set(numbers).count == numbers.count else {
            throw ValidationError("--steps are numbers with commas between them, each once.")
        }
        return numbers.compactMap(\.self)
    }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024.") }
        if let steps { _ = try numbers(steps) }
    }

    func run() async throws {
        let there = CheckpointModel.steps(of: folder)
        let wanted = try steps.map(numbers) ?? Array(there.suffix(1))
        let checkpoint = try CheckpointModel(run: folder, steps: wanted)
        try checkpoint.write(
            to: output, modelPath: checkpoint.recipe.modelPath(), as: bf16 ? .bf16 : .f32,
            packing: .commandLine(keepsCopy: true, isShown: true), team: ThreadTeam(threadCount: threads))
        let of = wanted.count == 1 ? "step \(wanted[0])" : "the mean of \(wanted.count) steps"
        try Output.write("\(output): \(of) of \(folder)\n")
    }
}
