public import GygesFiles

extension StoredAdapter {
    /// Reads a GGUF file of an adapter (llama.cpp, `convert_lora_to_gguf.py` and `src/llama-adapter.cpp`):
    /// `KeyTable.ggufAdapter` has every key.
    ///
    /// The scale of a matrix is alpha by its own rank, or 1 where alpha is 0, as llama.cpp computes it.
    ///
    /// - Throws: ``FileError`` that lists everything wrong with it at once.
    public init(gguf file: GGUFFile) throws(FileError) {
        func refuse(_ key: String, _ problem: String) -> FileError {
            FileError(file.path, at: key, problem, remedy: "Give a GGUF file that llama.cpp made of a LoRA adapter.")
        }
        guard file.metadata["general.type"]?.string == "adapter" else {
            throw refuse("general.type", "does not say adapter: the file is a whole model, or something else")
        }
        guard file.metadata["adapter.type"]?.string == "lora" else {
            throw refuse("adapter.type", "is no lora, the only type of adapter that is read")
        }
        guard let architecture = file.metadata["general.architecture"]?.string else {
            throw refuse("general.architecture", "is missing")
        }
        guard let alpha = file.metadata["adapter.lora.alpha"]?.double, alpha.isFinite, alpha >= 0 else {
            throw refuse("adapter.lora.alpha", "is no number from 0 on")
        }
        if file.metadata["adapter.alora.invocation_tokens"] != nil {
            throw refuse(
                "adapter.alora.invocation_tokens",
                "asks for an adapter that begins to count within a text (activated LoRA), which is not computed")
        }
        var problems = TensorProblems()
        var (first, second): ([String: StoredMatrix], [String: StoredMatrix]) = ([:], [:])
        for tensor in file.tensors {
            let parts = tensor.name.split(separator: ".", omittingEmptySubsequences: false)
            guard let kind = parts.last, kind == "lora_a" || kind == "lora_b", parts.dropLast().last == "weight" else {
                problems.add(tensor.name, "is no matrix of an adapter")
                continue
            }
            let name = parts.dropLast(2).joined(separator: ".")
            guard tensor.shape.count == 2, !tensor.shape.contains(0) else {
                problems.add(tensor.name, "has shape \(tensor.shape) where a matrix should be")
                continue
            }
            guard let elements = file.floats(of: tensor) else {
                problems.add(tensor.name, "is stored as \(tensor.type.name); F32, F16 and BF16 are read")
                continue
            }
            guard elements.allSatisfy(\.isFinite) else {
                problems.add(tensor.name, "holds infinities or what is no number")
                continue
            }
            let matrix = StoredMatrix(elements, rows: tensor.shape[0], columns: tensor.shape[1])
            if kind == "lora_a" { first[name] = matrix } else { second[name] = matrix }
        }
        let pairs = MatrixPairs(first, second, problems: &problems)
        guard problems.isEmpty else {
            throw FileError(
                file.path, at: "tensors", problems: problems.sentences, remedy: "Get the adapter again.")
        }
        let rank = pairs.commonRank
        var settings = AdapterSettings(
            rank: rank, alpha: alpha > 0 ? alpha : Double(rank), targets: .names(pairs.modules.map(\.name)),
            baseName: file.metadata["general.base_model.0.name"]?.string)
        do throws(ModulePattern.Fault) {
            for module in pairs.modules where module.a.rows != rank {
                let pattern = try ModulePattern(literal: module.name)
                settings.rankPatterns.append(.init(pattern, module.a.rows))
                if alpha == 0 { settings.alphaPatterns.append(.init(pattern, Double(module.a.rows))) }
            }
        } catch {
            throw refuse("tensors", "a name \(error.problem)")
        }
        self.init(settings: settings, naming: .gguf, modules: pairs.modules)
        self.architecture = architecture
    }

    /// Writes a GGUF file of an adapter that llama.cpp reads, in f32.
    ///
    /// The format has one alpha for all matrices. What a scale is more than that by the matrix's rank (√rank of rsLoRA, alphas by
    /// module) goes into the alpha, where it is the same for all, or into `B`.
    ///
    /// - Precondition: Names are those of GGUF files (``Naming/gguf``), and nothing is saved whole.
    /// - Throws: ``FileError`` if the file cannot be written.
    public func write(toGGUF path: String) throws(FileError) {
        guard naming == .gguf, let architecture, saved.isEmpty else {
            fatalError(
                "an adapter with names of PEFT, or with modules that are saved whole, is not written as a GGUF file")
        }
        // Exact for the modules that have no exceptions.
        let root = settings.usesRootOfRank ? Double(settings.rank).squareRoot() : 1
        let alpha = Float(settings.alpha * root)
        var entries = [
            GGUFWriter.entry("general.type", "adapter"), GGUFWriter.entry("general.architecture", architecture),
            GGUFWriter.entry("adapter.type", "lora"), GGUFWriter.entry("adapter.lora.alpha", alpha),
        ]
        if let name = settings.baseName { entries.append(GGUFWriter.entry("general.base_model.0.name", name)) }
        var matrices: [(name: String, matrix: StoredMatrix)] = []
        for module in modules {
            let factor = Float(settings.scale(of: module.name) * Double(module.a.rows) / (settings.alpha * root))
            var b = module.b
            // Rounded to f32, a factor of 1 is one.
            if factor != 1 { for index in b.elements.indices { b.elements[index] *= factor } }
            matrices.append((module.name + ".weight.lora_a", module.a))
            matrices.append((module.name + ".weight.lora_b", b))
        }
        try GGUFWriter.write(
            entries: entries,
            tensors: matrices.map { .init(name: $0.name, type: .f32, shape: [$0.matrix.rows, $0.matrix.columns]) },
            to: path
        ) { index, output throws(FileError) in
            try output.append(matrices[index].matrix.elements.withUnsafeBytes(Array.init))
        }
    }
}

extension StoredAdapter {
    /// Reads an adapter: a PEFT folder, or a GGUF file of one.
    ///
    /// - Throws: ``FileError`` if it is neither, or damaged.
    public init(path: String) throws(FileError) {
        self =
            GygesFiles.isFolder(path) ? try StoredAdapter(folder: path) : try StoredAdapter(gguf: GGUFFile(path: path))
    }

    /// The files that decide what an adapter adds.
    public static func files(of path: String) -> [String] {
        GygesFiles.isFolder(path) ? [settingsFile, matricesFile].map { path + "/" + $0 } : [path]
    }
}

/// The matrices of layers, two by two.
struct MatrixPairs {
    /// The layers that have both, by name.
    private(set) var modules: [StoredAdapter.Module] = []

    /// Notes which layers have one alone, and which two do not meet in one rank.
    init(_ first: [String: StoredMatrix], _ second: [String: StoredMatrix], problems: inout TensorProblems) {
        for name in Set(first.keys).union(second.keys).sorted() {
            guard let a = first[name], let b = second[name] else {
                problems.add(name, "has its \(first[name] == nil ? "second" : "first") matrix alone")
                continue
            }
            if a.rows != b.columns {
                problems.add(
                    name,
                    "has matrices [\(a.rows), \(a.columns)] and [\(b.rows), \(b.columns)], which meet in no one rank")
            }
            modules.append(.init(name, a: a, b: b))
        }
    }

    /// The rank that most layers have, of several the smallest; 1 without layers.
    var commonRank: Int {
        let counts = Dictionary(modules.map { ($0.a.rows, 1) }, uniquingKeysWith: +)
        return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? 1
    }
}
