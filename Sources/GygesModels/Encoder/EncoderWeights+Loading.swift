import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesTensors

/// Takes an encoder's parameters out of a folder (names and shapes: transformers, `modeling_modernbert.py`).
struct EncoderWeightsLoader {
    private let configuration: EncoderConfiguration
    private let loadsHead: Bool
    /// `model.` in checkpoints with a head; headless ones have none.
    private let prefix: String
    private var reader: WeightsReader

    init(
        source: TensorSource, configuration: EncoderConfiguration, loadsHead: Bool, precision: ProductPrecision,
        panelFolder: String?, team: ThreadTeam
    ) {
        self.configuration = configuration
        self.loadsHead = loadsHead && configuration.task != .hiddenStates
        prefix = source.allNames.contains { $0.hasPrefix("model.") } ? "model." : ""
        reader = WeightsReader(source: source, precision: precision, panelFolder: panelFolder, team: team)
    }

    private var embedding: String { prefix + "embeddings.tok_embeddings.weight" }
    private func layer(_ index: Int, _ name: String) -> String { "\(prefix)layers.\(index).\(name)" }

    /// Whether the scores of the vocabulary have a matrix of their own.
    private var hasDecoder: Bool { configuration.task == .maskedLanguageModel && !configuration.head.tiesEmbeddings }

    /// The parameters, packed for products.
    ///
    /// - Throws: One ``FileError`` that lists every missing, misshapen, unsupported or unknown tensor.
    mutating func load() throws(FileError) -> EncoderWeights<WeightMatrix, WeightVector> {
        let c = configuration
        reader.expect(embedding, [c.vocabularySize, c.hiddenSize])
        expectNorm(prefix + "embeddings.norm")
        for index in 0..<c.layerCount {
            if index > 0 { expectNorm(layer(index, "attn_norm")) }
            expect(layer(index, "attn.Wqkv"), 3 * c.hiddenSize, c.hiddenSize, hasBias: c.biases.attention)
            expect(layer(index, "attn.Wo"), c.hiddenSize, c.hiddenSize, hasBias: c.biases.attention)
            expectNorm(layer(index, "mlp_norm"))
            expect(layer(index, "mlp.Wi"), 2 * c.intermediateSize, c.hiddenSize, hasBias: c.biases.feedForward)
            expect(layer(index, "mlp.Wo"), c.hiddenSize, c.intermediateSize, hasBias: c.biases.feedForward)
        }
        expectNorm(prefix + "final_norm")
        if loadsHead { expectHead() }
        try reader.finish(ignoring: ignored, of: EncoderConfiguration.modelType)

        var matrices: [String] = []
        for index in 0..<c.layerCount {
            for (name, parts) in [
                ("attn.Wqkv", ["attn.Wq", "attn.Wk", "attn.Wv"]), ("mlp.Wi", ["mlp.gate", "mlp.up"]),
            ] {
                for suffix in [".weight", ".bias"] {
                    reader.splitRows(layer(index, name + suffix), into: parts.map { layer(index, $0 + suffix) })
                }
            }
            matrices += ["attn.Wq", "attn.Wk", "attn.Wv", "attn.Wo", "mlp.gate", "mlp.up", "mlp.Wo"].map {
                layer(index, $0 + ".weight")
            }
        }
        if loadsHead { matrices += ["head.dense.weight", scores] }
        // Errors of scores grow with the scores: rounded to 8 bits, queries and keys cost more than all other products
        // together in models whose attention is sharp.
        let scoring = (0..<configuration.layerCount).flatMap { index in
            ["attn.Wq", "attn.Wk"].map { layer(index, $0 + ".weight") }
        }
        reader.pack(matrices, finer: Set(scoring))
        return build()
    }

    private mutating func expect(_ stem: String, _ outputs: Int, _ inputs: Int, hasBias: Bool) {
        reader.expect(stem + ".weight", [outputs, inputs])
        if hasBias { reader.expect(stem + ".bias", [outputs]) }
    }

    private mutating func expectNorm(_ stem: String) {
        reader.expect(stem + ".weight", [configuration.hiddenSize])
        if configuration.biases.norms { reader.expect(stem + ".bias", [configuration.hiddenSize]) }
    }

    private mutating func expectHead() {
        let c = configuration
        expect("head.dense", c.hiddenSize, c.hiddenSize, hasBias: c.biases.head)
        expectNorm("head.norm")
        if c.task == .maskedLanguageModel {
            if hasDecoder { reader.expect("decoder.weight", [c.vocabularySize, c.hiddenSize]) }
            if c.biases.decoder { reader.expect("decoder.bias", [c.vocabularySize]) }
        } else {
            expect("classifier", c.head.labels.count, c.hiddenSize, hasBias: true)
        }
    }

    /// The matrix of the scores.
    private var scores: String {
        if configuration.task != .maskedLanguageModel { return "classifier.weight" }
        return hasDecoder ? "decoder.weight" : embedding
    }

    /// Copies of tied matrices, heads that the configuration does not name, and buffers that old checkpoints saved.
    private var ignored: Set<String> {
        var names: Set<String> = [
            "decoder.weight", "decoder.bias", "head.dense.weight", "head.dense.bias", "head.norm.weight",
            "head.norm.bias", "classifier.weight", "classifier.bias",
        ]
        for index in 0..<configuration.layerCount { names.insert(layer(index, "attn.rotary_emb.inv_freq")) }
        return names
    }

    private func norm(_ stem: String) -> EncoderWeights<WeightMatrix, WeightVector>.Norm {
        .init(
            weight: reader.vector(stem + ".weight"),
            bias: configuration.biases.norms ? reader.vector(stem + ".bias") : nil)
    }

    private func build() -> EncoderWeights<WeightMatrix, WeightVector> {
        let layers = (0..<configuration.layerCount).map { index in
            EncoderWeights<WeightMatrix, WeightVector>.Layer(
                attentionNorm: index > 0 ? norm(layer(index, "attn_norm")) : nil,
                query: reader.projection(layer(index, "attn.Wq")), key: reader.projection(layer(index, "attn.Wk")),
                value: reader.projection(layer(index, "attn.Wv")), output: reader.projection(layer(index, "attn.Wo")),
                feedForwardNorm: norm(layer(index, "mlp_norm")),
                feedForward: GatedUnit(
                    gate: reader.projection(layer(index, "mlp.gate")), up: reader.projection(layer(index, "mlp.up")),
                    down: reader.projection(layer(index, "mlp.Wo")),
                    activation: GateActivation(configuration.activation)))
        }
        let bias = configuration.task == .maskedLanguageModel ? "decoder.bias" : "classifier.bias"
        let head = EncoderWeights<WeightMatrix, WeightVector>.Head?.some
        return EncoderWeights(
            embedding: reader.matrix(embedding), embeddingNorm: norm(prefix + "embeddings.norm"), layers: layers,
            finalNorm: norm(prefix + "final_norm"),
            head: loadsHead
                ? head(
                    .init(
                        dense: reader.projection("head.dense"), norm: norm("head.norm"),
                        scores: Projection(
                            weight: reader.matrix(scores), bias: reader.has(bias) ? reader.vector(bias) : nil)))
                : nil)
    }
}
