import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors

/// The head that a model of another task begins with: what its folder has of it, and random numbers for the rest.
struct BegunHead {
    /// The parameters, all of them trained.
    let head: EncoderWeights<TapeMatrix, TapeVector>.Head
    /// Those that the folder has not.
    let drawn: [ParameterPath]

    /// What users should know.
    var notes: [String] {
        drawn.isEmpty ? [] : ["begun with random numbers: \(drawn.map(\.description).joined(separator: ", "))"]
    }

    /// - Throws: `FileError` if the folder's tensors cannot be read.
    init(
        of configuration: EncoderConfiguration, in folder: ModelFolder, seed: UInt64, team: ThreadTeam
    ) throws(FileError) {
        let stored = try StoredEncoderHead(of: configuration, in: folder, team: team)
        let scheme: FreshParameters.Scheme = configuration.family == .modernBERT ? .fullMegatron : .normal
        let fresh = FreshParameters(scheme, layerCount: configuration.layerCount, seed: seed)
        guard let outline = EncoderWeights<MatrixShape, VectorShape>(shapesOf: configuration, hasHead: true).head else {
            throw FileError(folder.path, "has no head to begin with", remedy: "This is a fault of Gyges; report it.")
        }
        var drawn: [ParameterPath] = []
        head = try outline.map(
            matrix: { (parameter) throws(FileError) in
                let shape = parameter.value
                if let elements = try stored.elements(parameter.path, shape: [shape.rows, shape.columns]) {
                    return .trained(ParameterBuffer(elements, rows: shape.rows, columns: shape.columns))
                }
                drawn.append(parameter.path)
                return fresh.matrix(parameter.path, shape)
            },
            vector: { (parameter) throws(FileError) in
                let shape = parameter.value
                if let elements = try stored.elements(parameter.path, shape: [shape.count]) {
                    return .trained(ParameterBuffer(elements, rows: 1, columns: shape.count))
                }
                drawn.append(parameter.path)
                return fresh.vector(parameter.path, shape)
            })
        self.drawn = drawn
    }
}

extension Encoder {
    /// The encoder that a `config.json` describes.
    ///
    /// - Throws: `FileError` with everything that is wrong.
    init(json: JSON, path: String) throws(FileError) {
        try self.init(configuration: EncoderConfiguration(json: json, path: path), path: path)
    }
}
