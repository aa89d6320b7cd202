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
        let names = EncoderTensorNames(source: source, configuration: configuration)
        var parameters = FileParameters(
            source: source, precision: precision, packing: packing, team: team, place: names.place)
        try parameters.load(
            EncoderWeights<MatrixShape, VectorShape>(shapesOf: configuration, hasHead: hasHead),
            ignoring: names.unread(in: source), of: configuration.family.rawValue,
            // Errors of scores grow with the scores: rounded to 8 bits, queries and keys cost more than all other products
            // together in models whose attention is sharp.
            finer: { path in ["query", "key"].contains(path.components.dropLast().last) })
        try self.init(configuration, hasHead: hasHead, from: parameters)
    }
}
