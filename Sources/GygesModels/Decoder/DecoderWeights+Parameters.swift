public import GygesCheckpoints
import GygesKernels
public import GygesTensors

extension DecoderWeights {
    /// The parameters of `configuration`'s decoder, from wherever `source` has them.
    ///
    /// - Throws: What `source` throws, at the first parameter that it cannot give.
    public init<Source: ParameterSource<Matrix, Vector>>(
        _ configuration: CausalModelConfiguration, from source: Source
    ) throws(Source.Failure) {
        self = try DecoderWeights<MatrixShape, VectorShape>(shapesOf: configuration).map(
            matrix: { (parameter) throws(Source.Failure) in try source.matrix(parameter.path, parameter.value) },
            vector: { (parameter) throws(Source.Failure) in try source.vector(parameter.path, parameter.value) })
    }

    /// The same parameters in another form, under the same paths: each once, in the order in which a pass reads them.
    ///
    /// - Throws: What `matrix` and `vector` throw, at once.
    public func map<NewMatrix, NewVector, Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> NewMatrix,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> NewVector
    ) throws(Failure) -> DecoderWeights<NewMatrix, NewVector> {
        let mapping = ParameterMapping(matrix: matrix, vector: vector)
        let embedding = try mapping.matrix(embedding)
        return DecoderWeights<NewMatrix, NewVector>(
            embedding: embedding,
            layers: try layers.map { (layer) throws(Failure) in try layer.map(by: mapping) },
            finalNorm: try mapping.vector(finalNorm), head: try mapping.projection(head, sharing: embedding))
    }
}

extension DecoderWeights: ParameterTree {
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
        for index in layers.indices { try layers[index].modifyProjections(body) }
        try body(&head)
    }
}

extension DecoderWeights.Layer {
    fileprivate func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>
    ) throws(Failure) -> DecoderWeights<NewMatrix, NewVector>.Layer {
        .init(
            attentionNorm: try mapping.vector(attentionNorm), query: try mapping.projection(query),
            key: try mapping.projection(key), value: try mapping.projection(value),
            queryNorm: try mapping.vector(queryNorm), keyNorm: try mapping.vector(keyNorm),
            output: try mapping.projection(output), feedForwardNorm: try mapping.vector(feedForwardNorm),
            feedForward: try feedForward.map(by: mapping))
    }

    fileprivate mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<Matrix, Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        try body(&query)
        try body(&key)
        try body(&value)
        try body(&output)
        switch feedForward {
        case .dense(var unit):
            try unit.modifyProjections(body)
            feedForward = .dense(unit)
        case .experts(var experts):
            try body(&experts.router)
            for index in experts.experts.indices { try experts.experts[index].modifyProjections(body) }
            if var shared = experts.shared {
                try shared.unit.modifyProjections(body)
                try body(&shared.gate)
                experts.shared = shared
            }
            feedForward = .experts(experts)
        }
    }
}

extension DecoderWeights.FeedForward {
    fileprivate func map<NewMatrix, NewVector, Failure: Error>(
        by mapping: ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure>
    ) throws(Failure) -> DecoderWeights<NewMatrix, NewVector>.FeedForward {
        switch self {
        case .dense(let unit): return .dense(try mapping.unit(unit))
        case .experts(let mixture):
            let router = try mapping.projection(mixture.router)
            let experts = try mixture.experts.map { (expert) throws(Failure) in try mapping.unit(expert) }
            var shared: DecoderWeights<NewMatrix, NewVector>.SharedExpert?
            if let old = mixture.shared {
                shared = .init(unit: try mapping.unit(old.unit), gate: try mapping.projection(old.gate))
            }
            return .experts(
                .init(
                    router: router, experts: experts, shared: shared,
                    countPerToken: mixture.countPerToken, normalisesWeights: mixture.normalisesWeights))
        }
    }
}

extension DecoderWeights where Matrix == MatrixShape, Vector == VectorShape {
    /// The outline of a decoder: the path and shape of every parameter that a configuration calls for. This is the one place
    /// that lists them.
    ///
    /// - Complexity: O(layers · experts).
    public init(shapesOf configuration: CausalModelConfiguration) {
        let c = configuration
        let embeddingPath = ParameterPath("embedding.weight")
        let table = MatrixShape(rows: c.vocabularySize, columns: c.hiddenSize)
        embedding = Parameter(embeddingPath, table)
        layers = (0..<c.layerCount).map { Layer(shapesOf: configuration, layer: $0) }
        finalNorm = Parameter(ParameterPath("norm.weight"), VectorShape(count: c.hiddenSize))
        head = Projection(
            weight: Parameter(c.tiesEmbeddings ? embeddingPath : ParameterPath("head.weight"), table))
    }
}

extension DecoderWeights.Layer where Matrix == MatrixShape, Vector == VectorShape {
    fileprivate init(shapesOf c: CausalModelConfiguration, layer index: Int) {
        let path = ParameterPath("layers") / index
        let (attention, forward) = (path / "attention", path / "feed_forward")
        func projection(_ path: ParameterPath, _ outputs: Int, _ inputs: Int, hasBias: Bool = false)
            -> Projection<Matrix, Vector>
        {
            Projection(at: path, outputs: outputs, inputs: inputs, hasBias: hasBias)
        }
        func unit(_ path: ParameterPath, _ intermediate: Int) -> GatedUnit<Matrix, Vector> {
            GatedUnit(
                at: path, hidden: c.hiddenSize, intermediate: intermediate, hasBias: c.hasFeedForwardBias,
                activation: .silu)
        }
        let queryWidth = c.headCount * c.headDimension
        let keyWidth = c.keyValueHeadCount * c.headDimension
        attentionNorm = Parameter(attention / "norm" / "weight", VectorShape(count: c.hiddenSize))
        query = projection(attention / "query", queryWidth, c.hiddenSize, hasBias: c.hasAttentionBias)
        key = projection(attention / "key", keyWidth, c.hiddenSize, hasBias: c.hasAttentionBias)
        value = projection(attention / "value", keyWidth, c.hiddenSize, hasBias: c.hasAttentionBias)
        func headNorm(_ name: String) -> Parameter<Vector>? {
            guard c.hasHeadNorms else { return nil }
            return Parameter(attention / name / "weight", VectorShape(count: c.headDimension))
        }
        queryNorm = headNorm("query_norm")
        keyNorm = headNorm("key_norm")
        output = projection(attention / "output", c.hiddenSize, queryWidth, hasBias: c.hasOutputBias)
        feedForwardNorm = Parameter(forward / "norm" / "weight", VectorShape(count: c.hiddenSize))
        guard let experts = c.experts(inLayer: index) else {
            feedForward = .dense(unit(forward, c.intermediateSize))
            return
        }
        feedForward = .experts(
            .init(
                router: projection(forward / "router", experts.count, c.hiddenSize),
                experts: (0..<experts.count).map { unit(forward / "experts" / $0, experts.intermediateSize) },
                shared: experts.sharedIntermediateSize.map {
                    .init(
                        unit: unit(forward / "shared", $0), gate: projection(forward / "shared_gate", 1, c.hiddenSize))
                },
                countPerToken: experts.countPerToken, normalisesWeights: experts.normalisesWeights))
    }
}
