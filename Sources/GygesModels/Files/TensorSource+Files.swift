import GygesCheckpoints
import GygesFiles
import GygesKernels

extension TensorSource {
    /// The tensors of a GGUF file.
    init(gguf file: GGUFFile) {
        path = file.path
        files = file.files
        names = .gguf
        allNames = file.tensors.map(\.name)
        tensor = { name in
            guard let tensor = file.tensor(named: name) else { return nil }
            guard let format = WeightFormat(rawValue: tensor.type.name) else {
                return .failure(UnsupportedTensor(form: tensor.type.name))
            }
            return .success(
                StoredTensor(
                    shape: tensor.shape, format: format, bytes: file.bytes(of: tensor), owner: file.file(of: tensor)))
        }
    }

    /// The tensors of a Hugging Face folder.
    ///
    /// - Throws: ``FileError`` if the weights cannot be opened, or are quantised.
    init(folder: ModelFolder) throws(FileError) {
        try folder.refusePackedWeights()
        self.init(safetensors: try folder.weights(), path: folder.path)
    }

    /// The tensors of safetensors files that belong together.
    init(safetensors files: [SafetensorsFile], path: String) {
        var places: [String: (file: SafetensorsFile, tensor: SafetensorsTensor)] = [:]
        for file in files { for tensor in file.tensors { places[tensor.name] = (file, tensor) } }
        self.path = path
        self.files = files.map(\.file)
        names = places["embed_tokens.weight"] == nil ? .huggingFace : .huggingFaceHeadless
        allNames = places.keys.sorted()
        tensor = { name in
            guard let (file, tensor) = places[name] else { return nil }
            let format: WeightFormat
            switch tensor.type {
            case .f32: format = .f32
            case .f16: format = .f16
            case .bf16: format = .bf16
            default:
                return .failure(UnsupportedTensor(form: tensor.type.rawValue))
            }
            return .success(
                StoredTensor(shape: tensor.shape, format: format, bytes: file.bytes(of: tensor), owner: file.file))
        }
    }
}
