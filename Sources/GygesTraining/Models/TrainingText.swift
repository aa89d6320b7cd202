import GygesCheckpoints
public import GygesFiles
public import GygesInference
public import GygesTokenizer

/// What makes tokens of a model's text, without the model.
public struct TrainingText {
    /// The tokenizer.
    public let tokenizer: Tokenizer
    /// The chat template, or why there is none: it matters where a conversation needs it, and nowhere else.
    public let template: Result<ModelTemplate, any Error>
    /// Whether texts that are too long lose their beginning, where they lose anything.
    let truncatesBeginning: Bool

    /// Reads them from a GGUF file or a folder.
    ///
    /// - Throws: `FileError` if there is no tokenizer, or one that cannot be read.
    public init(path: String) throws(FileError) {
        var settings = TokenizerSettings()
        if isFolder(path) { settings = try ModelFolder(path: path).tokenReader().tokenizerSettings() }
        let read = try Tokenizer(path: path)
        // Encoders are used with the same frame.
        tokenizer =
            settings.frame.map { frame in
                read.withDefaultFrame(beginning: read.id(of: frame.beginning), separator: read.id(of: frame.separator))
            } ?? read
        truncatesBeginning = settings.truncatesBeginning ?? (tokenizer.truncation?.side == .beginning)
        template = Result { try ModelTemplate(path: path) }
    }

    /// Those of the model that a recipe begins with.
    ///
    /// - Parameter path: Where that model lies; not read for a fresh one, whose tokenizer the recipe names.
    /// - Throws: As ``init(path:)``.
    public init(of recipe: Recipe, path: String) throws(FileError) {
        switch recipe.start {
        case .model: self = try TrainingText(path: path)
        case .grown: self = try TrainingText(path: path)
        case .fresh(_, let tokenizer, _, _): self = try TrainingText(path: tokenizer)
        }
    }
}
