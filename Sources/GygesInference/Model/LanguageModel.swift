public import GygesCheckpoints
public import GygesFiles
public import GygesTemplates
public import GygesTokenizer
public import GygesKernels
public import GygesModels
import Synchronization

/// A decoder with everything that turns conversations into text: tokenizer, chat template, generation defaults, engine.
public final class LanguageModel: Sendable {
    /// What the model was loaded from: a GGUF file or a Hugging Face folder.
    public let path: String
    /// The decoder's shape.
    public let configuration: CausalModelConfiguration
    /// What users should know of how the files were read, a sentence each; usually nothing.
    public let notes: [String]
    /// How matmuls are computed.
    public let precision: MatmulPrecision
    /// What is added to the model's weights, for all requests.
    public let adapters: [AdapterReference]
    /// How the engine is set up.
    public let options: InferenceEngine.Options
    /// The values a template may name: `bos_token`, `eos_token`, …
    public let templateVariables: JSONObject
    /// The publisher's sampling advice and ends of text.
    public let generationDefaults: GenerationConfiguration
    /// The tokens that end a turn or a text.
    public let stopTokens: Set<Int32>
    /// The tokens that fill in the middle of a text; `nil` if the model has none.
    let fillTokens: FillTokens?
    /// The tokenizer.
    public let tokenizer: Tokenizer
    /// The engine.
    public let engine: InferenceEngine
    /// All files that decide the model's output, but for adapters.
    let files: [String]
    private let team: ThreadTeam
    private let template: Result<ChatTemplate, any Error>?
    private let knownDigest = Mutex<String?>(nil)

    /// Loads a model.
    ///
    /// A chat template that cannot be read is reported when a conversation needs it, not here: the model can still
    /// continue text.
    /// - Parameters:
    ///   - path: A GGUF file, or a Hugging Face folder with safetensors.
    ///   - precision: How matmuls are computed.
    ///   - adapters: What is added to the model's weights, for all requests.
    ///   - options: How the engine is set up.
    ///   - packing: Where packed weights are kept between runs, and who hears how far loading is.
    ///   - text: What the files may leave open: pre-tokenizer and chat template.
    /// - Throws: ``FileError`` with everything found wrong in the file that is wrong first; ``EngineError/threadUnavailable(code:)``.
    /// - Complexity: O(size of the weights), spread over the threads.
    public convenience init(
        path: String, precision: MatmulPrecision = .fast, adapters: [AdapterReference] = [],
        options: InferenceEngine.Options = .init(), packing: Packing = .init(), text: ModelTextOptions = .init()
    ) throws {
        let parts = try ModelParts(
            path: path, precision: precision, packing: packing, threadCount: options.threadCount, text: text)
        try self.init(parts, precision: precision, adapters: adapters, options: options)
    }

    private init(
        _ parts: ModelParts, precision: MatmulPrecision, adapters: [AdapterReference],
        options: InferenceEngine.Options
    ) throws {
        path = parts.path
        files = parts.files
        configuration = parts.model.decoder.configuration
        self.precision = precision
        self.adapters = adapters
        self.options = options
        templateVariables = parts.templateVariables
        generationDefaults = parts.generationDefaults
        stopTokens = parts.stopTokens
        fillTokens = parts.fillTokens
        template = parts.template
        tokenizer = parts.tokenizer
        var model = parts.model
        if !adapters.isEmpty {
            let adapter = try AdapterReference.sum(adapters, on: ModelModules(model.decoder))
            model = model.adapted(by: adapter, precision: precision, team: parts.team)
        }
        team = parts.team
        engine = try InferenceEngine(model: model, tokenizer: parts.tokenizer, team: parts.team, options: options)
        var notes = parts.model.notes
        if options.keyValueFormat == nil, engine.keyValueFormat != .f16 {
            notes.append(
                "The KV cache is kept in \(engine.keyValueFormat.rawValue), because keys or values may be larger than f16 holds."
            )
        }
        self.notes = notes
    }

    /// The most tokens of a request, prompt and answer together.
    public var contextLimit: Int { engine.longContext.limit }

    /// How texts beyond the model's native window are read, in a word and the limit; `nil` if there can be none.
    public var longContextSetting: String? {
        let context = engine.longContext
        return context.limit == context.nativeLength ? nil : "\(context.method.rawValue) to \(context.limit)"
    }

    /// The chat template; `nil` if the model has none that can be read.
    public var chatTemplate: ChatTemplate? { try? template?.get() }

    /// Loads adapters that requests may bring: what they add is added to the model as it is here.
    ///
    /// - Throws: As ``LoadedAdapter/init(_:for:team:)``.
    public func loadAdapter(_ references: [AdapterReference]) throws(FileError) -> LoadedAdapter {
        try LoadedAdapter(references, for: engine.model, team: team)
    }

    /// SHA-256 over all files that decide the model's output: weights, tokenizer, configuration, template and adapters.
    ///
    /// - Throws: ``FileError`` if a file cannot be read any more.
    /// - Complexity: O(size of the files); about a second for each 1.5 GB.
    public func digest() throws(FileError) -> String {
        try AdapterReference.digest(of: GygesInference.digest(ofFiles: files), with: adapters)
    }

    /// Saves what was computed for the beginning of `prompt` to a file; see ``InferenceEngine/savePrefixes(of:to:model:)``.
    ///
    /// - Throws: ``FileError`` or ``EngineError``.
    /// - Complexity: O(size of the model's files), which are digested once, and of what is saved.
    @discardableResult
    public func savePrefixes(of prompt: [Int32]? = nil, to path: String) async throws -> Int {
        try await engine.savePrefixes(of: prompt, to: path, model: try prefixIdentity())
    }

    /// Loads what ``savePrefixes(of:to:)`` saved; see ``InferenceEngine/loadPrefixes(from:model:)``.
    ///
    /// - Throws: ``FileError`` or ``EngineError``.
    /// - Complexity: O(size of the model's files), which are digested once, and of what is loaded.
    @discardableResult
    public func loadPrefixes(from path: String) async throws -> Int {
        try await engine.loadPrefixes(from: path, model: try prefixIdentity())
    }

    private func prefixIdentity() throws(FileError) -> String {
        let digest: String
        if let known = knownDigest.withLock({ $0 }) { digest = known } else { digest = try self.digest() }
        knownDigest.withLock { $0 = digest }
        return "\(digest) \(precision.rawValue) \(arithmeticRevision)"
    }

    /// The tokens of a conversation, ready for the assistant to go on.
    ///
    /// Only the template's own words become special tokens; those that structure answers, such as `<tool_call>`, also in what the
    /// assistant said.
    /// - Parameters:
    ///   - messages: The conversation so far.
    ///   - tools: The tools' JSON schemas.
    ///   - prefill: Text that the assistant's answer begins with.
    ///   - trustsPrefill: Whether special tokens spelled out in it are meant.
    ///   - variables: What else the template can name; replaces ``templateVariables`` of the same name.
    /// - Throws: ``TemplateError`` if the model has no template or the template refuses the conversation.
    public func tokens(
        of messages: [ChatMessage], tools: [JSON] = [], prefill: String = "", trustsPrefill: Bool = false,
        variables: JSONObject = .init()
    ) throws -> [Int32] {
        var segments = try prompt(of: messages, tools: tools, variables: variables).segments
        if !prefill.isEmpty { segments.append(TextSegment(prefill, isTrusted: trustsPrefill)) }
        return try tokenizer.encode(segments: segments)
    }

    /// The text of a conversation, ready for the assistant to go on.
    ///
    /// - Throws: As ``tokens(of:tools:prefill:variables:)``.
    public func prompt(
        of messages: [ChatMessage], tools: [JSON] = [], addsGenerationPrompt: Bool = true,
        variables: JSONObject = .init()
    ) throws -> RenderedPrompt {
        guard let template else { throw noTemplate(path) }
        var names = templateVariables
        for (name, value) in variables { names[name] = value }
        return try template.get().render(
            messages: messages, tools: tools, addsGenerationPrompt: addsGenerationPrompt, variables: names)
    }
}
