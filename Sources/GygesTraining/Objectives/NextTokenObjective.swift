import GygesCheckpoints
public import GygesFiles
public import GygesModels
public import GygesTensors

/// A decoder that learns to predict the next token, of texts or of an assistant's answers alone.
public struct NextTokenObjective: TrainingObjective {
    /// The model.
    public private(set) var decoder: Decoder
    /// Its parameters.
    public let weights: DecoderWeights<TapeMatrix, TapeVector>

    /// Puts a model on trial.
    public init(_ decoder: Decoder, weights: DecoderWeights<TapeMatrix, TapeVector>) {
        self.decoder = decoder
        self.weights = weights
    }

    /// The model's parameters.
    public var parameters: any ParameterTree<TapeMatrix, TapeVector> { weights }
    /// One more than the largest token that the model knows.
    public var vocabularyCount: Int { weights.embedding.value.rows }
    /// The model's native window.
    public var sequenceLimit: Int { decoder.configuration.contextLength }

    /// Asks rows for the token after them.
    public func batch(of pack: Pack) -> TrainingBatch { TrainingBatch(predictingNextOf: pack) }

    /// Cross-entropies of the rows that are asked; see ``TrainingObjective``.
    public func losses(
        of batch: TrainingBatch, weights rowWeights: [Float]?, on tape: Tape
    ) throws(HeadMeasureError) -> [Float] {
        let hidden = decoder.hiddenStates(of: batch.batch, cache: nil, weights: weights, on: tape)
        let asked = decoder.normed(tape.rows(hidden, at: batch.rows), weights: weights, on: tape)
        return try tape.losses(of: asked, .crossEntropy(batch.targets), through: weights.head, weights: rowWeights)
    }

    /// Goes on with another base of the rotary angles.
    public mutating func change(toRotaryBase base: Double) throws(FileError) {
        decoder = try decoder.changed(toRotaryBase: base)
    }
}

extension Tape {
    /// A measure of each row, with gradients if there are weights.
    func losses(
        of x: consuming Value, _ measure: HeadMeasure, through head: Projection<TapeMatrix, TapeVector>,
        weights: [Float]?
    ) throws(HeadMeasureError) -> [Float] {
        if let weights { return try loss(of: x, measure, through: head, weights: weights) }
        return Array(try measured(x, measure, through: head).elements)
    }
}
