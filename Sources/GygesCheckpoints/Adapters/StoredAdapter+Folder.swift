import FoundationEssentials
public import GygesFiles

extension StoredAdapter {
    /// The names of the files of a PEFT folder.
    static let (settingsFile, matricesFile) = ("adapter_config.json", "adapter_model.safetensors")

    /// Whether a folder holds an adapter.
    public static func isFolder(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + settingsFile)
    }

    /// Reads a PEFT folder: `adapter_config.json` and `adapter_model.safetensors`, in f32, f16 or bf16.
    ///
    /// - Throws: ``FileError`` that lists everything wrong with one of the files at once, matrices that do not agree with each other or
    ///   with the settings included.
    public init(folder path: String) throws(FileError) {
        guard Self.isFolder(path) else {
            throw FileError(
                path, "holds no \(Self.settingsFile)",
                remedy: "Give the folder of an adapter as PEFT saves it, or a GGUF file.")
        }
        let settingsPath = path + "/" + Self.settingsFile
        let json = try JSON.read(path: settingsPath, limits: .init())
        let settings = try AdapterSettings(peft: json, path: settingsPath)
        let matricesPath = path + "/" + Self.matricesFile
        guard FileManager.default.fileExists(atPath: matricesPath) else {
            throw FileError(
                path, "holds no \(Self.matricesFile)",
                remedy: "Save the adapter as safetensors; pickles (adapter_model.bin) can run code and are not read.")
        }
        var reader = AdapterReader(settings)
        let file = try SafetensorsFile(path: matricesPath)
        for tensor in file.tensors { reader.read(tensor, of: file) }
        let modules = reader.modules()
        guard reader.problems.isEmpty else {
            throw FileError(
                matricesPath, at: "tensors", problems: reader.problems.sentences,
                remedy: "Get the adapter again, or merge it into its model with PEFT and use the result.")
        }
        self.init(settings: settings, modules: modules, saved: reader.saved, baseCopies: reader.baseCopies)
        // Settings that leave modules out by other keys are those of the modules that are there.
        let narrowing = ["exclude_modules", "layers_to_transform"]
        if narrowing.contains(where: { json[$0].map { !$0.isNull && $0.array?.isEmpty != true } ?? false }) {
            self.settings.targets = .names(self.modules.map(\.name))
        }
    }

    /// What a PEFT folder's settings say that is in no table.
    ///
    /// - Throws: ``FileError`` if they are not JSON.
    public static func unknownKeys(inFolder path: String) throws(FileError) -> [UnknownKeys] {
        let object = try JSON.read(path: path + "/" + settingsFile, limits: .init()).object ?? JSONObject()
        let names = KeyTable.adapterConfiguration.unknownNames(in: object)
        return UnknownKeys(settingsFile, names).map { [$0] } ?? []
    }

    /// Writes a PEFT folder, in f32; it is made if it is not there, and files of these names in it are replaced.
    ///
    /// - Precondition: Names are transformers' (``Naming/huggingFace``).
    /// - Throws: ``FileError`` if the folder cannot be made or written.
    public func write(toFolder path: String) throws(FileError) {
        guard naming == .huggingFace else {
            fatalError("an adapter with names of GGUF files is not written as a PEFT folder")
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FileError(path, "cannot be made: \(error)", remedy: "Check the path and its permissions.")
        }
        var tensors: [SafetensorsWriter.Tensor] = []
        for module in modules {
            tensors.append(Self.tensor(AdapterReader.prefix + module.name + ".lora_A.weight", module.a))
            tensors.append(Self.tensor(AdapterReader.prefix + module.name + ".lora_B.weight", module.b))
        }
        for parameter in saved {
            tensors.append(
                Self.tensor(AdapterReader.prefix + parameter.name, parameter.elements, isVector: parameter.isVector))
        }
        for copy in baseCopies {
            let name = AdapterReader.prefix + copy.name.dropLast(".weight".count) + AdapterReader.baseEnd
            tensors.append(Self.tensor(name, copy.elements, isVector: copy.isVector))
        }
        try SafetensorsWriter.write(tensors, metadata: [("format", "pt")], to: path + "/" + Self.matricesFile)
        try AtomicFile.write(settings.peft.serialized(.pretty) + "\n", to: path + "/" + Self.settingsFile)
    }

    private static func tensor(_ name: String, _ matrix: StoredMatrix, isVector: Bool = false)
        -> SafetensorsWriter.Tensor
    {
        .init(
            name: name, type: .f32, shape: isVector ? [matrix.columns] : [matrix.rows, matrix.columns],
            bytes: matrix.elements.withUnsafeBytes(Array.init))
    }
}

/// Sorts the tensors of a PEFT file.
private struct AdapterReader {
    /// What names of tensors begin with.
    static let prefix = "base_model.model."
    /// How the name of a base's weight ends that is saved beside its adapter.
    static let baseEnd = ".base_layer.weight"

    private let settings: AdapterSettings
    private var first: [String: StoredMatrix] = [:]
    private var second: [String: StoredMatrix] = [:]
    private(set) var saved: [StoredAdapter.SavedParameter] = []
    private(set) var baseCopies: [StoredAdapter.SavedParameter] = []
    private(set) var problems = TensorProblems()

    init(_ settings: AdapterSettings) { self.settings = settings }

    mutating func read(_ tensor: SafetensorsTensor, of file: SafetensorsFile) {
        guard tensor.name.hasPrefix(Self.prefix) else {
            problems.add(tensor.name, "does not begin with \(Self.prefix), as tensors of a PEFT folder do")
            return
        }
        let name = String(tensor.name.dropFirst(Self.prefix.count))
        if let refusal = Self.refusals.first(where: { name.hasSuffix($0.end) })?.reason {
            problems.add(tensor.name, "belongs to \(refusal), which is not computed")
            return
        }
        if name.hasSuffix(Self.baseEnd) {
            guard let elements = elements(of: tensor, in: file) else { return }
            let module = String(name.dropLast(Self.baseEnd.count))
            baseCopies.append(.init(module + ".weight", elements, isVector: tensor.shape.count == 1))
            return
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isMatrix = parts.last == "weight" && parts.count > 2
        let kind = isMatrix ? parts[parts.count - 2] : ""
        guard kind == "lora_A" || kind == "lora_B" else {
            let module = parts.dropLast().joined(separator: ".")
            // PEFT saves a head that is tied to a saved embedding and does not name it.
            guard settings.saves(module) || settings.keepsTying else {
                problems.add(tensor.name, "is no matrix of an adapter, and modules_to_save does not name its module")
                return
            }
            guard let elements = elements(of: tensor, in: file) else { return }
            saved.append(.init(name, elements, isVector: tensor.shape.count == 1))
            return
        }
        guard tensor.shape.count == 2 else {
            problems.add(tensor.name, "has shape \(tensor.shape) where a matrix should be")
            return
        }
        guard let elements = elements(of: tensor, in: file) else { return }
        let module = parts.dropLast(2).joined(separator: ".")
        if kind == "lora_A" { first[module] = elements } else { second[module] = elements }
    }

    /// The elements of a matrix or a vector, as floats; `nil`, and a problem, for another tensor.
    private mutating func elements(of tensor: SafetensorsTensor, in file: SafetensorsFile) -> StoredMatrix? {
        guard (1...2).contains(tensor.shape.count), !tensor.shape.contains(0), let columns = tensor.shape.last else {
            problems.add(tensor.name, "has shape \(tensor.shape) where a matrix or a vector should be")
            return nil
        }
        guard let floats = file.floats(of: tensor) else {
            problems.add(tensor.name, "is stored as \(tensor.type.rawValue); F32, F16 and BF16 are read")
            return nil
        }
        guard floats.allSatisfy(\.isFinite) else {
            problems.add(tensor.name, "holds infinities or what is no number")
            return nil
        }
        return StoredMatrix(floats, rows: floats.count / columns, columns: columns)
    }

    /// The pairs of matrices; what is wrong with them is noted.
    mutating func modules() -> [StoredAdapter.Module] {
        let pairs = MatrixPairs(first, second, problems: &problems)
        for module in pairs.modules {
            let (name, rank) = (module.name, settings.rank(of: module.name))
            if module.a.rows != rank {
                problems.add(name, "has matrices of rank \(module.a.rows) where r and rank_pattern give rank \(rank)")
            }
            // PEFT would leave such matrices out and say so only in a warning. A head that `all-linear` leaves out is known to models.
            if !settings.targets.include(name, isHead: false) {
                problems.add(name, "has matrices, and target_modules does not name it")
            }
        }
        if pairs.modules.isEmpty, saved.isEmpty, problems.isEmpty {
            problems.add("lora_A.weight", "is there for no module")
        }
        return pairs.modules
    }

    private static let refusals = [
        (end: ".lora_magnitude_vector", reason: "weights of which the lengths are trained too (DoRA)"),
        (end: ".lora_magnitude_vector.weight", reason: "weights of which the lengths are trained too (DoRA)"),
        (end: ".lora_embedding_A", reason: "an adapter of an embedding table"),
        (end: ".lora_embedding_B", reason: "an adapter of an embedding table"),
        (end: ".lora_B.bias", reason: "biases within adapters"),
        (end: ".trainable_tokens_delta", reason: "rows of the embedding that replace the base's"),
        (end: ".base_layer.bias", reason: "biases that are trained beside adapters"),
    ]
}
