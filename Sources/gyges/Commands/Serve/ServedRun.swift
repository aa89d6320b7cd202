import Foundation
import GygesCheckpoints
import GygesFiles
import GygesHub
import GygesInference
import GygesKernels
import GygesModels
import GygesServing
import GygesTraining
import GygesWorkers

/// A training run whose checkpoints are served.
struct ServedRun: Sendable {
    /// The folder of the run.
    let path: String

    /// `nil` where the folder is none of a run.
    init?(path: String) {
        guard CheckpointModel.isRun(path) else { return nil }
        self.path = path
    }

    /// The steps that there are checkpoints of, at the moment.
    var steps: [Int] { CheckpointModel.steps(of: path) }

    /// What its checkpoints do; `nil` if that cannot be told.
    var kind: PooledModel.Kind? {
        guard let recipe = try? Recipe.noted(in: path) else { return nil }
        if recipe.task == .maskedToken { return .encoder }
        guard case .model = recipe.start, let path = try? recipe.modelPath() else { return nil }
        return ModelName.isEncoder(path) ? .encoder : .decoder
    }

    /// The folder that a checkpoint is written to as a model or an adapter: another one when the checkpoint is another one.
    ///
    /// - Throws: `FileError` if the checkpoint is gone, or there is no cache folder.
    func folder(ofStep step: Int) throws(FileError) -> String {
        let checkpoint = try CheckpointModel(run: path, step: step)
        let cache = try CacheFolder(environment: ProcessInfo.processInfo.environment)
        let place = URL(filePath: path).standardizedFileURL.path
        let state = String(decoding: try MappedFile.read(path: checkpoint.path + "/state.json"), as: UTF8.self)
        return "\(cache.path)/checkpoints/" + Digest.sha256("\(place)\n\(step)\n\(state)").prefix(32)
    }

    /// Opens a checkpoint under a name: writes it as a model, or as an adapter of its model, unless that was done.
    ///
    /// - Throws: `FileError` or `SettingsError` if the checkpoint or its model cannot be read, or there is no room for it.
    func open(
        step: Int, as name: String, engine: EngineOptions, created: Int, queueLimit: Int
    ) async throws -> ServedModel {
        let checkpoint = try CheckpointModel(run: path, step: step)
        let folder = try folder(ofStep: step)
        let base = try checkpoint.recipe.modelPath()
        try await Self.once(folder) {
            try checkpoint.write(
                to: folder, modelPath: base, packing: engine.packing(isShown: false),
                team: ThreadTeam(threadCount: engine.threads))
        }
        guard checkpoint.isAdapter else {
            let path = FileManager.default.fileExists(atPath: folder + "/model.gguf") ? folder + "/model.gguf" : folder
            return try engine.servedModel(path, name: name, created: created, queueLimit: queueLimit, isShown: false)
        }
        return try engine.servedModel(
            base, name: name, adapters: [AdapterReference(path: folder)], created: created, queueLimit: queueLimit,
            isShown: false)
    }

    /// Makes a folder unless it is there, or another process makes it at the moment, which is waited for.
    private static func once(_ folder: String, _ make: () throws -> Void) async throws {
        let parent = URL(filePath: folder).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        while !FileManager.default.fileExists(atPath: folder) {
            let lock: FileLock
            do throws(FileLock.Failure) { lock = try FileLock(path: folder + ".lock") } catch {
                guard case .taken = error else {
                    throw FileError(
                        folder, "cannot be written", remedy: "Check the cache folder's permissions and free space.")
                }
                try await Task.sleep(for: .milliseconds(200))
                continue
            }
            defer { withExtendedLifetime(lock) {} }
            if !FileManager.default.fileExists(atPath: folder) { try make() }
        }
    }
}
