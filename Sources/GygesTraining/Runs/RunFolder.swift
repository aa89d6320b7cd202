import FoundationEssentials
public import GygesFiles

/// The folder of a run, held by one process at a time.
///
/// | file | what |
/// | --- | --- |
/// | `recipe.yaml` | the recipe, with what the command line replaced |
/// | `model.sha256` | a digest of the files that the model began with |
/// | `journal.jsonl` | what happened, an object a line: beginning, going on, checkpoints, faults, the end |
/// | `metrics.jsonl` | what was measured, an object a step |
/// | `tensorboard/` | the same for TensorBoard |
/// | `checkpoints/` | the last checkpoints and the best one |
/// | `model/` or `adapter/` | the result |
public final class RunFolder {
    /// The folder.
    public let path: String
    /// Whether a run was begun in it before.
    public let isContinued: Bool
    private let lock: FileLock?
    /// `nil` where another process notes what happens.
    private let journal: GrowingFile?

    /// Opens a folder, or makes one, for a recipe.
    ///
    /// - Parameters:
    ///   - recipe: What is to be run.
    ///   - text: The recipe as it is noted.
    /// - Throws: `FileError` if another process works in it, it holds another run, or it cannot be written.
    public init(path: String, for recipe: Recipe, text: String) throws(FileError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path + "/tensorboard", withIntermediateDirectories: true)
        } catch {
            throw FileError(path, "cannot be made", remedy: "Check the folder above it and its permissions.")
        }
        do throws(FileLock.Failure) { lock = try FileLock(path: path + "/lock") } catch {
            switch error {
            case .taken(let owner):
                throw FileError(
                    path, "is being worked in by \(owner)", remedy: "Wait for it, or choose another folder (output).")
            case .system:
                throw FileError(path, "cannot be written", remedy: "Check its permissions and free space.")
            }
        }
        let recipePath = path + "/recipe.yaml"
        isContinued = FileManager.default.fileExists(atPath: recipePath)
        if isContinued {
            let earlier = try Recipe.noted(in: path)
            let differences = recipe.differences(from: earlier)
            guard differences.isEmpty else {
                throw FileError(
                    path, "holds a run of another recipe: it differs in \(differences.joined(separator: ", "))",
                    remedy: "Choose another folder (output), or go on with the recipe as it was.")
            }
        }
        // What may change, such as how often checkpoints are written, is noted as it is now.
        try AtomicFile.write(text, to: recipePath)
        journal = try GrowingFile(
            path: path + "/journal.jsonl", keeping: try Self.wholeLines(of: path + "/journal.jsonl"))
    }

    /// A folder that rank 0 of this run holds, on its other ranks: nothing is written here.
    public init(heldByRankZero path: String) {
        self.path = path
        isContinued = false
        lock = nil
        journal = nil
    }

    /// The bytes of a file up to the end of its last whole line.
    private static func wholeLines(of path: String) throws(FileError) -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        let bytes = try MappedFile.read(path: path)
        return bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    }

    /// Where metrics are.
    public var metricsPath: String { path + "/metrics.jsonl" }
    /// Where checkpoints are.
    public var checkpointsPath: String { path + "/checkpoints" }

    /// Notes what the run's model was made of, or checks that it still is.
    ///
    /// - Throws: `FileError` if the run began with another model, or the note cannot be written.
    func expectModel(digest: String) throws(FileError) {
        let notePath = path + "/model.sha256"
        guard FileManager.default.fileExists(atPath: notePath) else {
            return try AtomicFile.write(digest + "\n", to: notePath)
        }
        let noted = try MappedFile.read(path: notePath)
        guard noted.elementsEqual((digest + "\n").utf8) else {
            throw FileError(
                path, "began with another model: its files have changed since",
                remedy: "Restore them, or begin a new run (output).")
        }
    }

    /// Notes what happened, so that it survives a crash; on ranks other than 0, nothing is to be done for it.
    ///
    /// - Throws: `FileError` if the disk is full or the write fails otherwise.
    public func note(_ event: String, _ members: [(String, JSON)] = []) throws(FileError) {
        var object = JSONObject([
            ("time", .double(Date().timeIntervalSince1970)), ("event", .string(event)),
        ])
        for (key, value) in members { object[key] = value }
        try journal?.append(Array((JSON.object(object).serialized() + "\n").utf8), survivesPowerLoss: true)
    }
}

extension Recipe {
    /// The recipe of a run.
    ///
    /// - Throws: `FileError` if the folder holds none.
    public static func noted(in folder: String) throws(FileError) -> Recipe {
        let path = folder + "/recipe.yaml"
        guard FileManager.default.fileExists(atPath: path) else {
            throw FileError(folder, "holds no run", remedy: "Give the folder of a run: the output of gyges train.")
        }
        return try Recipe.read(contentsOf: path).recipe
    }
}
