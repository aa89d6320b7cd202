public import GygesFiles
import GygesCheckpoints
import GygesKernels
import GygesTensors

/// A run as it stood after a step: all that it needs to go on, in a folder.
///
/// `state.json` says where the run stood and has the digests of `parameters.safetensors`, the trained parameters in f32 under their paths, and
/// `moments.safetensors`, what the optimizer remembers.
public struct Checkpoint: Sendable {
    /// The folder.
    public let path: String
    /// Where the run stood.
    public let state: Trainer.State
    private let parameters: SafetensorsFile
    private let moments: SafetensorsFile

    private static let version = 1
    private static let (stateName, parametersName, momentsName) = (
        "state.json", "parameters.safetensors", "moments.safetensors"
    )
    private static let remedy = "Go on from an earlier checkpoint, or begin a new run."

    /// Writes one.
    ///
    /// - Parameter path: Nothing stands there yet.
    /// - Throws: `FileError` if it cannot be written; nothing is left then.
    /// - Complexity: O(parameters), at the speed of the disk.
    public static func write(_ trainer: Trainer, to path: String) throws {
        try AtomicFolder.make(at: path) { folder in
            let trained = trainer.objective.trained
            try SafetensorsWriter.write(
                trained.map {
                    .init(name: $0.path.description, type: .f32, shape: [$0.buffer.rows, $0.buffer.columns])
                },
                to: folder + "/" + parametersName
            ) { index, output throws(FileError) in
                try output.append(UnsafeRawBufferPointer(trained[index].buffer.elements))
            }
            let moments = trainer.optimizer.moments
            try SafetensorsWriter.write(
                moments.map {
                    .init(
                        name: $0.name, type: $0.format == .f32 ? .f32 : .bf16,
                        shape: [$0.bytes.count / $0.format.byteCount])
                }, to: folder + "/" + momentsName
            ) { index, output throws(FileError) in
                try output.append(UnsafeRawBufferPointer(moments[index].bytes))
            }
            var digests = JSONObject()
            for name in [parametersName, momentsName] {
                digests[name] = .string(try Digest.sha256(file: folder + "/" + name))
            }
            let state = trainer.state
            let json: JSON = [
                "version": .integer(version), "steps": .integer(state.progress.steps),
                "tokens": .integer(state.progress.tokens), "phase": .integer(state.phase),
                "optimizer_steps": .integer(state.optimizerStepCount), "cursor": state.cursor.json,
                "recent_losses": .array(state.recentLosses.map { .double($0) }),
                "files": .object(digests),
            ]
            try AtomicFile.write(json.serialized(), to: folder + "/" + stateName)
        }
    }

    /// Opens one, and checks that every byte is as it was written.
    ///
    /// - Throws: `FileError` if it is incomplete or damaged.
    /// - Complexity: O(size of its files).
    public init(path: String) throws(FileError) {
        self.path = path
        let statePath = path + "/" + Self.stateName
        let field = JSONField(try JSON.read(path: statePath), source: statePath, remedy: Self.remedy)
        let version = try field.required("version")
        guard try version.count() == Self.version else { throw version.mismatch("version \(Self.version)") }
        state = Trainer.State(
            progress: TrainingProgress(
                steps: try field.required("steps").bounded(), tokens: try field.required("tokens").bounded()),
            phase: try field.required("phase").count(),
            optimizerStepCount: try field.required("optimizer_steps").bounded(),
            cursor: try DataCursor(reading: field.required("cursor")),
            recentLosses: try field.required("recent_losses").elements().reading { field throws(FileError) in
                try field.number()
            })
        let files = try field.required("files")
        for name in [Self.parametersName, Self.momentsName] {
            let stated = try files.required(name).text()
            guard try Digest.sha256(file: path + "/" + name) == stated else {
                throw FileError(
                    path + "/" + name, "is damaged: it does not have the digest that was noted", remedy: Self.remedy)
            }
        }
        parameters = try SafetensorsFile(path: path + "/" + Self.parametersName)
        moments = try SafetensorsFile(path: path + "/" + Self.momentsName)
    }

    /// Writes the trained parameters into a model's buffers.
    ///
    /// - Throws: `FileError` if the model has others.
    public func fill(_ objective: any TrainingObjective) throws(FileError) {
        let trained = objective.trained
        guard parameters.tensors.count == trained.count else {
            throw FileError(
                parameters.path, "has \(parameters.tensors.count) parameters, and the model trains \(trained.count)",
                remedy: Self.remedy)
        }
        for (path, buffer, _) in trained {
            try copy(parameters, path.description, into: UnsafeMutableRawBufferPointer(buffer.elements))
        }
    }

    /// Writes what an optimizer remembered of a parameter.
    ///
    /// - Throws: `FileError` if it remembered something else.
    public func fill(_ moment: MomentTensor) throws(FileError) {
        try copy(moments, moment.name, into: moment.bytes)
    }

    private func copy(
        _ file: SafetensorsFile, _ name: String, into bytes: UnsafeMutableRawBufferPointer
    ) throws(FileError) {
        guard let tensor = file.tensors.first(where: { $0.name == name }) else {
            throw FileError(file.path, "has no tensor \(name)", remedy: Self.remedy)
        }
        let source = file.bytes(of: tensor)
        guard source.count == bytes.count else {
            throw FileError(
                file.path, at: name, "has \(source.count) bytes, and \(bytes.count) are needed", remedy: Self.remedy)
        }
        bytes.copyMemory(from: source)
    }
}

extension MomentTensor {
    /// What checkpoints call it.
    fileprivate var name: String { "\(path).\(kind.rawValue)" }
}
