import GygesFiles

extension CheckpointInspection {
    /// What the model of texts in a folder is and offers, in the order in which it is shown.
    ///
    /// - Throws: ``FileError`` listing everything wrong with its configuration.
    static func textModel(of folder: ModelFolder) throws(FileError) -> JSONObject {
        let configuration = try folder.textModelConfiguration()
        var object: JSONObject
        switch configuration {
        case .encoder(let encoder): object = shape(of: encoder)
        case .decoder(let decoder):
            object = JSONObject([
                ("offers", .string(configuration.task.title)), ("family", .string(decoder.architecture.rawValue)),
                ("layers", .integer(decoder.layerCount)), ("longest text", .integer(decoder.nativeContextLength)),
            ])
        case .table(let table):
            object = JSONObject([
                ("offers", "a vector for each token, from a table"), ("tokens", .integer(table.tokenCount)),
                ("vectors stored", .integer(table.vectorCount)),
            ])
        }
        if let embedding = try folder.embeddingConfiguration(of: configuration) { add(embedding, to: &object) }
        return object
    }

    private static func shape(of configuration: EncoderConfiguration) -> JSONObject {
        var object = JSONObject()
        object["offers"] = .string(configuration.task.title)
        let localCount = configuration.isLocal.count { $0 }
        object["family"] = .string(configuration.family.rawValue)
        object["layers"] =
            localCount == 0
            ? .integer(configuration.layerCount)
            : .string(
                "\(configuration.layerCount), of which \(localCount) see \(configuration.windowRadius) tokens to either side"
            )
        object["heads"] = .string("\(configuration.headCount) of \(configuration.headDimension) channels")
        object["longest text"] = .integer(configuration.contextLength)
        if case .rotary(let global, _) = configuration.positions, case .yarn(let yarn) = global.scaling {
            object["positions"] = .string("stretched by YaRN, \(yarn.factor) times \(yarn.originalContextLength)")
        }
        if [.sequenceClassification, .tokenClassification].contains(configuration.task) {
            object["labels"] = .array(configuration.head.labels.map { .string($0) })
            if let problem = configuration.head.problem { object["problem"] = .string(problem.rawValue) }
        }
        if configuration.task == .sequenceClassification {
            object["reads"] = .string(configuration.head.readsMean ? "the mean of all tokens" : "the first token")
        }
        return object
    }

    private static func add(_ embedding: EmbeddingConfiguration, to object: inout JSONObject) {
        let dimension = embedding.dimension ?? embedding.width
        object["vectors"] =
            switch embedding.kind {
            case .single:
                .string(
                    "one a text, \(dimension) channels, pooling "
                        + (embedding.pooling ?? []).map(\.rawValue).joined(separator: " and "))
            case .lateInteraction: .string("one a token, \(dimension) channels")
            case .sparse: .string("sparse, over the vocabulary")
            case .classifier, .scores: .string("none; scores of pairs of texts")
            }
        if case .lateInteraction(let settings) = embedding.kind {
            func length(_ count: Int?) -> String { count.map { "\($0) tokens" } ?? "as many tokens as the model reads" }
            object["query"] = .string("'\(settings.queryPrefix)', \(length(settings.queryLength))")
            object["document"] = .string("'\(settings.documentPrefix)', \(length(settings.documentLength))")
        }
        if embedding.steps.last == .normalize { object["scaled to length 1"] = true }
        if let length = embedding.maximumLength { object["longest text"] = .integer(length) }
        if let similarity = embedding.similarity { object["similarity"] = .string(similarity.rawValue) }
        if !embedding.prompts.isEmpty {
            object["prompts"] = .object(JSONObject(embedding.prompts.map { ($0.name, .string($0.text)) }))
        }
        if let name = embedding.defaultPrompt { object["default prompt"] = .string(name) }
    }
}
