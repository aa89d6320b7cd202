public import GygesFiles

/// The shape of a table with a vector for each token, of which a text's vector is the mean, and nothing before it: what
/// sentence-transformers calls a `StaticEmbedding`, and what model2vec writes.
public struct TokenTableConfiguration: Sendable, Equatable {
    /// The tensor of vectors, `[vectors, width]`.
    public var tensor: String
    /// How many vectors it has.
    public var vectorCount: Int
    /// Channels of each.
    public var width: Int
    /// How many tokens there are; those of a mapping, or as many as vectors.
    public var tokenCount: Int
    /// Whether a tensor `mapping` `[tokens]` says which vector is a token's.
    public var isMapped: Bool
    /// Whether a tensor `weights` `[tokens]` says what a token's vector is multiplied by.
    public var isWeighted: Bool

    /// The most numbers of a table that is put together: 4 GiB of them.
    private static let elementLimit = 1 << 30

    /// Reads the shape from the header of the table's `model.safetensors`.
    ///
    /// - Throws: ``FileError`` listing everything wrong with its tensors.
    public init(_ file: SafetensorsFile) throws(FileError) {
        func tensor(_ name: String) -> SafetensorsTensor? { file.tensors.first { $0.name == name } }
        var problems: [String] = []
        let known: Set = ["embedding.weight", "embeddings", "mapping", "weights"]
        for other in file.tensors where !known.contains(other.name) {
            problems.append("\(other.name) is not part of a table of tokens")
        }
        let table = tensor("embedding.weight") ?? tensor("embeddings")
        let shape = table?.shape ?? []
        let limit = CausalModelConfiguration.Limit.self
        self.tensor = table?.name ?? ""
        (vectorCount, width) = shape.count == 2 ? (shape[0], shape[1]) : (0, 0)
        if !((1...limit.vocabulary).contains(vectorCount) && (1...limit.width).contains(width)) {
            problems.append("there is no table of vectors, embedding.weight or embeddings [tokens, channels]")
        }
        // A table of sentence-transformers is complete; the others are model2vec's.
        let mapping = self.tensor == "embeddings" ? tensor("mapping") : nil
        let weights = self.tensor == "embeddings" ? tensor("weights") : nil
        (isMapped, isWeighted) = (mapping != nil, weights != nil)
        tokenCount = mapping?.shape.first ?? vectorCount
        if let mapping {
            let isList = mapping.shape.count == 1 && (1...limit.vocabulary).contains(tokenCount)
            if !isList || ![.i64, .i32].contains(mapping.type) {
                problems.append("mapping is not a list of numbers of 32 or 64 bits")
            }
        }
        if let weights, weights.shape != [tokenCount] || ![.f64, .f32].contains(weights.type) {
            problems.append("weights is not a list of \(tokenCount) floats of 32 or 64 bits")
        }
        // A file of few vectors can name them for any number of tokens, which are put together in memory.
        let (elementCount, overflows) = tokenCount.multipliedReportingOverflow(by: width)
        if isMapped, overflows || elementCount > Self.elementLimit {
            problems.append("mapping gives \(tokenCount) tokens \(width) channels each, more than are put together")
        }
        guard problems.isEmpty else {
            throw FileError(file.path, at: "tensors", problems: problems, remedy: "Get the model again.")
        }
    }
}
