import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesTensors

extension EncoderWeights where Matrix == WeightMatrix, Vector == WeightVector {
    /// Takes the parameters out of a folder, each checked against the configuration, and packs them for products.
    ///
    /// - Throws: One ``FileError`` that lists every missing, misshapen, unsupported or unknown tensor.
    init(
        _ configuration: EncoderConfiguration, hasHead: Bool, source: TensorSource, precision: MatmulPrecision,
        packing: Packing, team: ThreadTeam
    ) throws(FileError) {
        let names = EncoderTensorNames(source: source, task: configuration.task)
        // Copies of tied matrices, heads that the configuration does not name, and buffers that old checkpoints saved.
        var ignored: Set<String> = [
            "decoder.weight", "decoder.bias", "head.dense.weight", "head.dense.bias", "head.norm.weight",
            "head.norm.bias", "classifier.weight", "classifier.bias",
        ]
        for index in 0..<configuration.layerCount {
            ignored.insert("\(names.prefix)layers.\(index).attn.rotary_emb.inv_freq")
        }
        var parameters = FileParameters(
            source: source, precision: precision, packing: packing, team: team, place: names.place)
        try parameters.load(
            EncoderWeights<MatrixShape, VectorShape>(shapesOf: configuration, hasHead: hasHead), ignoring: ignored,
            of: EncoderConfiguration.modelType,
            // Errors of scores grow with the scores: rounded to 8 bits, queries and keys cost more than all other products
            // together in models whose attention is sharp.
            finer: { path in ["query", "key"].contains(path.components.dropLast().last) })
        try self.init(configuration, hasHead: hasHead, from: parameters)
    }
}
