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
        let embeddingNorm = try embeddingNorm.map(by: mapping)
        let layers = try layers.map { (layer) throws(Failure) in try layer.map(by: mapping) }
        let finalNorm = try finalNorm.map(by: mapping)
        var newHead: EncoderWeights<NewMatrix, NewVector>.Head?
        if let head { newHead = try head.map(by: mapping, embedding: embedding) }
        return EncoderWeights<NewMatrix, NewVector>(
            embedding: embedding, embeddingNorm: embeddingNorm, layers: layers, finalNorm: finalNorm, head: newHead)
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
        try body(&head.dense)
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
}

extension EncoderWeights.Layer {
    fileprivate func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector>.Layer {
        var attentionNorm: EncoderWeights<NewMatrix, NewVector>.Norm?
        if let norm = self.attentionNorm { attentionNorm = try norm.map(by: mapping) }
        return .init(
            attentionNorm: attentionNorm, query: try mapping.projection(query), key: try mapping.projection(key),
            value: try mapping.projection(value), output: try mapping.projection(output),
            feedForwardNorm: try feedForwardNorm.map(by: mapping), feedForward: try mapping.unit(feedForward))
    }
}

extension EncoderWeights.Head {
    fileprivate func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>, embedding: Parameter<NewMatrix>
    ) throws(Failure) -> EncoderWeights<NewMatrix, NewVector>.Head {
        .init(
            dense: try mapping.projection(dense), norm: try norm.map(by: mapping),
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
        let table = Parameter(
            ParameterPath("embedding.weight"), MatrixShape(rows: c.vocabularySize, columns: c.hiddenSize))
        embedding = table
        embeddingNorm = norm(ParameterPath("embedding.norm"))
        layers = (0..<c.layerCount).map { index in
            let path = ParameterPath("layers") / index
            let (attention, forward) = (path / "attention", path / "feed_forward")
            return Layer(
                attentionNorm: index > 0 ? norm(attention / "norm") : nil,
                query: square(attention / "query", hasBias: c.biases.attention),
                key: square(attention / "key", hasBias: c.biases.attention),
                value: square(attention / "value", hasBias: c.biases.attention),
                output: square(attention / "output", hasBias: c.biases.attention),
                feedForwardNorm: norm(forward / "norm"),
                feedForward: GatedUnit(
                    at: forward, hidden: c.hiddenSize, intermediate: c.intermediateSize,
                    hasBias: c.biases.feedForward, activation: GateActivation(c.activation)))
        }
        finalNorm = norm(ParameterPath("norm"))
        guard hasHead, c.task != .hiddenStates else {
            head = nil
            return
        }
        let isVocabulary = c.task == .maskedLanguageModel
        var scores = Projection<Matrix, Vector>(
            at: ParameterPath("head.scores"), outputs: isVocabulary ? c.vocabularySize : c.head.labels.count,
            inputs: c.hiddenSize, hasBias: !isVocabulary || c.biases.decoder)
        if isVocabulary, c.head.tiesEmbeddings { scores.weight = table }
        head = Head(
            dense: square(ParameterPath("head.dense"), hasBias: c.biases.head), norm: norm(ParameterPath("head.norm")),
            scores: scores)
    }
}
