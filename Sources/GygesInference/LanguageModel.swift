public import GygesFiles
public import GygesKernels
public import GygesModels
public import GygesText

/// A decoder with everything that turns conversations into text: tokenizer, chat template, generation defaults, engine.
public final class LanguageModel: Sendable {
    /// What the model was loaded from.
    public let path: String
    /// SHA-256 over all files that decide its output, weights, tokenizer, configuration and template, as hexadecimal.
    public let digest: String
    /// The chat template; `nil` if the model has none.
    public let chatTemplate: ChatTemplate?
    /// The values a template may name: `bos_token`, `eos_token`, …
    public let templateVariables: JSONObject
    /// The publisher's sampling advice and ends of text.
    public let generationDefaults: GenerationConfiguration
    /// The tokens that end a turn.
    public let stopTokens: Set<Int32>
    /// The tokenizer.
    public let tokenizer: Tokenizer
    /// The engine.
    public let engine: InferenceEngine

    init(
        path: String, digest: String, chatTemplate: ChatTemplate?, templateVariables: JSONObject,
        generationDefaults: GenerationConfiguration, stopTokens: Set<Int32>, tokenizer: Tokenizer,
        engine: InferenceEngine
    ) {
        self.path = path
        self.digest = digest
        self.chatTemplate = chatTemplate
        self.templateVariables = templateVariables
        self.generationDefaults = generationDefaults
        self.stopTokens = stopTokens
        self.tokenizer = tokenizer
        self.engine = engine
    }
}
