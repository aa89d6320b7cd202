public import GygesFiles

extension EncoderConfiguration {
    /// An encoder's `config.json` for another task: what transformers writes for that class, and everything else as it was.
    ///
    /// - Parameters:
    ///   - json: The `config.json` of an encoder of any task.
    ///   - labels: The labels' names in order.
    ///   - problem: What scores of labels mean; `nil` writes nothing of it.
    ///   - readsMean: Whether a classifier of texts reads the mean of all rows; `nil` leaves what the file says.
    ///   - path: The file, for messages.
    /// - Throws: `FileError` if it is no encoder's, or its family has no such option.
    public static func description(
        _ json: JSON, for task: EncoderTask, labels: [String], problem: ClassificationProblem? = nil,
        readsMean: Bool? = nil, path: String
    ) throws(FileError) -> JSON {
        guard var object = json.object, let family = object["model_type"]?.string.flatMap(EncoderFamily.init) else {
            throw FileError(
                path, at: "model_type", "is no encoder's", remedy: "Labels are learned by encoders: name one of those.")
        }
        object["architectures"] = [.string(family.classPrefix + task.rawValue)]
        object["id2label"] = .object(
            JSONObject(labels.enumerated().map { ("\($0)", JSON.string($1)) }))
        object["label2id"] = .object(JSONObject(labels.enumerated().map { ($1, JSON.integer($0)) }))
        object["num_labels"] = nil
        object["problem_type"] = problem.map { .string($0.rawValue) }
        if let readsMean {
            guard family == .modernBERT else {
                throw FileError(
                    path, at: "head.pooling", "is for ModernBERT; classifiers of \(family.rawValue) read the first row",
                    remedy: "Leave it out.")
            }
            object["classifier_pooling"] = .string(readsMean ? "mean" : "cls")
        }
        return .object(object)
    }
}
