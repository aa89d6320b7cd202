import ArgumentParser
import Foundation
import GygesConstraints
import GygesFiles
import GygesInference
import GygesTokenizer

/// `gyges generate`
struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answers a prompt or many, or continues texts.",
        discussion: """
            The prompt is one user message in the model's chat template, unless --raw asks to continue plain text. Without \
            a prompt, or for '-', it is read from standard input. Special tokens spelled out in the prompt stay plain text; \
            --special-tokens means those of a --raw prompt and of --response-prefix.

            --response-prefix begins the answer; in --json, "tokens" have their bytes, since a character may take several. \
            --fim-suffix fills in what lies between the prompt and another text.

            An answer can be held to a JSON schema, to any JSON object, or to one of several texts. The model sees nothing \
            of that: say in the prompt what is wanted. Unless --max-tokens cuts it off, the answer is valid.

            With --input, every line is answered by a line of JSON, in order, many at a time: lines of text are prompts, JSON \
            Lines have "prompt" or "messages" and whatever differs from the options: "id", "temperature", "top_p", "top_k", \
            "min_p", "repetition_penalty", "max_tokens", "seed", "stop", "schema", "response_format", "answers", "tools", \
            "suffix", "response_prefix", "chat_template_kwargs". A line that cannot be answered gets its "error", the others \
            go on, and the status is 1. With --output, --resume goes on after a kill, to the same bytes. Line n is drawn by \
            --seed plus n, from 0, unless it has a "seed".

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
              gyges generate coder.gguf "def add(a, b):" --fim-suffix "    return c"
              gyges generate model.gguf "What time is it?" --tools tools.json
              gyges generate model.gguf --input prompts.jsonl -o answers.jsonl --resume
            """)

    @OptionGroup var options: ModelOptions
    @Argument(help: "What to say; '-', or nothing, for standard input.")
    var prompt: String?

    @OptionGroup(title: "Prompt")
    var prompting: PromptOptions

    @Flag(help: "Print JSON with tokens, log-probabilities and times instead of text.")
    var json = false

    @OptionGroup var prefixCache: PrefixCacheOption

    @OptionGroup(title: "Many prompts")
    var input: FileInputOptions

    @OptionGroup(title: "Many prompts")
    var rows: RowOutputOptions

    @OptionGroup(title: "Constraint")
    var constraint: ConstraintOptions

    @OptionGroup(title: "Sampling")
    var sampling: SamplingOptions

    func validate() throws {
        guard !input.input.isEmpty else {
            if rows.output != nil || input.jsonl { throw ValidationError("--output and --jsonl go with --input.") }
            return
        }
        if prompt != nil { throw ValidationError("Give a prompt or --input, not both.") }
        if json { throw ValidationError("With --input, output is always lines of JSON: leave out --json.") }
        if prefixCache.path != nil { throw ValidationError("--prefix-cache goes with one prompt.") }
    }

    func run() async throws {
        guard input.input.isEmpty else { return try await answerRows() }
        var asked = try prompting.prompt()
        asked.content = .text(try Input.text(ofArgument: prompt, wanted: "the prompt"))
        let grammar = try constraint.form().map { try OutputGrammar($0) }
        ConstraintOptions.tell(grammar?.notes ?? [])
        let model = try options.load(isShown: !rows.quiet)
        let tokens = try model.tokens(of: asked)
        guard !tokens.isEmpty else { throw ValidationError("The prompt is empty.") }
        let request = GenerationRequest(
            prompt: tokens, maximumTokenCount: sampling.maxTokens, sampling: try sampling.parameters(for: model),
            stopStrings: sampling.stop, stopTokens: model.stopTokens(for: asked),
            constraint: try grammar.map { try OutputConstraint($0, tokenizer: model.tokenizer) })
        try await prefixCache.load(into: model)
        // What the answer begins with is part of it.
        if !json { try Output.write(prompting.responsePrefix) }
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
            "text": .string(prompting.responsePrefix + completion.text),
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
