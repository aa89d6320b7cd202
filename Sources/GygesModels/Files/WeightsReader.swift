import GygesFiles
import GygesKernels
import GygesTensors

/// Takes a model's parameters out of files: checks each tensor against what the configuration calls for, reports all that
/// is wrong at once, and packs matrices for products.
struct WeightsReader {
    /// The tensors by name.
    let source: TensorSource
    private let precision: ProductPrecision
    /// Where packed copies are kept between runs, if anywhere.
    private let panelFolder: String?
    private let team: ThreadTeam
    private var problems: [String] = []
    private var used: Set<String> = []
    private var stored: [String: StoredTensor] = [:]
    private var packed: [String: PackedMatrix] = [:]

    init(source: TensorSource, precision: ProductPrecision, panelFolder: String?, team: ThreadTeam) {
        self.source = source
        self.precision = precision
        self.panelFolder = panelFolder
        self.team = team
    }

    /// Asks for a tensor of a shape, the slowest dimension first.
    mutating func expect(_ name: String, _ shape: [Int]) {
        used.insert(name)
        switch source.tensor(name) {
        case nil: problems.append("tensor \(name) \(shape) is missing")
        case .failure(let failure): problems.append("tensor \(name): \(failure.message)")
        case .success(let tensor):
            if tensor.shape == shape {
                stored[name] = tensor
            } else {
                problems.append("tensor \(name) has shape \(tensor.shape) where the configuration gives \(shape)")
            }
        }
    }

    /// Says that all tensors have been asked for. Nothing is packed before, so that a bad file fails at once.
    ///
    /// - Parameters:
    ///   - ignored: Names that may be there and are not read.
    ///   - model: What the model is called in messages.
    /// - Throws: One ``FileError`` that lists every missing, misshapen, unsupported or unknown tensor.
    mutating func finish(ignoring ignored: Set<String>, of model: String) throws(FileError) {
        let known = used.union(ignored)
        for name in source.allNames where !known.contains(name) {
            problems.append("tensor \(name) is not part of a \(model) model")
        }
        guard problems.isEmpty else {
            throw FileError(
                source.path, at: "tensors", problems: problems,
                remedy: "The weights do not match the configuration; get the model again or check its configuration.")
        }
    }

    /// Gives names to the tensors of one dimension less that lie one after another in a tensor.
    mutating func split(_ name: String, into names: (_ index: Int) -> String) {
        for (index, slice) in (stored.removeValue(forKey: name)?.slices ?? []).enumerated() {
            stored[names(index)] = slice
        }
    }

    /// Gives names to equal runs of rows of a tensor, without copying.
    mutating func splitRows(_ name: String, into names: [String]) {
        guard let tensor = stored.removeValue(forKey: name) else { return }
        for (part, rows) in zip(names, tensor.runs(count: names.count)) { stored[part] = rows }
    }

    /// Packs matrices, in the order in which a pass needs them; `finer` ones have bfloat16 products where others have int8.
    mutating func pack(_ names: [String], finer: Set<String> = []) {
        let matrices = names.compactMap { name in
            stored[name].map {
                UnpackedMatrix(
                    name: name, tensor: $0,
                    precision: precision == .int8 && finer.contains(name) ? .bfloat16 : precision)
            }
        }
        packed = packedMatrices(matrices, files: source.files, folder: panelFolder, team: team)
    }

    /// A tensor that was asked for, as floats.
    func vector(_ name: String) -> WeightVector {
        let tensor = stored[name]!  // `finish` threw if one that was asked for is not there.
        let count = tensor.shape[0]
        var elements = [Float](repeating: 0, count: count)
        var span = elements.mutableSpan
        dequantizeRows(tensor.bytes, format: tensor.format, columns: count, rows: [0], into: &span, team: team)
        return WeightVector(elements)
    }

    /// A matrix that was asked for, with its packed form if it has one.
    func matrix(_ name: String) -> WeightMatrix {
        let tensor = stored[name]!  // As above.
        let owner = tensor.owner
        nonisolated(unsafe) let bytes = tensor.bytes  // Read-only memory of `owner`.
        return WeightMatrix(
            bytes, format: tensor.format, rows: tensor.matrixShape.rows, columns: tensor.matrixShape.columns,
            owner: owner, packed: packed[name], release: { owner.advise(.dontNeed, part: bytes) })
    }

    /// The matrix `stem.weight` and, if it was asked for, the bias `stem.bias`.
    func projection(_ stem: String) -> Projection<WeightMatrix, WeightVector> {
        Projection(
            weight: matrix(stem + ".weight"), bias: stored[stem + ".bias"] != nil ? vector(stem + ".bias") : nil)
    }

    /// Whether a tensor was asked for and is there.
    func has(_ name: String) -> Bool { stored[name] != nil }
}
