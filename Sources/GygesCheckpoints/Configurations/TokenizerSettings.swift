public import GygesFiles

/// What `tokenizer_config.json` says about how texts are read.
public struct TokenizerSettings: Sendable, Equatable {
    /// The most tokens of a text (`model_max_length`); `nil` if the file does not say, or names a number that means none.
    public var maximumLength: Int?
    /// Whether longer texts lose their beginning (`truncation_side`); `nil` for what `tokenizer.json` says.
    public var truncatesBeginning: Bool?
    /// The tokens that begin a text and end it where the tokenizer's class puts them there by itself, as BERT's does;
    /// `nil` where `tokenizer.json` alone decides.
    public var frame: Frame?

    /// The tokens around a text.
    public struct Frame: Sendable, Equatable {
        /// Begins a text.
        public var beginning: String
        /// Ends each.
        public var separator: String
    }

    /// No limit; ends are lost.
    public init() {}
}

extension ModelFolder {
    /// What the folder's `tokenizer_config.json` says about how much of a text is read; the defaults if it has none.
    ///
    /// - Throws: ``FileError`` if the file is damaged, or a value is none that means something.
    public func tokenizerSettings() throws(FileError) -> TokenizerSettings {
        let name = "tokenizer_config.json"
        var settings = TokenizerSettings()
        guard let object = try json(name)?.object else { return settings }
        var problems: [String] = []
        if object["tokenizer_class"]?.string?.hasPrefix("BertTokenizer") ?? false {
            func token(_ key: String, _ usual: String) -> String {
                object[key]?.string ?? object[key]?["content"]?.string ?? usual
            }
            settings.frame = .init(beginning: token("cls_token", "[CLS]"), separator: token("sep_token", "[SEP]"))
        }
        if let value = object["model_max_length"], !value.isNull {
            // Tokenizers without a limit say 10³⁰.
            if let number = value.double, number > Double(CausalModelConfiguration.Limit.context) {
            } else if let length = value.integer, length >= 3 {
                settings.maximumLength = length
            } else {
                problems.append("model_max_length is \(value.serialized()), not a number of tokens")
            }
        }
        switch object["truncation_side"]?.string {
        case nil: break
        case "right": settings.truncatesBeginning = false
        case "left": settings.truncatesBeginning = true
        case let side?: problems.append("truncation_side is \(side); left and right are supported")
        }
        guard problems.isEmpty else {
            throw FileError(path(of: name), at: "settings", problems: problems, remedy: "Get the model again.")
        }
        return settings
    }
}
