import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesTensors

extension DecoderWeights where Matrix == WeightMatrix, Vector == WeightVector {
    /// Takes the parameters out of a file, each checked against the configuration, and packs them for products.
    ///
    /// - Parameters:
    ///   - head: What the files hold of the head; the configuration agrees with it.
    ///   - packing: Where packed copies are kept between runs, and who hears how far loading is.
    /// - Throws: One ``FileError`` that lists every missing, misshapen, unsupported or unknown tensor.
    init(
        _ configuration: CausalModelConfiguration, head: StoredHead, source: TensorSource, precision: MatmulPrecision,
        packing: Packing, team: ThreadTeam
    ) throws(FileError) {
        try configuration.checkExpertCount(in: source)
        let names = source.names
        var ignored: Set<String> = []
        if head == .embedding { ignored.insert(names.head) }
        switch names {
        case .gguf: if let divisors = names.rotaryDivisors { ignored.insert(divisors) }
        case .huggingFace, .huggingFaceHeadless:
            for layer in 0..<configuration.layerCount {  // Buffers that old checkpoints saved.
                ignored.insert("\(names.prefix)layers.\(layer).self_attn.rotary_emb.inv_freq")
            }
        }
        let experts = configuration.experts?.count ?? 0
        var parameters = FileParameters(
            source: source, precision: precision, packing: packing, team: team
        ) { path in
            let place = names.place(of: path, expertCount: experts)
            return head == .standsForEmbedding && place.tensor == names.embedding ? TensorPlace(names.head) : place
        }
        try parameters.load(
            DecoderWeights<MatrixShape, VectorShape>(shapesOf: configuration), ignoring: ignored,
            of: configuration.architecture.rawValue)
        try self.init(configuration, from: parameters)
    }
}

extension CausalModelConfiguration {
    /// Refuses a configuration that promises far more experts than there are tensors, before it is taken at its word and
    /// every one of them is listed as missing.
    fileprivate func checkExpertCount(in source: TensorSource) throws(FileError) {
        guard let experts else { return }
        let remedy = "The weights do not match the configuration; get the model again or check its configuration."
        let layers = (0..<layerCount).filter { !experts.denseLayers.contains($0) }
        switch source.names {
        case .huggingFace, .huggingFaceHeadless:
            guard layers.count * experts.count * 3 > source.allNames.count else { return }
            throw FileError(
                source.path, at: "tensors",
                "\(layers.count) layers of \(experts.count) experts need more than the \(source.allNames.count) tensors there are",
                remedy: remedy)
        case .gguf:
            let problems = layers.compactMap { layer -> String? in
                let name = source.names.expertStack("gate", layer)
                guard case .success(let stack) = source.tensor(name) else { return "tensor \(name) is missing" }
                return stack.shape.first == experts.count
                    ? nil : "tensor \(name) has shape \(stack.shape) where there are \(experts.count) experts"
            }
            guard problems.isEmpty else {
                throw FileError(source.path, at: "tensors", problems: problems, remedy: remedy)
            }
        }
    }
}
