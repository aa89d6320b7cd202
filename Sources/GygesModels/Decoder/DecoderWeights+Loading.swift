import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesTensors

/// Takes a decoder's parameters out of a file, checking each against the configuration and reporting all that is wrong.
struct DecoderWeightsLoader {
    let source: TensorSource
    let configuration: CausalModelConfiguration
    private var reader: WeightsReader

    /// - Parameter panelFolder: Where packed copies are kept between runs, if anywhere.
    init(
        source: TensorSource, configuration: CausalModelConfiguration, precision: ProductPrecision,
        panelFolder: String?, team: ThreadTeam
    ) {
        self.source = source
        self.configuration = configuration
        reader = WeightsReader(source: source, precision: precision, panelFolder: panelFolder, team: team)
    }

    /// The parameters, packed for products.
    ///
    /// - Throws: One ``FileError`` that lists every missing, misshapen, unsupported or unknown tensor.
    mutating func load() throws(FileError) -> DecoderWeights<WeightMatrix, WeightVector> {
        try checkExpertCount()
        let plan = Plan(
            configuration: configuration, names: source.names, hasHead: source.tensor(source.names.head) != nil)
        for (name, shape) in plan.expected { reader.expect(name, shape) }
        try reader.finish(ignoring: plan.ignored, of: configuration.architecture.rawValue)
        let names = source.names
        for (name, part, layer) in plan.stacks {
            reader.split(name) { names.expert(part, $0, layer) + ".weight" }
        }
        reader.pack(plan.packed(names: names))
        return build(plan: plan)
    }

    /// Refuses a configuration that promises far more experts than there are tensors, before it is taken at its word and
    /// every one of them is listed as missing.
    private func checkExpertCount() throws(FileError) {
        guard let experts = configuration.experts, source.names == .huggingFace else { return }
        let layerCount = configuration.layerCount - experts.denseLayers.count
        guard layerCount * experts.count * 3 > source.allNames.count else { return }
        throw FileError(
            source.path, at: "tensors",
            "\(layerCount) layers of \(experts.count) experts need more than the \(source.allNames.count) tensors there are",
            remedy: "The weights do not match the configuration; get the model again or check its configuration.")
    }

    private func build(plan: Plan) -> DecoderWeights<WeightMatrix, WeightVector> {
        func unit(gate: String, up: String, down: String) -> GatedUnit<WeightMatrix, WeightVector> {
            .init(
                gate: reader.projection(gate), up: reader.projection(up), down: reader.projection(down),
                activation: .silu)
        }
        func unit(_ name: (_ part: String) -> String) -> GatedUnit<WeightMatrix, WeightVector> {
            unit(gate: name("gate"), up: name("up"), down: name("down"))
        }
        let names = source.names
        func feedForward(_ layer: Int) -> DecoderWeights<WeightMatrix, WeightVector>.FeedForward {
            guard let experts = configuration.experts(inLayer: layer) else {
                return .dense(unit(gate: names.gate(layer), up: names.up(layer), down: names.down(layer)))
            }
            return .experts(
                .init(
                    router: Projection(weight: reader.matrix(names.router(layer))),
                    experts: (0..<experts.count).map { index in unit { names.expert($0, index, layer) } },
                    shared: unit { names.shared($0, layer) },
                    sharedGate: Projection(weight: reader.matrix(names.sharedGate(layer))),
                    countPerToken: experts.countPerToken, normalisesWeights: experts.normalisesWeights))
        }
        let embedding = reader.matrix(names.embedding)
        let layers = (0..<configuration.layerCount).map { layer in
            DecoderWeights<WeightMatrix, WeightVector>.Layer(
                attentionNorm: reader.vector(names.attentionNorm(layer)), query: reader.projection(names.query(layer)),
                key: reader.projection(names.key(layer)), value: reader.projection(names.value(layer)),
                output: reader.projection(names.output(layer)),
                feedForwardNorm: reader.vector(names.feedForwardNorm(layer)),
                feedForward: feedForward(layer))
        }
        return DecoderWeights(
            embedding: embedding, layers: layers, finalNorm: reader.vector(names.finalNorm),
            head: plan.hasHead ? reader.matrix(names.head) : embedding)
    }
}

extension DecoderWeightsLoader {
    /// Every tensor a configuration calls for.
    struct Plan {
        /// Names and shapes.
        var expected: [(String, [Int])]
        /// Tensors that hold a matrix of every expert, which part of the experts that is, and the layer.
        var stacks: [(name: String, part: String, layer: Int)] = []
        /// Matrices of one row that may be stored as vectors.
        var sharedGates: Set<String> = []
        /// Names that may be there and are not read as weights.
        var ignored: Set<String>
        /// Whether the head is a matrix of its own.
        var hasHead: Bool

        init(configuration c: CausalModelConfiguration, names: DecoderTensorNames, hasHead headIsStored: Bool) {
            // A stored head wins over the flag in GGUF files, which have none; in a folder, a tied model's stored head
            // is a copy that transformers ignores.
            hasHead = names == .gguf ? headIsStored : !c.tiesEmbeddings
            ignored = names == .huggingFace && c.tiesEmbeddings ? [names.head] : []
            if let divisors = names.rotaryDivisors { ignored.insert(divisors) }
            let queryWidth = c.headCount * c.headDimension
            let keyWidth = c.keyValueHeadCount * c.headDimension
            expected = [(names.embedding, [c.vocabularySize, c.hiddenSize]), (names.finalNorm, [c.hiddenSize])]
            if hasHead { expected.append((names.head, [c.vocabularySize, c.hiddenSize])) }
            for layer in 0..<c.layerCount {
                if names == .huggingFace {  // Buffers that old checkpoints saved.
                    ignored.insert("model.layers.\(layer).self_attn.rotary_emb.inv_freq")
                }
                expected.append((names.attentionNorm(layer), [c.hiddenSize]))
                expected.append((names.feedForwardNorm(layer), [c.hiddenSize]))
                for (stem, width) in [
                    (names.query(layer), queryWidth), (names.key(layer), keyWidth), (names.value(layer), keyWidth),
                ] {
                    expected.append((stem + ".weight", [width, c.hiddenSize]))
                    if c.hasAttentionBias { expected.append((stem + ".bias", [width])) }
                }
                expected.append((names.output(layer) + ".weight", [c.hiddenSize, queryWidth]))
                if let experts = c.experts(inLayer: layer) {
                    expectMixture(experts, hiddenSize: c.hiddenSize, names: names, layer: layer)
                } else {
                    expected.append((names.gate(layer) + ".weight", [c.intermediateSize, c.hiddenSize]))
                    expected.append((names.up(layer) + ".weight", [c.intermediateSize, c.hiddenSize]))
                    expected.append((names.down(layer) + ".weight", [c.hiddenSize, c.intermediateSize]))
                }
            }
        }

        /// The matrices that products read, in the order in which a pass needs them, the head last.
        func packed(names: DecoderTensorNames) -> [String] {
            let head = hasHead ? names.head : names.embedding
            let stacks = Dictionary(uniqueKeysWithValues: stacks.map { ($0.name, $0) })
            var packed: [String] = []
            for (name, shape) in expected where name != names.embedding && name != head {
                if let stack = stacks[name] {
                    packed += (0..<shape[0]).map { names.expert(stack.part, $0, stack.layer) + ".weight" }
                } else if shape.count > 1 || sharedGates.contains(name) {
                    packed.append(name)
                }
            }
            return packed + [head]
        }

        private mutating func expectMixture(
            _ experts: ExpertConfiguration, hiddenSize: Int, names: DecoderTensorNames, layer: Int
        ) {
            expected.append((names.router(layer), [experts.count, hiddenSize]))
            // The one row of the shared expert's gate is a vector in GGUF.
            sharedGates.insert(names.sharedGate(layer))
            expected.append((names.sharedGate(layer), names == .gguf ? [hiddenSize] : [1, hiddenSize]))
            for part in ["gate", "up", "down"] {
                func shape(_ width: Int) -> [Int] { part == "down" ? [hiddenSize, width] : [width, hiddenSize] }
                expected.append((names.shared(part, layer) + ".weight", shape(experts.sharedIntermediateSize)))
                if let stack = names.expertStack(part, layer) {
                    stacks.append((stack, part, layer))
                    expected.append((stack, [experts.count] + shape(experts.intermediateSize)))
                } else {
                    expected += (0..<experts.count).map {
                        (names.expert(part, $0, layer) + ".weight", shape(experts.intermediateSize))
                    }
                }
            }
        }
    }
}
