public import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesTensors

/// The parameters of an encoder's head, as far as a folder has them: a model that was trained for one task begins another with what the two
/// have in common, as transformers' `from_pretrained` does.
public struct StoredEncoderHead {
    private let source: TensorSource
    private let names: EncoderTensorNames
    private let team: ThreadTeam

    /// The head of a task in a folder.
    ///
    /// - Parameter configuration: The shape of the model that is to have the head.
    /// - Throws: `FileError` if the folder's tensors cannot be read.
    public init(of configuration: EncoderConfiguration, in folder: ModelFolder, team: ThreadTeam) throws(FileError) {
        source = try TensorSource(folder: folder)
        names = EncoderTensorNames(source: source, configuration: configuration)
        self.team = team
    }

    /// A parameter's elements, row after row; `nil` if the folder has none of that name and shape.
    ///
    /// - Throws: `FileError` if they are stored in a form that is not read.
    public func elements(_ path: ParameterPath, shape: [Int]) throws(FileError) -> [Float]? {
        let name = names.place(of: path).tensor
        switch source.tensor(name) {
        case nil: return nil
        case .failure(let failure):
            throw FileError(
                source.path, at: name, "is stored as \(failure.form), with which Gyges does not compute",
                remedy: "Get the model in floats.")
        case .success(let tensor):
            guard tensor.shape == shape else { return nil }
            let (rows, columns) = tensor.matrixShape
            var elements = [Float](repeating: 0, count: rows * columns)
            var span = elements.mutableSpan
            dequantizeRows(
                tensor.bytes, format: tensor.format, columns: columns, rows: Array(0..<rows), into: &span, team: team)
            return elements
        }
    }
}

extension EncoderWeights.Head {
    /// The same parameters in another form, of a head whose scores are not the embedding's.
    ///
    /// - Throws: What `matrix` and `vector` throw, at once.
    public func map<NewMatrix, NewVector, Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> NewMatrix,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> NewVector
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector>.Head {
        let mapping = ParameterMapping(matrix: matrix, vector: vector)
        var newDense: Projection<NewMatrix, NewVector>?
        if let dense { newDense = try mapping.projection(dense) }
        return .init(
            dense: newDense, norm: try EncoderWeights.Norm.map(norm, by: mapping),
            scores: try mapping.projection(scores))
    }
}
