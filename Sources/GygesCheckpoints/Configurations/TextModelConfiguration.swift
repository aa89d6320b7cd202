public import GygesFiles

/// The shape of what reads texts: an encoder, or a decoder whose states are made into vectors (Qwen3-Embedding, Zhang et al. 2025,
/// https://arxiv.org/abs/2506.05176).
public enum TextModelConfiguration: Sendable, Equatable {
    /// Every position sees both sides.
    case encoder(EncoderConfiguration)
    /// Every position sees what came before.
    case decoder(CausalModelConfiguration)

    /// Channels of a token's state.
    public var hiddenSize: Int { shape(\.hiddenSize, \.hiddenSize) }
    /// Rows of the embedding table, padding included.
    public var vocabularySize: Int { shape(\.vocabularySize, \.vocabularySize) }
    /// The most tokens of a text.
    public var contextLength: Int { shape(\.contextLength, \.nativeContextLength) }
    /// What the checkpoint was saved for; of a decoder, hidden states alone.
    public var task: EncoderTask { encoder?.task ?? .hiddenStates }
    /// The head's settings; a decoder's is not used.
    public var head: EncoderConfiguration.Head { encoder?.head ?? .init() }
    /// The ids of special tokens.
    public var tokens: EncoderConfiguration.Tokens { encoder?.tokens ?? .init() }
    /// Rows of the table that tells the first of two texts from the second; 0 if there is none.
    public var segmentCount: Int { encoder?.segmentCount ?? 0 }
    /// The most tokens that can be computed at once; `nil` where positions have no table that ends.
    public var positionLimit: Int? { encoder?.positionLimit }

    /// The encoder's shape; `nil` for a decoder.
    public var encoder: EncoderConfiguration? { if case .encoder(let encoder) = self { encoder } else { nil } }

    private func shape(
        _ ofEncoder: KeyPath<EncoderConfiguration, Int>, _ ofDecoder: KeyPath<CausalModelConfiguration, Int>
    ) -> Int {
        switch self {
        case .encoder(let encoder): encoder[keyPath: ofEncoder]
        case .decoder(let decoder): decoder[keyPath: ofDecoder]
        }
    }
}

extension ModelFolder {
    /// The shape of the folder's encoder, or of its decoder if `modules.json` says what becomes of its states.
    ///
    /// - Throws: ``FileError`` that names the type if it is none that reads texts, or lists everything wrong with the configuration.
    public func textModelConfiguration() throws(FileError) -> TextModelConfiguration {
        let name = try json("config.json")?["model_type"]?.string ?? ""
        guard EncoderFamily(rawValue: name) == nil, DecoderArchitecture(modelType: name) != nil else {
            return .encoder(try encoderConfiguration())
        }
        guard contains("modules.json") else {
            throw FileError(
                path(of: "config.json"), at: "model_type",
                "is \(name), a decoder, and no modules.json says how its states become vectors",
                remedy: "Use the model with 'gyges generate', or take one that was trained to embed texts.")
        }
        return .decoder(try causalModelConfiguration())
    }

    /// Whether the folder's model reads texts and makes vectors, scores or labels of them, as far as `config.json` says.
    public func isTextModel() throws(FileError) -> Bool {
        let name = try json("config.json")?["model_type"]?.string ?? ""
        return EncoderFamily(rawValue: name) != nil
            || DecoderArchitecture(modelType: name) != nil && contains("modules.json")
    }
}
