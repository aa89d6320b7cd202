public import GygesCheckpoints
import GygesKernels
public import GygesTensors

extension EncoderWeights {
    /// The parameters of `configuration`'s encoder, from wherever `source` has them.
    ///
    /// - Parameter hasHead: Whether the head of the configuration's task is wanted; there is none for hidden states alone.
    /// - Throws: What `source` throws, at the first parameter that it cannot give.
    public init<Source: ParameterSource<Matrix, Vector>>(
        _ configuration: EncoderConfiguration, hasHead: Bool, from source: Source
    ) throws(Source.Failure) {
        self = try EncoderWeights<MatrixShape, VectorShape>(shapesOf: configuration, hasHead: hasHead).map(
            matrix: { (parameter) throws(Source.Failure) in try source.matrix(parameter.path, parameter.value) },
            vector: { (parameter) throws(Source.Failure) in try source.vector(parameter.path, parameter.value) })
    }

    /// The same parameters in another form, under the same paths: each once, in the order in which a pass reads them.
    ///
    /// - Throws: What `matrix` and `vector` throw, at once.
    public func map<NewMatrix, NewVector, Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> NewMatrix,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> NewVector
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector> {
        let mapping = ParameterMapping(matrix: matrix, vector: vector)
        let embedding = try mapping.matrix(embedding)
        let segments = try mapping.matrix(segments)
        let positions = try mapping.matrix(positions)
        let embeddingNorm = try embeddingNorm.map(by: mapping)
        let layers = try layers.map { (layer) throws(Failure) in try layer.map(by: mapping) }
        let finalNorm = try EncoderWeights.Norm.map(finalNorm, by: mapping)
        var newHead: EncoderWeights<NewMatrix, NewVector>.Head?
        if let head { newHead = try head.map(by: mapping, embedding: embedding) }
        return EncoderWeights<NewMatrix, NewVector>(
            embedding: embedding, segments: segments, positions: positions, embeddingNorm: embeddingNorm,
            layers: layers, finalNorm: finalNorm, head: newHead)
    }
}

extension EncoderWeights: ParameterTree {
    /// Visits every parameter once, in the order of a pass; see ``ParameterTree``.
    public func forEachParameter<Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> Void,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        _ = try map(matrix: matrix, vector: vector)
    }

    /// Changes every projection, in the order of a pass; see ``ParameterTree``.
    public mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<Matrix, Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        for index in layers.indices {
            try body(&layers[index].query)
            try body(&layers[index].key)
            try body(&layers[index].value)
            try body(&layers[index].output)
            try layers[index].feedForward.modifyProjections(body)
        }
        guard var head else { return }
        if var dense = head.dense {
            try body(&dense)
            head.dense = dense
        }
        try body(&head.scores)
        self.head = head
    }
}

extension EncoderWeights.Norm {
    fileprivate func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector>.Norm {
        .init(weight: try mapping.vector(weight), bias: try mapping.vector(bias))
    }

    /// A norm that a model may not have.
    static func map<NewMatrix, NewVector, Failure: Error>(
        _ norm: Self?, by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector>.Norm? {
        guard let norm else { return nil }
        return try norm.map(by: mapping)
    }
}

extension EncoderWeights.FeedForward {
    fileprivate func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector>.FeedForward {
        switch self {
        case .gated(let unit): return .gated(try mapping.unit(unit))
        case .plain(let up, let activation, let down):
            return .plain(
                up: try mapping.projection(up), activation: activation, down: try mapping.projection(down))
        }
    }

    fileprivate mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<Matrix, Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        switch self {
        case .gated(var unit):
            try unit.modifyProjections(body)
            self = .gated(unit)
        case .plain(var up, let activation, var down):
            try body(&up)
            try body(&down)
            self = .plain(up: up, activation: activation, down: down)
        }
    }
}

extension EncoderWeights.Layer {
    fileprivate func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector>.Layer {
        .init(
            attentionNorm: try EncoderWeights.Norm.map(attentionNorm, by: mapping),
            query: try mapping.projection(query), key: try mapping.projection(key),
            value: try mapping.projection(value), output: try mapping.projection(output),
            feedForwardNorm: try feedForwardNorm.map(by: mapping), feedForward: try feedForward.map(by: mapping))
    }
}

extension EncoderWeights.Head {
    fileprivate func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>, embedding: Parameter<NewMatrix>
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector>.Head {
        var newDense: Projection<NewMatrix, NewVector>?
        if let dense { newDense = try mapping.projection(dense) }
        return .init(
            dense: newDense, norm: try EncoderWeights.Norm.map(norm, by: mapping),
            scores: try mapping.projection(scores, sharing: embedding))
    }
}

extension EncoderWeights where Matrix == MatrixShape, Vector == VectorShape {
    /// The outline of an encoder: the path and shape of every parameter that a configuration calls for. This is the one place
    /// that lists them.
    ///
    /// - Parameter hasHead: As for the parameters themselves.
    public init(shapesOf configuration: EncoderConfiguration, hasHead: Bool) {
        let c = configuration
        func norm(_ path: ParameterPath) -> Norm {
            Norm(
                weight: Parameter(path / "weight", VectorShape(count: c.hiddenSize)),
                bias: c.biases.norms ? Parameter(path / "bias", VectorShape(count: c.hiddenSize)) : nil)
        }
        func square(_ path: ParameterPath, hasBias: Bool) -> Projection<Matrix, Vector> {
            Projection(at: path, outputs: c.hiddenSize, inputs: c.hiddenSize, hasBias: hasBias)
        }
        func table(_ path: String, rows: Int) -> Parameter<Matrix> {
            Parameter(ParameterPath(path), MatrixShape(rows: rows, columns: c.hiddenSize))
        }
        embedding = table("embedding.weight", rows: c.vocabularySize)
        segments = c.segmentCount > 0 ? table("embedding.segments.weight", rows: c.segmentCount) : nil
        if case .learned(let learned) = c.positions {
            positions = table("embedding.positions.weight", rows: learned.count)
        }
        embeddingNorm = norm(ParameterPath("embedding.norm"))
        layers = (0..<c.layerCount).map { index in
            let path = ParameterPath("layers") / index
            let (attention, forward) = (path / "attention", path / "feed_forward")
            return Layer(
                attentionNorm: index > 0 || c.normPlace == .behindParts ? norm(attention / "norm") : nil,
                query: square(attention / "query", hasBias: c.biases.attention),
                key: square(attention / "key", hasBias: c.biases.attention),
                value: square(attention / "value", hasBias: c.biases.attention),
                output: square(attention / "output", hasBias: c.biases.attention),
                feedForwardNorm: norm(forward / "norm"),
                feedForward: FeedForward(shapesOf: c, at: forward))
        }
        finalNorm = c.normPlace == .beforeParts ? norm(ParameterPath("norm")) : nil
        guard hasHead, c.task != .hiddenStates else {
            head = nil
            return
        }
        let isVocabulary = c.task == .maskedLanguageModel
        var scores = Projection<Matrix, Vector>(
            at: ParameterPath("head.scores"), outputs: isVocabulary ? c.vocabularySize : c.head.labels.count,
            inputs: c.hiddenSize, hasBias: !isVocabulary || c.biases.decoder)
        if isVocabulary, c.head.tiesEmbeddings { scores.weight = embedding }
        head = Head(
            dense: c.head.hasDense ? square(ParameterPath("head.dense"), hasBias: c.biases.head) : nil,
            norm: c.head.hasNorm ? norm(ParameterPath("head.norm")) : nil, scores: scores)
    }
}

extension EncoderWeights.FeedForward where Matrix == MatrixShape, Vector == VectorShape {
    fileprivate init(shapesOf c: EncoderConfiguration, at path: ParameterPath) {
        func unit(_ activation: GateActivation) -> GatedUnit<Matrix, Vector> {
            GatedUnit(
                at: path, hidden: c.hiddenSize, intermediate: c.intermediateSize, hasBias: c.biases.feedForward,
                activation: activation)
        }
        switch c.feedForward {
        case .gatedByGELU: self = .gated(unit(.gelu))
        case .gatedBySiLU: self = .gated(unit(.silu))
        case .plain(let activation):
            func map(_ name: String, outputs: Int, inputs: Int) -> Projection<Matrix, Vector> {
                Projection(at: path / name, outputs: outputs, inputs: inputs, hasBias: c.biases.feedForward)
            }
            self = .plain(
                up: map("up", outputs: c.intermediateSize, inputs: c.hiddenSize),
                activation: ElementFunction(activation),
                down: map("down", outputs: c.hiddenSize, inputs: c.intermediateSize))
        }
    }
}
