import FoundationEssentials
import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesModels

/// A checkpoint of a run, to be written as a model or an adapter that can be opened.
///
/// What a checkpoint holds are the trained parameters alone, under their paths; the run's recipe says what they belong to.
public struct CheckpointModel {
    /// The folder of the run.
    public let run: String
    /// The step after which the checkpoint was made.
    public let step: Int
    /// The run's recipe.
    public let recipe: Recipe

    /// Reads what a run was.
    ///
    /// - Throws: `FileError` if the folder holds no run.
    public init(run: String, step: Int) throws(FileError) {
        self.run = run
        self.step = step
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

    /// The checkpoint's own folder.
    public var path: String { CheckpointFolder(path: run + "/checkpoints", limit: 1).path(ofStep: step) }

    /// Writes the adapter or the model into a folder, as the run itself writes its result.
    ///
    /// - Parameters:
    ///   - modelPath: The file or folder of the model that the recipe names; not used for one that began fresh.
    ///   - packing: Where packed copies of frozen weights are kept.
    ///   - folder: A folder that is not there yet.
    /// - Throws: `FileError` or ``SettingsError`` if the model cannot be loaded, the checkpoint is damaged or was removed, or nothing can be
    ///   written.
    /// - Complexity: O(size of the model's files).
    public func write(to folder: String, modelPath: String, packing: Packing = Packing(), team: ThreadTeam) throws {
        let model = try TrainingModel(of: recipe, path: modelPath, packing: packing, team: team)
        let objective = try model.objective(recipe.task, masking: recipe.masking, seed: recipe.seed)
        try Checkpoint(path: path).fill(objective)
        try model.writeResult(objective, of: recipe, to: folder, team: team)
    }
}

extension TrainingModel {
    /// Writes what a run of a recipe has trained: the adapter where there is one, or the model.
    ///
    /// - Throws: `FileError` if it cannot be written.
    func writeResult(
        _ objective: any TrainingObjective, of recipe: Recipe, to path: String, team: ThreadTeam
    ) throws {
        if isAdapted {
            try writeAdapter(objective, baseName: recipe.baseName, to: path, team: team)
        } else {
            try write(objective, to: path, team: team)
        }
    }
}
