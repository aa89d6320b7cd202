import GygesCheckpoints
import GygesKernels
import GygesModels
import GygesTensors

extension EncoderRunner {
    /// The head of a task.
    ///
    /// - Throws: ``EncoderError`` if the model has none or another.
    func head(for task: EncoderTask) throws(EncoderError) -> EncoderHead {
        let offered = model.configuration.task
        guard offered == task, let own = model.encoder else { throw .lacksHead(wanted: task, offered: offered) }
        guard let head = own.weights.head else { throw .headNotLoaded }
        return EncoderHead(encoder: own.encoder, weights: head)
    }

    /// Scores of labels for each text, as the classifier gives them.
    ///
    /// - Returns: For each text, as many as there are labels.
    /// - Throws: ``EncoderError`` if the model is no classifier of texts; what `progress` throws.
    public func classScores(of texts: [[Int32]], progress: ((Int) throws -> Void)? = nil) throws -> [[Float]] {
        try results(of: .classScores, encoderTexts(texts), progress: progress).map(\.vector)
    }

    func classScores(
        _ texts: [EncoderText], at rows: [Range<Int>], _ operations: EagerOperations, _ batch: PackedBatch
    ) throws(EncoderError) -> [EncoderResult] {
        if model.embedding?.kind == .scores {
            return vectorsOfRows(vectors(of: texts, at: rows, by: model.steps, operations, batch))
        }
        let head = try head(for: .sequenceClassification)
        let pooled =
            model.configuration.head.readsMean
            ? operations.pooled(hiddenStates(operations, batch), over: rows, by: .mean)
            : hiddenStates(operations, batch, rows: rows.map(\.lowerBound))
        return vectorsOfRows(head.scores(of: pooled, on: operations))
    }

    /// Scores of labels for each token of each text.
    ///
    /// - Returns: For each text `[tokens, labels]`.
    /// - Throws: ``EncoderError`` if the model is no classifier of tokens; what `progress` throws.
    public func tokenScores(of texts: [[Int32]], progress: ((Int) throws -> Void)? = nil) throws -> [RowMatrix] {
        try results(of: .tokenScores, encoderTexts(texts), progress: progress).map(\.rows)
    }

    /// For each token, how well an answer begins and how well it ends there.
    ///
    /// - Returns: For each text `[tokens, 2]`.
    /// - Throws: ``EncoderError`` if the model finds no answers; what `progress` throws.
    public func answerScores(of texts: [[Int32]], progress: ((Int) throws -> Void)? = nil) throws -> [RowMatrix] {
        try results(of: .answerScores, encoderTexts(texts), progress: progress).map(\.rows)
    }

    func rowScores(
        at rows: [Range<Int>], task: EncoderTask, _ operations: EagerOperations, _ batch: PackedBatch
    ) throws(EncoderError) -> [EncoderResult] {
        let head = try head(for: task)
        return rowsOfTexts(
            head.scores(of: hiddenStates(operations, batch), on: operations), at: rows)
    }

    /// Scores of the whole vocabulary at chosen places. The last layer and the head compute those rows alone.
    ///
    /// - Parameters:
    ///   - positions: For each text, places of tokens in it, ascending.
    ///   - body: Receives a text's number, a place and the scores, valid during the call.
    /// - Throws: ``EncoderError`` if the model is no masked language model or a place is not in the text.
    public func vocabularyScores(
        of texts: [[Int32]], at positions: [[Int]], progress: ((Int) throws -> Void)? = nil,
        _ body: (_ text: Int, _ position: Int, _ scores: Span<Float>) -> Void
    ) throws {
        let head = try head(for: .maskedLanguageModel)
        for (index, places) in positions.enumerated() {
            var last = -1
            for place in places {
                guard texts.indices.contains(index), place > last, place < texts[index].count else {
                    throw EncoderError.badPosition(index: index, position: place)
                }
                last = place
            }
        }
        try run(texts, progress: progress) { operations, batch, texts, textRows in
            var chosen: [(text: Int, position: Int)] = []
            var rows: [Int] = []
            for (text, own) in zip(texts, textRows) where positions.indices.contains(text) {
                chosen += positions[text].map { (text, $0) }
                rows += positions[text].map { own.lowerBound + $0 }
            }
            guard !rows.isEmpty else { return }
            let hidden = hiddenStates(operations, batch, rows: rows)
            forRows(Array(rows.indices), of: hidden, head: head, on: operations) { index, scores in
                body(chosen[index].text, chosen[index].position, scores)
            }
        }
    }

    /// The vocabulary's scores of rows of hidden states, few rows in memory at a time.
    func forRows(
        _ rows: [Int], of hidden: borrowing Tensor<Activation>, head: EncoderHead,
        on operations: EagerOperations, _ body: (_ row: Int, _ scores: Span<Float>) -> Void
    ) {
        for start in stride(from: 0, to: rows.count, by: Self.vocabularyRows) {
            let part = Array(rows[start..<min(start + Self.vocabularyRows, rows.count)])
            let scores = head.scores(of: operations.rows(hidden, at: part), on: operations)
            for (index, row) in part.enumerated() { body(row, scores.row(index).span) }
        }
    }
}

/// A head and the formula that it is used in.
struct EncoderHead {
    let encoder: Encoder
    let weights: EncoderWeights<WeightMatrix, WeightVector>.Head

    /// The scores of rows of hidden states.
    func scores(of states: borrowing Tensor<Activation>, on operations: EagerOperations) -> Tensor<Activation> {
        encoder.scores(of: states, head: weights, on: operations)
    }
}
