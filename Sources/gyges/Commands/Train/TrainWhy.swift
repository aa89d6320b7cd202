import ArgumentParser
import GygesFiles
import GygesTokenizer
import GygesTraining

/// `gyges train why`
struct TrainWhy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Shows what a step of a run learned from.",
        discussion: """
            Names the files and lines whose texts a step read, and prints them. What a step reads follows from the recipe and the data, so that \
            nothing is kept for it: every step can be asked for, before, during and after the run.

            Examples:
              gyges train why runs/demo 120
              gyges train why runs/demo 120 --full --json
            """)

    @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
    var folder: String

    @Argument(help: ArgumentHelp("The number of the step, from 1.", valueName: "step"))
    var step: Int

    @Flag(help: "Print texts whole.")
    var full = false

    @Flag(help: "Print an object a text.")
    var json = false

    func validate() throws {
        guard step > 0 else { throw ValidationError("Steps are counted from 1.") }
    }

    func run() async throws {
        let noted = try Recipe.noted(in: folder)
        let recipe = try noted.namingLabels(modelPath: noted.modelPath())
        let text = try TrainingText(of: recipe, path: recipe.modelPath())
        let data = try TrainingData(of: recipe, for: text)
        guard let read = try recipe.step(step, of: data.sources) else {
            throw FileError(
                folder, "has no step \(step): the plan or the data end before", remedy: "Ask for an earlier one.")
        }
        for pack in read.packs {
            for (reference, document) in zip(pack.references, pack.documents) {
                let tokens = try text.tokenizer.decode(document.tokens, skipsSpecialTokens: false)
                let place = data.place(of: reference)
                if json {
                    let row: JSON = [
                        "pack": .integer(pack.number), "place": .string(place),
                        "tokens": .integer(document.tokens.count), "supervised": .integer(document.supervisedCount),
                        "text": .string(tokens),
                    ]
                    try Output.write(row.serialized() + "\n")
                } else {
                    try Output.write(
                        "\(place), \(document.supervisedCount) of them learned\n  \(full ? tokens : tokens.legible(limit: 200))\n"
                    )
                }
            }
        }
    }
}
