import ArgumentParser
import GygesFiles
import GygesKernels
import GygesTraining

/// `gyges train plan`
struct TrainPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Says what a run will take, without running it.",
        discussion: """
            Reads the recipe, the model and the data, finds everything that would prevent the run, and says how many parameters are trained, \
            how many tokens there are, what the steps of each phase are and how much memory they take.

            Example:
              gyges train plan Examples/train-demo.yaml
            """)

    @OptionGroup var recipe: RecipeOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let (recipe, _) = try recipe.read()
        let team = self.recipe.team()
        let model = try TrainingModel(
            of: recipe, path: recipe.modelPath(), packing: .commandLine(keepsCopy: true, isShown: !json), team: team)
        let data = try TrainingData(of: recipe, for: model)
        let summary = try RunSummary(of: recipe, model: model, data: data, team: team)
        try Output.write(json ? summary.json.serialized() + "\n" : summary.text + "\n")
    }
}
