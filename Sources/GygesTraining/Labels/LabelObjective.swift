import GygesCheckpoints
public import GygesFiles
public import GygesModels
public import GygesTensors

/// An encoder that learns labels of texts or of tokens (transformers, `…ForSequenceClassification`, `…ForTokenClassification`).
public struct LabelObjective: TrainingObjective {
    /// The model.
    public private(set) var encoder: Encoder
    /// Its parameters.
    public let weights: EncoderWeights<TapeMatrix, TapeVector>
    /// What is told by labels, and what scores mean.
    public let settings: HeadSettings
    private let head: EncoderWeights<TapeMatrix, TapeVector>.Head
    /// What the loss of each class counts; empty where all count 1.
    private let classWeights: [Float]

    /// Puts a model on trial.
    ///
    /// - Parameters:
    ///   - settings: The head's, whose labels are the model's.
    ///   - sources: What is learned from, by which classes are balanced if they are to be.
    /// - Throws: ``SettingsError`` if the model has no such head; `FileError` if documents cannot be read.
    public init(
        _ encoder: Encoder, weights: EncoderWeights<TapeMatrix, TapeVector>, settings: HeadSettings,
        learningFrom sources: [any DocumentStore] = []
    ) throws {
        guard let head = weights.head, encoder.configuration.task == settings.task,
            head.scores.weight.value.rows == settings.labels.count
        else {
            throw SettingsError(problems: [
                .init("head", "is not the model's, which is \(encoder.configuration.task.title)")
            ])
        }
        if settings.classWeights != .equal {
            var check = SettingsCheck()
            check.expect(
                settings.problem == .singleLabel, "head.class_weights",
                "are for one right label of several; leave them out")
            if case .given(let weights) = settings.classWeights {
                check.expect(
                    weights.count == settings.labels.count, "head.class_weights",
                    "are \(weights.count) numbers for \(settings.labels.count) labels; give one for each")
            }
            try check.finish()
        }
        self.encoder = encoder
        self.weights = weights
        self.settings = settings
        self.head = head
        classWeights =
            switch settings.classWeights {
            case .equal: []
            case .given(let weights): weights.map { Float($0) }
            case .balanced: try Self.balanced(settings.labels, in: sources)
            }
    }

    /// Rows / (classes · rows of the class): scikit-learn's `class_weight="balanced"`.
    private static func balanced(_ labels: [String], in sources: [any DocumentStore]) throws -> [Float] {
        var counts = [Int](repeating: 0, count: labels.count)
        for source in sources {
            for number in 0..<source.count {
                for label in try source.document(number).labels where label >= 0 { counts[Int(label)] += 1 }
            }
        }
        if let missing = counts.firstIndex(of: 0) {
            throw SettingsError(problems: [
                .init("head.class_weights", "cannot be balanced: no row has the label “\(labels[missing])”")
            ])
        }
        let total = Float(counts.reduce(0, +))
        return counts.map { total / (Float(labels.count) * Float($0)) }
    }

    /// The model's parameters.
    public var parameters: any ParameterTree<TapeMatrix, TapeVector> { weights }
    /// One more than the largest token that the model knows.
    public var vocabularyCount: Int { weights.embedding.value.rows }
    /// The most tokens of a text.
    public var sequenceLimit: Int { encoder.configuration.contextLength }

    /// Asks texts for their label, or tokens for theirs.
    public func batch(of pack: Pack) -> TrainingBatch {
        var batch = TrainingBatch(labellingOf: pack, tokens: settings.task == .tokenClassification)
        if !classWeights.isEmpty { batch.lossWeights = batch.labels.map { classWeights[Int($0)] } }
        return batch
    }

    /// A pass that shows what passes take: a text of so many rows.
    public func probe(of pack: Pack) -> TrainingBatch {
        var pack = pack
        let count = settings.problem == .singleLabel ? 1 : settings.labels.count
        for index in pack.documents.indices {
            let isOfTokens = settings.task == .tokenClassification
            pack.documents[index].labels = Array(
                repeating: 0, count: isOfTokens ? pack.documents[index].tokens.count : count)
        }
        return batch(of: pack)
    }

    /// The losses of the rows that are asked; see ``TrainingObjective``.
    public func losses(of batch: TrainingBatch, weights rowWeights: [Float]?, on tape: Tape) -> [Float] {
        scored(batch, weights: rowWeights, on: tape).losses
    }

    /// The losses of the rows that are asked, and their scores `[rows, labels]`.
    public func scored(
        _ batch: TrainingBatch, weights rowWeights: [Float]?, on tape: Tape
    ) -> (losses: [Float], scores: [Float]) {
        let scores = encoder.scores(of: read(batch, on: tape), head: head, on: tape)
        let columns = scores.columns
        var (losses, gradients) = LabelLoss.measure(
            scores.elements, columns: columns, labels: batch.labels, settings.problem)
        if let rowWeights {
            for place in gradients.indices { gradients[place] *= rowWeights[place / columns] }
            tape.addGradient(gradients, to: scores)
        }
        return (losses, Array(scores.elements))
    }

    /// What the head reads: a row for each that is asked.
    private func read(_ batch: TrainingBatch, on tape: Tape) -> Tape.Value {
        guard settings.task == .sequenceClassification, encoder.configuration.head.readsMean else {
            return encoder.hiddenStates(of: batch.batch, rows: batch.rows, weights: weights, on: tape)
        }
        let hidden = encoder.hiddenStates(of: batch.batch, weights: weights, on: tape)
        return tape.pooled(hidden, over: batch.batch.sequences.map(\.rows), by: .mean)
    }

    /// Goes on with another base of the rotary angles of layers that see all of a text.
    public mutating func change(toRotaryBase base: Double) throws(FileError) {
        encoder = try encoder.changed(toRotaryBase: base)
    }
}
