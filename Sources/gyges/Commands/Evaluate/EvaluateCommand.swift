import ArgumentParser

/// `gyges evaluate`
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measures how a model copes with long contexts, or what it finds in a collection.",
        discussion: """
            Answers are greedy, and scores come with counts and 95 % intervals. Results of several settings, saved with \
            --json and told apart by --label, become one chart with 'gyges evaluate chart'.

            Examples:
              gyges evaluate passkey model.gguf --lengths 4k,8k
              gyges evaluate ruler model.gguf --lengths 4k --samples 20
              gyges evaluate perplexity model.gguf book.txt --lengths 2k,8k
              gyges evaluate retrieval ./gte ./scifact
            """,
        subcommands: [
            EvaluateRuler.self, EvaluatePasskey.self, EvaluatePerplexity.self, EvaluateRetrieval.self,
            EvaluateChart.self,
        ])
}
