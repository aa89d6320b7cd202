import GygesBulk
import GygesInference
import GygesTokenizer
import GygesWire

/// What a completion's request asks of an engine: for each of its prompts as many generations as answers are wanted, and the prompt's own
/// log-probabilities where it is to be repeated with them.
struct CompletionPlan: Sendable {
    /// A prompt and what is made of it.
    struct Part: Sendable {
        /// The prompt.
        var tokens: [Int32]
        /// Its text, as far as it is repeated.
        var text: String
        /// An answer each; none if no token is to be generated.
        var generations: [GenerationRequest]
        /// What scores the prompt.
        var scoring: ScoringRequest?
    }

    /// The request.
    let asked: CompletionRequest
    /// The model.
    let model: ServedModel
    /// What turned it into tokens, and computes it.
    let generator: BulkGenerator
    /// The prompts.
    let parts: [Part]

    /// The most answers of a request.
    private static let answerLimit = 1024
    /// What OpenAI's API generates where nothing is said.
    private static let usualTokenCount = 16

    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    init(_ asked: CompletionRequest, on shelf: ModelShelf) throws {
        self.asked = asked
        (model, generator) = try shelf.decoder(asked.model)
        let tokenizer = generator.model.tokenizer
        // Before anything is tokenised: a short request can name very many.
        let (answerCount, overflows) = asked.prompt.count.multipliedReportingOverflow(by: asked.settings.choiceCount)
        guard !overflows, answerCount <= Self.answerLimit else {
            throw ServingFault.invalid(
                "prompt", "“prompt” and “n” must ask for at most \(Self.answerLimit) answers together.")
        }
        let prompts = try Self.tokens(of: asked, tokenizer)
        guard !asked.settings.isStreamed || !(asked.echoes && asked.logProbabilities != nil) else {
            throw ServingFault.invalid(
                "stream", "Log-probabilities of a repeated prompt come as a whole: leave “stream” out.")
        }
        let count = asked.settings.maximumTokens ?? Self.usualTokenCount
        guard count > 0 || asked.echoes else {
            throw ServingFault.invalid("max_tokens", "“max_tokens” of 0 leaves nothing to answer without “echo”.")
        }
        var settings = asked.settings
        settings.maximumTokens = max(1, count)
        var parts: [Part] = []
        for tokens in prompts {
            var part = Part(tokens: tokens, text: "", generations: [])
            if asked.echoes { part.text = try tokenizer.decode(tokens, skipsSpecialTokens: false) }
            if count > 0 {
                var first = try generator.request(continuing: tokens, settings: settings)
                first.topLogProbabilityCount = asked.logProbabilities ?? 0
                first.adapter = model.adapter
                try generator.model.engine.check(first)
                part.generations = first.drawn(settings.choiceCount, seed: settings.seed)
            }
            if asked.echoes, let alternatives = asked.logProbabilities, tokens.count > 1 {
                let scoring = ScoringRequest(
                    tokens: tokens, firstScored: 1, topLogProbabilityCount: alternatives, adapter: model.adapter)
                try generator.model.engine.check(scoring)
                part.scoring = scoring
            }
            parts.append(part)
        }
        self.parts = parts
    }

    private static func tokens(of asked: CompletionRequest, _ tokenizer: Tokenizer) throws -> [[Int32]] {
        func encoded(_ text: String) throws -> [Int32] {
            try tokenizer.encode(text, addsBeginning: asked.addsSpecialTokens ?? true)
        }
        return switch asked.prompt {
        case .text(let text): [try encoded(text)]
        case .texts(let texts): try texts.map(encoded)
        case .tokens(let tokens): [tokens.map { Int32($0) }]
        case .tokenLists(let lists): lists.map { $0.map { Int32($0) } }
        }
    }
}
