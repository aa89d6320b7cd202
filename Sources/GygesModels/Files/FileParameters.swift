import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesTensors

/// The parameters of a model in files: each checked against the shape that the configuration gives, all that is wrong
/// reported at once, and matrices packed for products.
struct FileParameters: ParameterSource {
    private let source: TensorSource
    private let precision: MatmulPrecision
    /// Where packed copies are kept between runs, and who hears how far loading is.
    private let packing: Packing
    private let team: ThreadTeam
    private let place: (ParameterPath) -> TensorPlace
    private var problems = TensorProblems()
    /// The forms that kernels do not read, in the order in which they were met, and how many tensors have one.
    private var (unsupportedForms, unsupportedCount): ([String], Int) = ([], 0)
    /// Every tensor that was asked for; `nil` if it cannot be used.
    private var tensors: [String: StoredTensor?] = [:]
    private var stored: [ParameterPath: StoredTensor] = [:]
    private var packed: [String: PackedMatrix] = [:]

    /// - Parameter place: Where the files keep a parameter.
    init(
        source: TensorSource, precision: MatmulPrecision, packing: Packing, team: ThreadTeam,
        place: @escaping (ParameterPath) -> TensorPlace
    ) {
        self.source = source
        self.precision = precision
        self.packing = packing
        self.team = team
        self.place = place
    }

    /// Finds every parameter of an outline, then packs the matrices that products read, in the order of a pass. Nothing is
    /// packed before all are found, so that a bad file fails at once.
    ///
    /// - Parameters:
    ///   - ignored: Names of tensors that may be there and are not read.
    ///   - model: What the model is called in messages.
    ///   - finer: The matrices that have bfloat16 products where others have int8.
    /// - Throws: One ``FileError`` that tells of every missing, misshapen, unsupported or unknown tensor.
    mutating func load(
        _ outline: some ParameterTree<MatrixShape, VectorShape>, ignoring ignored: Set<String>, of model: String,
        finer: (ParameterPath) -> Bool = { _ in false }
    ) throws(FileError) {
        var found = self
        outline.forEachParameter(
            matrix: { found.expect($0.path, [$0.value.rows, $0.value.columns]) },
            vector: { found.expect($0.path, [$0.value.count]) })
        self = found
        guard unsupportedForms.isEmpty else {
            throw FileError(
                source.path, at: "tensors",
                "\(unsupportedCount) of \(source.allNames.count) tensors are stored as "
                    + "\(unsupportedForms.joined(separator: " or ")), with which Gyges does not compute",
                remedy: "Get the model stored as one of "
                    + WeightFormat.allCases.map(\.rawValue).joined(separator: ", ") + ".")
        }
        for name in source.allNames where tensors[name] == nil && !ignored.contains(name) {
            problems.add(name, "is not part of a \(model) model")
        }
        guard problems.isEmpty else {
            throw FileError(
                source.path, at: "tensors", problems: problems.sentences,
                remedy: "The weights do not match the configuration; get the model again or check its configuration.")
        }
        pack(outline.projections.map(\.weight.path), finer: finer)
    }

    private mutating func expect(_ path: ParameterPath, _ shape: [Int]) {
        let place = place(path)
        if let known = tensors[place.tensor] {
            stored[path] = known?.part(place.part)
            return
        }
        let name = place.tensor
        let wanted = place.tensorShape(for: shape)
        tensors.updateValue(nil, forKey: name)
        problems.expect(name)
        switch source.tensor(name) {
        case nil: problems.addMissing(name, shape: wanted)
        case .failure(let failure):
            unsupportedCount += 1
            if !unsupportedForms.contains(failure.form) { unsupportedForms.append(failure.form) }
        case .success(let tensor) where tensor.shape == wanted:
            tensors[name] = tensor
            stored[path] = tensor.part(place.part)
        case .success(let tensor):
            problems.add(name, "has shape \(tensor.shape) where the configuration gives \(wanted)")
        }
    }

    private mutating func pack(_ paths: [ParameterPath], finer: (ParameterPath) -> Bool) {
        let matrices = paths.filter(packing.packs).compactMap { path in
            stored[path].map {
                UnpackedMatrix(
                    name: place(path).name, tensor: $0,
                    precision: precision == .int8 && finer(path) ? .bfloat16 : precision)
            }
        }
        packed = packedMatrices(matrices, files: source.files, packing: packing, team: team)
    }

    /// A matrix of the outline that was loaded, with its packed form if products read it.
    ///
    /// - Throws: ``FileError`` for another path.
    func matrix(_ path: ParameterPath, _ shape: MatrixShape) throws(FileError) -> WeightMatrix {
        let tensor = try tensor(path)
        let owner = tensor.owner
        nonisolated(unsafe) let bytes = tensor.bytes  // Read-only memory of `owner`.
        return WeightMatrix(
            bytes, format: tensor.format, rows: shape.rows, columns: shape.columns, owner: owner,
            packed: packed[place(path).name], release: { owner.advise(.dontNeed, part: bytes) })
    }

    /// A vector of the outline that was loaded, as floats.
    ///
    /// - Throws: ``FileError`` for another path.
    func vector(_ path: ParameterPath, _ shape: VectorShape) throws(FileError) -> WeightVector {
        let tensor = try tensor(path)
        var elements = [Float](repeating: 0, count: shape.count)
        var span = elements.mutableSpan
        dequantizeRows(tensor.bytes, format: tensor.format, columns: shape.count, rows: [0], into: &span, team: team)
        return WeightVector(elements)
    }

    private func tensor(_ path: ParameterPath) throws(FileError) -> StoredTensor {
        guard let tensor = stored[path] else {
            throw FileError(
                source.path, at: "tensors", "has no parameter \(path)", remedy: "This is a fault of Gyges; report it.")
        }
        return tensor
    }
}
