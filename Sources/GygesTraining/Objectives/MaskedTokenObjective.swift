import GygesCheckpoints
public import GygesFiles
public import GygesModels
public import GygesTensors

/// An encoder that learns to tell which tokens were hidden.
public struct MaskedTokenObjective: TrainingObjective {
    /// The model.
    public private(set) var encoder: Encoder
    /// Its parameters.
    public let weights: EncoderWeights<TapeMatrix, TapeVector>
    /// Which tokens are hidden.
    public let masking: TokenMasking
    private let head: EncoderWeights<TapeMatrix, TapeVector>.Head

    /// Puts a model on trial.
    ///
    /// - Throws: ``SettingsError`` if it has no head that scores the vocabulary.
    public init(
        _ encoder: Encoder, weights: EncoderWeights<TapeMatrix, TapeVector>, masking: TokenMasking
    ) throws(SettingsError) {
        guard let head = weights.head, encoder.configuration.task == .maskedLanguageModel else {
            throw SettingsError(problems: [
                .init(
                    "objective", "hides tokens, and the model has no head for that; begin with a masked language model")
            ])
        }
        self.encoder = encoder
        self.weights = weights
        self.masking = masking
        self.head = head
    }

    /// The model's parameters.
    public var parameters: any ParameterTree<TapeMatrix, TapeVector> { weights }
    /// One more than the largest token that the model knows.
    public var vocabularyCount: Int { weights.embedding.value.rows }
    /// The most tokens of a text.
    public var sequenceLimit: Int { encoder.configuration.contextLength }

    /// Hides some tokens and asks for them.
    public func batch(of pack: Pack) -> TrainingBatch { TrainingBatch(guessingTokensOf: pack, hiddenBy: masking) }

    /// Cross-entropies of the rows that are asked; see ``TrainingObjective``.
    public func losses(
        of batch: TrainingBatch, weights rowWeights: [Float]?, on tape: Tape
    ) throws(HeadMeasureError) -> [Float] {
        let hidden = encoder.hiddenStates(of: batch.batch, rows: batch.rows, weights: weights, on: tape)
        return try tape.losses(
            of: encoder.scoreInput(of: hidden, head: head, on: tape), .crossEntropy(batch.targets),
            through: head.scores,
            weights: rowWeights)
    }

    /// Goes on with another base of the rotary angles of layers that see all of a text.
    public mutating func change(toRotaryBase base: Double) throws(FileError) {
        encoder = try encoder.changed(toRotaryBase: base)
    }
}

extension Encoder {
    /// The model with another base of the rotary angles of layers that see all of a text.
    ///
    /// - Throws: `FileError` if its positions have none.
    func changed(toRotaryBase base: Double) throws(FileError) -> Encoder {
        var configuration = configuration
        guard case .rotary(var global, let local) = configuration.positions else {
            throw FileError(
                "rope_theta", "is given, and the model has a table of positions instead of rotary angles",
                remedy: "Leave it out.")
        }
        global.base = base
        configuration.positions = .rotary(global: global, local: local)
        return try Encoder(configuration: configuration, path: "rope_theta")
    }
}
