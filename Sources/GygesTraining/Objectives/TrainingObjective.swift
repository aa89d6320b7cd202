public import GygesFiles
public import GygesTensors

/// What a run minimises: a model on a tape, what a pack asks of it, and the loss of each row that is asked for something.
///
/// A row's loss does not depend on what else is in its pass: losses of all rows of a step, in however many passes, are added up and divided
/// by their number.
public protocol TrainingObjective {
    /// The model's parameters, trained and frozen ones.
    var parameters: any ParameterTree<TapeMatrix, TapeVector> { get }
    /// One more than the largest token that the model knows.
    var vocabularyCount: Int { get }
    /// The most tokens of a sequence.
    var sequenceLimit: Int { get }

    /// What a pack asks of the model.
    func batch(of pack: Pack) -> TrainingBatch
    /// What a pack would ask that nobody has written labels for: to see what a pass takes.
    func probe(of pack: Pack) -> TrainingBatch

    /// Computes the losses of a batch's rows and leaves their gradients, each times a weight, to the tape's `backward()`.
    ///
    /// - Parameter weights: One for each of the batch's rows; `nil` where gradients are not wanted.
    /// - Returns: A loss for each of ``TrainingBatch/rows``.
    /// - Throws: `HeadMeasureError` if a target is no token of the model.
    func losses(of batch: TrainingBatch, weights: [Float]?, on tape: Tape) throws(HeadMeasureError) -> [Float]

    /// Goes on with another base of the rotary angles.
    ///
    /// - Throws: `FileError` if the model's positions have none.
    mutating func change(toRotaryBase base: Double) throws(FileError)
}

extension TrainingObjective {
    /// The same that a pack of data asks.
    public func probe(of pack: Pack) -> TrainingBatch { batch(of: pack) }

    /// The parameters that are trained.
    public var trained: [(path: ParameterPath, buffer: ParameterBuffer, isVector: Bool)] {
        var found: [(path: ParameterPath, buffer: ParameterBuffer, isVector: Bool)] = []
        var paths: Set<ParameterPath> = []
        // Projections of one linear layer share a matrix of their adapter.
        Self.visit(parameters) { if paths.insert($0).inserted { found.append(($0, $1, $2)) } }
        return found
    }

    /// How many numbers are trained.
    public var trainedCount: Int { trained.reduce(0) { $0 + $1.buffer.elements.count } }

    private static func visit(
        _ tree: some ParameterTree<TapeMatrix, TapeVector>,
        _ body: @escaping (ParameterPath, ParameterBuffer, Bool) -> Void
    ) {
        tree.forEachParameter(
            matrix: { if case .trained(let buffer) = $0.value { body($0.path, buffer, false) } },
            vector: { if case .trained(let buffer) = $0.value { body($0.path, buffer, true) } })
    }
}
