import GygesFiles

extension CheckpointInspection {
    /// What a folder's encoder is and offers, in the order in which it is shown.
    ///
    /// - Throws: ``FileError`` listing everything wrong with its configuration.
    static func encoder(of folder: ModelFolder) throws(FileError) -> JSONObject {
        let configuration = try folder.encoderConfiguration()
        var object = JSONObject()
        object["offers"] = .string(configuration.task.title)
        let localCount = configuration.isLocal.count { $0 }
        object["layers"] = .string(
            "\(configuration.layerCount), of which \(localCount) see \(configuration.windowRadius) tokens to either side"
        )
        object["heads"] = .string("\(configuration.headCount) of \(configuration.headDimension) channels")
        object["longest text"] = .integer(configuration.contextLength)
        if case .yarn(let yarn) = configuration.globalRotation.scaling {
            object["positions"] = .string("stretched by YaRN, \(yarn.factor) times \(yarn.originalContextLength)")
        }
        if [.sequenceClassification, .tokenClassification].contains(configuration.task) {
            object["labels"] = .array(configuration.head.labels.map { .string($0) })
            if let problem = configuration.head.problem { object["problem"] = .string(problem.rawValue) }
        }
        if configuration.task == .sequenceClassification {
            object["reads"] = .string(configuration.head.readsMean ? "the mean of all tokens" : "the first token")
        }
        if let embedding = try folder.embeddingConfiguration(hiddenSize: configuration.hiddenSize) {
            add(embedding, width: configuration.hiddenSize, to: &object)
        }
        return object
    }

    private static func add(_ embedding: EmbeddingConfiguration, width: Int, to object: inout JSONObject) {
        let dimension = embedding.dense.last?.outputs ?? width
        object["vectors"] =
            switch embedding.kind {
            case .single(let pooling): .string("one a text, \(dimension) channels, pooling \(pooling.rawValue)")
            case .lateInteraction: .string("one a token, \(dimension) channels")
            case .sparse: .string("sparse, over the vocabulary")
            }
        if case .lateInteraction(let settings) = embedding.kind {
            object["query"] = .string("'\(settings.queryPrefix)', \(settings.queryLength) tokens")
            object["document"] = .string("'\(settings.documentPrefix)', \(settings.documentLength) tokens")
        }
        if embedding.normalizes { object["scaled to length 1"] = true }
        if let length = embedding.maximumLength { object["longest text"] = .integer(length) }
        if let similarity = embedding.similarity { object["similarity"] = .string(similarity.rawValue) }
        if !embedding.prompts.isEmpty {
            object["prompts"] = .object(JSONObject(embedding.prompts.map { ($0.name, .string($0.text)) }))
        }
        if let name = embedding.defaultPrompt { object["default prompt"] = .string(name) }
    }
}
