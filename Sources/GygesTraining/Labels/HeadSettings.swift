public import GygesCheckpoints
import GygesFiles

/// The head that an encoder learns labels by, as a recipe says it.
public struct HeadSettings: Sendable, Equatable {
    /// What each class counts in the loss.
    public enum ClassWeights: Sendable, Equatable {
        /// Every text or token the same.
        case equal
        /// Rare classes more: rows / (classes · rows of the class), as scikit-learn balances them.
        case balanced
        /// So much for each label, in their order.
        case given([Double])
    }

    /// What is told by labels: texts or tokens.
    public var task: EncoderTask
    /// What scores mean.
    public var problem: ClassificationProblem
    /// The labels' names in order; empty if the data or the model name them.
    public var labels: [String]
    /// Whether a classifier of texts reads the mean of all rows; `nil` for what the model's folder says.
    public var readsMean: Bool?
    /// What each class counts.
    public var classWeights: ClassWeights

    /// Creates settings.
    public init(
        _ task: EncoderTask, problem: ClassificationProblem = .singleLabel, labels: [String] = [],
        readsMean: Bool? = nil, classWeights: ClassWeights = .equal
    ) {
        self.task = task
        self.problem = problem
        self.labels = labels
        self.readsMean = readsMean
        self.classWeights = classWeights
    }

    /// What a row is asked, for people.
    func text(of values: ArraySlice<Float>) -> String {
        switch problem {
        case .singleLabel: return values.first.map { name(Int($0)) } ?? ""
        case .multipleLabels:
            let names = values.enumerated().filter { $0.element > 0.5 }.map { name($0.offset) }
            return names.isEmpty ? "none" : names.joined(separator: ", ")
        case .regression: return values.map(\.description).joined(separator: ", ")
        }
    }

    private func name(_ number: Int) -> String {
        labels.indices.contains(number) ? labels[number].legible(limit: 60) : "LABEL_\(number)"
    }

    /// The `config.json` of a model with this head.
    ///
    /// - Throws: `FileError` if the model is no encoder.
    func description(_ json: JSON, path: String) throws(FileError) -> JSON {
        try EncoderConfiguration.description(
            json, for: task, labels: labels, problem: task == .sequenceClassification ? problem : nil,
            readsMean: readsMean, path: path)
    }
}
