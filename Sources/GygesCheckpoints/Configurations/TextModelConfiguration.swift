public import GygesFiles

/// The shape of what reads texts: an encoder, a decoder whose states are made into vectors (Qwen3-Embedding, Zhang et al. 2025,
/// https://arxiv.org/abs/2506.05176), or a table of tokens.
public enum TextModelConfiguration: Sendable, Equatable {
    /// Every position sees both sides.
    case encoder(EncoderConfiguration)
    /// Every position sees what came before.
    case decoder(CausalModelConfiguration)
    /// No position sees another.
    case table(TokenTableConfiguration)

    /// Channels of a token's state.
    public var hiddenSize: Int {
        switch self {
        case .encoder(let encoder): encoder.hiddenSize
        case .decoder(let decoder): decoder.hiddenSize
        case .table(let table): table.width
        }
    }
    /// Rows of the embedding table, padding included.
    public var vocabularySize: Int {
        switch self {
        case .encoder(let encoder): encoder.vocabularySize
        case .decoder(let decoder): decoder.vocabularySize
        case .table(let table): table.tokenCount
        }
    }
    /// The most tokens of a text; the largest number there is for a table, which any number can be looked up in.
    public var contextLength: Int {
        switch self {
        case .encoder(let encoder): encoder.contextLength
        case .decoder(let decoder): decoder.nativeContextLength
        case .table: .max
        }
    }
    /// What the checkpoint was saved for; of all but encoders, hidden states alone.
    public var task: EncoderTask { encoder?.task ?? .hiddenStates }
    /// The head's settings; a decoder's is not used.
    public var head: EncoderConfiguration.Head { encoder?.head ?? .init() }
    /// The ids of special tokens.
    public var tokens: EncoderConfiguration.Tokens { encoder?.tokens ?? .init() }
    /// Rows of the table that tells the first of two texts from the second; 0 if there is none.
    public var segmentCount: Int { encoder?.segmentCount ?? 0 }
    /// The most tokens that can be computed at once; `nil` where positions have no table that ends.
    public var positionLimit: Int? { encoder?.positionLimit }
    /// Whether tokens come from the text alone, with nothing that frames it: a text may then have none.
    public var readsTextAlone: Bool { if case .table = self { true } else { false } }

    /// The encoder's shape; `nil` for others.
    public var encoder: EncoderConfiguration? { if case .encoder(let encoder) = self { encoder } else { nil } }
}

extension ModelFolder {
    /// The shape of the folder's encoder, or of its decoder or table if `modules.json` says what becomes of tokens.
    ///
    /// - Throws: ``FileError`` that names the type if it is none that reads texts, or lists everything wrong with the configuration.
    public func textModelConfiguration() throws(FileError) -> TextModelConfiguration {
        let reader = try tokenReader()
        if try firstModule()?.isTable ?? false {
            return .table(try TokenTableConfiguration(SafetensorsFile(path: reader.path(of: "model.safetensors"))))
        }
        let name = try reader.configurationJSON()["model_type"]?.string ?? ""
        guard EncoderFamily(rawValue: name) == nil, DecoderArchitecture(modelType: name) != nil else {
            return .encoder(try reader.encoderConfiguration())
        }
        guard contains("modules.json") else {
            throw FileError(
                path(of: "config.json"), at: "model_type",
                "is \(name), a decoder, and no modules.json says how its states become vectors",
                remedy: "Use the model with 'gyges generate', or take one that was trained to embed texts.")
        }
        return .decoder(try reader.causalModelConfiguration())
    }
}
