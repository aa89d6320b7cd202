import GygesCheckpoints
import GygesKernels
import GygesModels
import GygesTensors

extension EncoderRunner {
    /// The head of a task.
    ///
    /// - Throws: ``EncoderError`` if the model has none or another.
    func head(for task: EncoderTask) throws(EncoderError) -> EncoderWeights<WeightMatrix, WeightVector>.Head {
        let offered = model.encoder.configuration.task
        guard offered == task else { throw .lacksHead(wanted: task, offered: offered) }
        guard let head = model.weights.head else { throw .headNotLoaded }
        return head
    }

    /// Scores of labels for each text, as the classifier gives them.
    ///
    /// - Returns: For each text, as many as there are labels.
    /// - Throws: ``EncoderError`` if the model is no classifier of texts.
    public func classScores(of texts: [[Int32]], progress: ((Int) throws -> Void)? = nil) throws -> [[Float]] {
        let head = try head(for: .sequenceClassification)
        var result = [[Float]](repeating: [], count: texts.count)
        try run(texts, progress: progress) { operations, batch, places in
            let pooled =
                model.encoder.configuration.head.readsMean
                ? operations.pooled(hiddenStates(operations, batch), over: places.map(\.rows), by: .mean)
                : hiddenStates(operations, batch, rows: places.map(\.rows.lowerBound))
            let scores = model.encoder.scores(of: pooled, head: head, on: operations)
            for (index, place) in places.enumerated() { result[place.text] = Array(scores.row(index)) }
        }
        return result
    }

    /// Scores of labels for each token of each text.
    ///
    /// - Returns: For each text `[tokens, labels]`.
    /// - Throws: ``EncoderError`` if the model is no classifier of tokens.
    public func tokenScores(of texts: [[Int32]], progress: ((Int) throws -> Void)? = nil) throws -> [RowMatrix] {
        try rowScores(of: texts, task: .tokenClassification, progress: progress)
    }

    /// For each token, how well an answer begins and how well it ends there.
    ///
    /// - Returns: For each text `[tokens, 2]`.
    /// - Throws: ``EncoderError`` if the model finds no answers.
    public func answerScores(of texts: [[Int32]], progress: ((Int) throws -> Void)? = nil) throws -> [RowMatrix] {
        try rowScores(of: texts, task: .questionAnswering, progress: progress)
    }

    private func rowScores(
        of texts: [[Int32]], task: EncoderTask, progress: ((Int) throws -> Void)?
    ) throws -> [RowMatrix] {
        let head = try head(for: task)
        var result = [RowMatrix](repeating: .init(columnCount: 0, elements: []), count: texts.count)
        try run(texts, progress: progress) { operations, batch, places in
            let scores = model.encoder.scores(of: hiddenStates(operations, batch), head: head, on: operations)
            for place in places { result[place.text] = matrix(scores, rows: place.rows) }
        }
        return result
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
        try run(texts, progress: progress) { operations, batch, places in
            var chosen: [(text: Int, position: Int)] = []
            var rows: [Int] = []
            for place in places where positions.indices.contains(place.text) {
                chosen += positions[place.text].map { (place.text, $0) }
                rows += positions[place.text].map { place.rows.lowerBound + $0 }
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
        _ rows: [Int], of hidden: borrowing Tensor<Activation>, head: EncoderWeights<WeightMatrix, WeightVector>.Head,
        on operations: EagerOperations, _ body: (_ row: Int, _ scores: Span<Float>) -> Void
    ) {
        for start in stride(from: 0, to: rows.count, by: Self.vocabularyRows) {
            let part = Array(rows[start..<min(start + Self.vocabularyRows, rows.count)])
            let scores = model.encoder.scores(of: operations.rows(hidden, at: part), head: head, on: operations)
            for (index, row) in part.enumerated() { body(row, scores.row(index).span) }
        }
    }
}
