import ArgumentParser
import GygesEvaluation

/// `gyges evaluate perplexity`
struct EvaluatePerplexity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity", abstract: "Measures what more context is worth in predicting a text.",
        discussion: """
            Windows of all lengths end at the same places, and only their last tokens count, so that lengths differ in \
            nothing but what comes before. With --depths, pass keys are hidden in the same windows and asked for, which \
            costs little, as each window is read once. How well a whole text is predicted says 'gyges perplexity'.

            Examples:
              gyges evaluate perplexity model.gguf book.txt --lengths 2k,4k,8k
              gyges evaluate perplexity model.gguf book.txt --depths 10,50,90
            """)

    @OptionGroup var options: ModelOptions

    @Argument(help: "A text file; standard input if missing.")
    var text: String?

    @OptionGroup var evaluation: EvaluationOptions

    @Option(help: "At how many places windows end.")
    var windows = 2

    @Option(help: "How many tokens at the end of a window count.")
    var scored = 1024

    @Option(help: "Hide a pass key at each depth, in percent, and ask for it.")
    var depths: String?

    func validate() throws {
        _ = try depths.map { try parsedDepths($0) }
        guard (1...100_000).contains(windows) else { throw ValidationError("--windows must be from 1 to 100000.") }
        guard scored >= 1 else { throw ValidationError("--scored must be at least 1.") }
    }

    func run() async throws {
        let text = try Input.text(text)
        let measurement = PerplexityEvaluation(
            lengths: try evaluation.parsedLengths(), windowCount: windows, scoredCount: scored,
            keyDepths: try depths.map { try parsedDepths($0) } ?? [])
        // Plain text is scored, for which no template is needed.
        let subject = try ModelSubject(try options.load(isShown: !evaluation.quiet), isRaw: true)
        try await evaluation.perform(model: options.model) { progress in
            try await measurement.run(subject, text: text, seed: evaluation.seed, progress: progress)
        }
    }
}
