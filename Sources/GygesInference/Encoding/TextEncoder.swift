public import GygesCheckpoints
public import GygesFiles
public import GygesTokenizer
public import GygesKernels
public import GygesModels

/// An encoder with its tokenizer: turns texts into vectors, labels, or words for masked places.
///
/// Made from a Hugging Face folder of a family of ``EncoderFamily``, plain or as sentence-transformers and PyLate write it. Any
/// number of texts may be given at once: they are run without padding, many a pass, and a text's result has the same bits
/// whatever texts come with it.
///
///     let encoder = try TextEncoder(path: folder)
///     let vectors = try encoder.embeddings(of: ["A text", "Another"])
///
/// A call that blocks computes on the caller's thread and is told how far it is. A call that is awaited is computed on the
/// encoder's own thread, in passes with what other callers ask for, which is what a server wants:
///
///     let vector = try await encoder.embeddings(of: [text], whenFull: .refuse)
public final class TextEncoder: Sendable {
    /// The folder.
    public let path: String
    /// The encoder's shape and what its head is for.
    public let configuration: TextModelConfiguration
    /// How vectors are made; `nil` if the folder does not say, and they are means of hidden states.
    public let embedding: EmbeddingConfiguration?
    /// How matmuls are computed.
    public let precision: MatmulPrecision
    /// The tokenizer.
    public let tokenizer: Tokenizer
    /// Runs token ids, for callers that tokenize themselves.
    public let runner: EncoderRunner
    /// How much of a text the tokenizer's configuration lets the model read.
    let tokenizerSettings: TokenizerSettings
    /// All files that decide the model's output, but for adapters.
    private let files: [String]
    private let adapters: [AdapterReference]

    /// How a model is loaded.
    public struct Options: Sendable {
        /// How matmuls are computed.
        public var precision: MatmulPrecision
        /// What is added to the model's weights.
        public var adapters: [AdapterReference]
        /// Threads that compute; `nil` for as many as the process may use.
        public var threadCount: Int?
        /// The most tokens of a pass, unless a single text has more; memory grows with it.
        public var tokenBudget: Int
        /// Whether the head that the folder offers is loaded; vectors do not need it, except sparse ones.
        public var loadsHead: Bool
        /// Where packed weights are kept between runs, and who hears how far loading is.
        public var packing: Packing
        /// The most tokens of awaited texts that wait together; what becomes of more is up to the caller (``WhenFull``).
        public var queueTokenLimit: Int

        /// Creates options.
        public init(
            precision: MatmulPrecision = .fast, adapters: [AdapterReference] = [], threadCount: Int? = nil,
            tokenBudget: Int = 1024, loadsHead: Bool = true, packing: Packing = .init(), queueTokenLimit: Int = 1 << 20
        ) {
            self.precision = precision
            self.adapters = adapters
            self.threadCount = threadCount
            self.tokenBudget = tokenBudget
            self.loadsHead = loadsHead
            self.packing = packing
            self.queueTokenLimit = queueTokenLimit
        }
    }

    /// Loads a model.
    ///
    /// - Parameter path: A Hugging Face folder of an encoder.
    /// - Throws: ``FileError`` with everything found wrong in the file that is wrong first.
    /// - Complexity: O(size of the weights), spread over the threads.
    public init(path: String, options: Options = .init()) throws(FileError) {
        guard isFolder(path) else {
            throw FileError(
                path, "is not a folder",
                remedy:
                    "Give the Hugging Face folder of an encoder, or pull one with 'gyges pull hf:OWNER/NAME'."
            )
        }
        let folder = try ModelFolder(path: path)
        // A model that is not run is refused as such, whatever else of it cannot be read.
        _ = try folder.textModelConfiguration()
        let reader = try folder.tokenReader()
        tokenizerSettings = try reader.tokenizerSettings()
        let team = ThreadTeam(threadCount: options.threadCount)
        let reading = Background { () throws(FileError) in try Tokenizer(path: folder.path) }
        let loaded = Result { () throws(FileError) in
            try TextModel(
                folder: folder, precision: options.precision, loadsHead: options.loadsHead,
                packing: options.packing, team: team)
        }
        let read = try reading.result().get()
        var model = try loaded.get()
        if !options.adapters.isEmpty {
            let modules = try model.modules(path: path)
            model = model.adapted(by: try AdapterReference.sum(options.adapters, on: modules), team: team)
        }
        adapters = options.adapters
        self.path = folder.path
        configuration = model.configuration
        tokenizer =
            tokenizerSettings.frame.map { frame in
                read.withDefaultFrame(beginning: read.id(of: frame.beginning), separator: read.id(of: frame.separator))
            } ?? read
        embedding = model.embedding
        precision = options.precision
        runner = EncoderRunner(
            model: model, tokenBudget: options.tokenBudget, queueTokenLimit: options.queueTokenLimit, team: team)
        let own = reader.fileNames.filter { name in
            [".json", ".safetensors"].contains(where: name.hasSuffix) || Self.vocabularyFiles.contains(name)
        }
        .map(reader.path(of:))
        files = own + (embedding?.files ?? []).map(folder.path(of:)).filter { !own.contains($0) }
        guard tokenizer.vocabularyCount <= configuration.vocabularySize else {
            throw FileError(
                path, at: "vocabulary",
                "the tokenizer has tokens up to \(tokenizer.vocabularyCount - 1), the embedding table "
                    + "\(configuration.vocabularySize) rows",
                remedy: "Tokenizer and weights are of different models; get the model again.")
        }
    }

    /// Files of tokenizers that are not JSON.
    private static let vocabularyFiles: Set = [
        "vocab.txt", "merges.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
    ]

    /// The most tokens of a text, its beginning and end included.
    public var contextLimit: Int {
        if configuration.readsTextAlone { return tokenizer.truncation?.maximumTokenCount ?? .max }
        return min(configuration.contextLength, embedding?.maximumLength ?? tokenizerSettings.maximumLength ?? .max)
    }

    /// The channels of a text's or token's vector, before any cut that is asked for.
    public var embeddingDimension: Int {
        embedding.map { $0.dimension ?? $0.width } ?? configuration.hiddenSize
    }

    /// Whether pairs of texts get scores: the model is a cross-encoder, of one head or of modules.
    public var isCrossEncoder: Bool {
        switch embedding?.kind {
        case nil: configuration.task == .sequenceClassification
        case .classifier, .scores: true
        case .single, .lateInteraction, .sparse: false
        }
    }

    /// SHA-256 over all files that decide the model's output: weights, tokenizer, configurations and adapters.
    ///
    /// - Throws: ``FileError`` if a file cannot be read any more.
    /// - Complexity: O(size of the files).
    public func digest() throws(FileError) -> String {
        try AdapterReference.digest(of: GygesInference.digest(ofFiles: files), with: adapters)
    }
}
