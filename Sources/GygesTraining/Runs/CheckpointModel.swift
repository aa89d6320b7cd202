import FoundationEssentials
public import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesModels

/// A checkpoint of a run, or the mean of several, to be written as a model or an adapter that can be opened.
///
/// What a checkpoint holds are the trained parameters alone, under their paths; the run's recipe says what they belong to.
public struct CheckpointModel {
    /// The folder of the run.
    public let run: String
    /// The steps after which the checkpoints were made.
    public let steps: [Int]
    /// The run's recipe.
    public let recipe: Recipe

    /// Reads what a run was.
    ///
    /// - Throws: `FileError` if the folder holds no run.
    public init(run: String, step: Int) throws(FileError) { try self.init(run: run, steps: [step]) }

    /// Reads what a run was.
    ///
    /// - Parameter steps: Those of the checkpoints whose mean is meant, each once.
    /// - Throws: `FileError` if the folder holds no run.
    public init(run: String, steps: [Int]) throws(FileError) {
        guard !steps.isEmpty else { throw FileError(run, "has no checkpoint", remedy: "Wait for the first one.") }
        self.run = run
        self.steps = steps
        recipe = try Recipe.noted(in: run)
    }

    /// Whether a folder is that of a run.
    public static func isRun(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/recipe.yaml")
            && FileManager.default.fileExists(atPath: path + "/journal.jsonl")
    }

    /// The steps that a run has checkpoints of, ascending; of very many, the last.
    public static func steps(of run: String) -> [Int] {
        Array(CheckpointFolder(path: run + "/checkpoints", limit: 1).steps.suffix(limit))
    }

    private static let limit = 1000

    /// Whether what is trained is an adapter, which needs the model that it is for.
    public var isAdapter: Bool { recipe.adapter != nil }

    /// The folder of the last of the checkpoints.
    public var path: String {
        CheckpointFolder(path: run + "/checkpoints", limit: 1).path(ofStep: steps[steps.count - 1])
    }

    /// Writes the adapter or the model into a folder, as the run itself writes its result.
    ///
    /// - Parameters:
    ///   - modelPath: The file or folder of the model that the recipe names; not used for one that began fresh.
    ///   - type: How a model's numbers are stored: `.f32` or `.bf16`.
    ///   - packing: Where packed copies of frozen weights are kept.
    ///   - folder: A folder that is not there yet.
    /// - Throws: `FileError` or ``SettingsError`` if the model cannot be loaded, the checkpoint is damaged or was removed, or nothing can be
    ///   written.
    /// - Complexity: O(size of the model's files).
    public func write(
        to folder: String, modelPath: String, as type: SafetensorsType = .f32, packing: Packing = Packing(),
        team: ThreadTeam
    ) throws {
        var recipe = try recipe.namingLabels(modelPath: modelPath)
        // What a loss counts is of no account here, and balancing would read the data.
        recipe.head?.classWeights = .equal
        let model = try TrainingModel(of: recipe, path: modelPath, packing: packing, team: team)
        let objective = try model.average(
            steps, ofRunIn: run, by: recipe, into: model.objective(of: recipe, learningFrom: []))
        try model.writeResult(objective, of: recipe, as: type, to: folder, team: team)
    }
}

extension TrainingModel {
    /// Writes what a run of a recipe has trained: the adapter where there is one, or the model.
    ///
    /// - Throws: `FileError` if it cannot be written.
    func writeResult(
        _ objective: any TrainingObjective, of recipe: Recipe, as type: SafetensorsType = .f32, to path: String,
        team: ThreadTeam
    ) throws {
        if isAdapted {
            try writeAdapter(objective, baseName: recipe.baseName, to: path, team: team)
        } else {
            try write(objective, as: type, to: path, team: team)
        }
    }
}
