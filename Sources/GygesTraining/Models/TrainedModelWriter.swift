import FoundationEssentials
public import GygesCheckpoints
import GygesFiles
public import GygesKernels
import GygesModels
import GygesTensors

extension TrainingModel {
    /// The files of a folder that belong to its text, and go with a model that is trained from it.
    private static let textFiles = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "merges.txt", "vocab.txt", "tokenizer.model", "chat_template.jinja", "chat_template.json",
        "generation_config.json",
    ]

    /// Writes the model into a folder: as transformers reads it, `config.json`, `model.safetensors` and the files of its text; or,
    /// where it was loaded from a GGUF file, `model.gguf` with the metadata of that.
    ///
    /// - Parameters:
    ///   - objective: The objective whose run trained the model: it knows of other rotary bases.
    ///   - type: `.f32`, or `.bf16` for half the size.
    ///   - path: A folder that is not there yet.
    /// - Throws: `FileError` if it cannot be written.
    public func write(
        _ objective: any TrainingObjective, as type: SafetensorsType = .f32, to path: String, team: ThreadTeam
    ) throws {
        let floats = objective.parameters.floats(team: team)
        func elements(_ parameter: ParameterPath) throws(FileError) -> [Float] {
            guard let elements = floats[parameter] else {
                throw FileError(path, "has no parameter \(parameter)", remedy: "This is a fault of Gyges; report it.")
            }
            return elements()
        }
        try AtomicFolder.make(at: path) { temporary in
            switch origin {
            case .gguf(let file):
                guard let next = objective as? NextTokenObjective else { throw unwritable(path) }
                let baseKey = (file.metadata["general.architecture"]?.string ?? "") + ".rope.freq_base"
                let base = Float(next.decoder.configuration.ropeBase)
                try CheckpointLayout(gguf: next.decoder.configuration).write(
                    as: type == .f32 ? .f32 : .bf16, like: file,
                    replacing: [baseKey: GGUFWriter.entry(baseKey, base)], to: temporary + "/model.gguf",
                    elements: elements)
            case .folder(let folder, let configuration):
                let (layout, configuration) = try description(of: objective, like: configuration, as: type, path)
                try AtomicFile.write(JSON.object(configuration).serialized() + "\n", to: temporary + "/config.json")
                for name in Self.textFiles where folder.contains(name) {
                    try AtomicFile.write(try MappedFile.read(path: folder.path(of: name)), to: temporary + "/" + name)
                }
                try layout.write(as: type, to: temporary + "/model.safetensors", elements: elements)
            }
        }
    }

    /// Writes the adapter that was trained as PEFT saves it.
    ///
    /// - Parameters:
    ///   - baseName: What the adapter is said to be made for.
    ///   - path: A folder that is not there yet.
    /// - Throws: `FileError` if it cannot be written.
    /// - Precondition: One was trained (``isAdapted``).
    public func writeAdapter(
        _ objective: any TrainingObjective, baseName: String, to path: String, team: ThreadTeam
    ) throws {
        guard let fresh = trained.fresh, let modules = trained.modules else {
            fatalError("no adapter was trained")
        }
        var settings = fresh.settings
        settings.baseName = baseName
        if settings.task == nil, case .decoder = network { settings.task = "CAUSAL_LM" }
        let adapter = objective.parameters.stored(on: modules, settings, fresh.wholes, team)
        try AtomicFolder.make(at: path) { temporary in try adapter.write(toFolder: temporary) }
    }

    /// The tensors of a trained model's folder and its `config.json`.
    private func description(
        of objective: any TrainingObjective, like configuration: JSON, as type: SafetensorsType, _ path: String
    ) throws(FileError) -> (CheckpointLayout, JSONObject) {
        var object = configuration.object ?? JSONObject()
        // transformers 5 writes "dtype", and older ones read the other.
        object[object["dtype"] != nil ? "dtype" : "torch_dtype"] = .string(type == .f32 ? "float32" : "bfloat16")
        switch objective {
        case let next as NextTokenObjective:
            object["tie_word_embeddings"] = .bool(next.decoder.configuration.tiesEmbeddings)
            object.setRotaryBase(next.decoder.configuration.ropeBase, key: "rope_theta", layers: nil)
            return (CheckpointLayout(next.decoder.configuration), object)
        case let masked as MaskedTokenObjective:
            if case .rotary(let global, _) = masked.encoder.configuration.positions {
                object.setRotaryBase(global.base, key: "global_rope_theta", layers: "full_attention")
            }
            return (CheckpointLayout(masked.encoder.configuration), object)
        case let labels as LabelObjective:
            if case .rotary(let global, _) = labels.encoder.configuration.positions {
                object.setRotaryBase(global.base, key: "global_rope_theta", layers: "full_attention")
            }
            return (CheckpointLayout(labels.encoder.configuration), object)
        default: throw unwritable(path)
        }
    }

    private func unwritable(_ path: String) -> FileError {
        FileError(path, "this objective's model cannot be written", remedy: "This is a fault of Gyges; report it.")
    }
}

extension ParameterTree<TapeMatrix, TapeVector> {
    fileprivate func stored(
        on modules: ModelModules, _ settings: AdapterSettings, _ wholes: Set<ParameterPath>, _ team: ThreadTeam
    ) -> StoredAdapter {
        StoredAdapter(of: self, on: modules, settings: settings, wholes: wholes, team: team)
    }

    /// What gives the elements of each parameter, those of frozen ones as floats.
    fileprivate func floats(team: ThreadTeam) -> [ParameterPath: () -> [Float]] {
        var found: [ParameterPath: () -> [Float]] = [:]
        forEachParameter(
            matrix: { parameter in found[parameter.path] = { parameter.value.stored(team: team).elements } },
            vector: { parameter in found[parameter.path] = { parameter.value.floats } })
        return found
    }
}

extension JSONObject {
    /// Notes a rotary base where the configuration has one: in `rope_parameters`, for a kind of layers if it tells them apart, or under a key of its own.
    fileprivate mutating func setRotaryBase(_ base: Double, key: String, layers: String?) {
        guard var settings = self["rope_parameters"]?.object else {
            if self[key] != nil || layers == nil { self[key] = .double(base) }
            return
        }
        if let layers, var own = settings[layers]?.object {
            own["rope_theta"] = .double(base)
            settings[layers] = .object(own)
        } else {
            settings["rope_theta"] = .double(base)
        }
        self["rope_parameters"] = .object(settings)
    }
}
