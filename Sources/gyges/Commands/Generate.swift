import GygesConstraints
import GygesFiles
import GygesTemplates
import GygesTokenizer
import ArgumentParser
import Foundation
import GygesInference

/// `gyges generate`
struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answers a prompt, or continues a text.",
        discussion: """
            The prompt is one user message in the model's chat template, unless --raw asks to continue plain text. Without \
            a prompt, or for '-', it is read from standard input. Special tokens spelled out in the prompt stay plain text.

            --response-prefix begins the answer; in --json, "tokens" have their bytes, since a character may take several.

            An answer can be held to a JSON schema, to any JSON object, or to one of several texts. The model sees nothing \
            of that: say in the prompt what is wanted. Unless --max-tokens cuts it off, the answer is valid.

            Examples:
              gyges generate smollm2-135m-instruct "Why is the sky blue?"
              echo "Once upon a time" | gyges generate model.gguf --raw --temperature 0.8 --seed 7
              gyges generate model.gguf "Name a colour." --response-prefix "A colour is"
              gyges generate model.gguf --prefix-cache book.kv "$(cat book.txt) Who is the murderer?"
              gyges generate model.gguf "Is a whale a fish?" --answers yes,no,unsure
              gyges generate model.gguf "Rome as JSON: name, population." --json-object
              gyges generate model.gguf "A cat as JSON." --schema cat.schema.json
              gyges generate model.gguf "A cat as JSON." --schema \\
                '{"type": "object", "properties": {"name": {"type": "string"}}}'
            """)

    @OptionGroup var options: ModelOptions
    @Argument(help: "What to say; '-', or nothing, for standard input.")
    var prompt: String?

    @Flag(help: "Continue plain text, without the chat template.")
    var raw = false

    @Option(help: "The system message.")
    var system: String?

    @Option(help: ArgumentHelp("A text that the answer begins with.", valueName: "text"))
    var responsePrefix = ""

    @Flag(help: "Print JSON with tokens, log-probabilities and times instead of text.")
    var json = false

    @OptionGroup var prefixCache: PrefixCacheOption

    @OptionGroup(title: "Constraint")
    var constraint: ConstraintOptions

    @OptionGroup(title: "Sampling")
    var sampling: SamplingOptions

    func run() async throws {
        let text = try Input.text(ofArgument: prompt, wanted: "the prompt")
        let grammar = try constraint.grammar()
        let model = try options.load()
        let tokens: [Int32]
        if raw {
            tokens = try model.tokenizer.encode(text + responsePrefix, addsBeginning: true)
        } else {
            var messages: [ChatMessage] = []
            if let system { messages.append(ChatMessage(role: "system", content: system)) }
            messages.append(ChatMessage(role: "user", content: text))
            tokens = try model.tokens(of: messages, prefill: responsePrefix)
        }
        guard !tokens.isEmpty else { throw ValidationError("The prompt is empty.") }
        let request = GenerationRequest(
            prompt: tokens, maximumTokenCount: sampling.maxTokens, sampling: try sampling.parameters(for: model),
            stopStrings: sampling.stop, stopTokens: model.stopTokens,
            constraint: try grammar.map { try OutputConstraint($0, tokenizer: model.tokenizer) })
        try await prefixCache.load(into: model)
        // What the answer begins with is part of it.
        if !json { try Output.write(responsePrefix) }
        let start = ContinuousClock.now
        var firstToken: Duration?
        for try await event in model.engine.generate(request) {
            if firstToken == nil { firstToken = start.duration(to: .now) }
            switch event {
            case .delta(let text, _): if !json { try Output.write(text) }
            case .finished(let completion):
                let seconds = start.duration(to: .now) / .seconds(1)
                if json {
                    print(description(of: completion, tokenizer: model.tokenizer, seconds: seconds, first: firstToken))
                } else {
                    print("")
                }
                try await prefixCache.save(tokens, after: completion, of: model)
                if grammar != nil, completion.finishReason == .length {
                    Terminal.writeError(
                        "gyges: cut off after \(completion.tokens.count) tokens, before the answer was complete; "
                            + "raise --max-tokens.\n")
                }
            }
        }
    }

    private func description(
        of completion: Completion, tokenizer: Tokenizer, seconds: Double, first: Duration?
    ) -> String {
        let tokens = completion.tokens.map { token in
            [
                "id": .integer(Int(token.token)),
                "text": .string(String(decoding: tokenizer.bytes(of: token.token), as: UTF8.self)),
                "bytes": .array(tokenizer.bytes(of: token.token).map { .integer(Int($0)) }),
                "logprob": .double(token.logProbability), "is_greedy": .bool(token.isGreedy),
            ] as JSON
        }
        let document: JSON = [
            "text": .string(responsePrefix + completion.text),
            "finish_reason": .string(completion.finishReason.rawValue),
            "prompt_tokens": .integer(completion.promptTokenCount),
            "reused_tokens": .integer(completion.reusedTokenCount),
            "generated_tokens": .integer(completion.tokens.count),
            "proposed_tokens": .integer(completion.proposedTokenCount),
            "accepted_tokens": .integer(completion.acceptedTokenCount), "seconds": .double(seconds),
            "seconds_to_first_token": first.map { .double($0 / .seconds(1)) } ?? .null, "tokens": .array(tokens),
        ]
        return document.serialized(.pretty)
    }
}
