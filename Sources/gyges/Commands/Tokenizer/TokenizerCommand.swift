import ArgumentParser

/// `gyges tokenizer`
struct TokenizerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "Makes tokenizers.",
        discussion: """
            Example:
              gyges tokenizer train corpus.txt --like qwen2.5 --vocab-size 8192 -o tokenizer.json
            """,
        subcommands: [TokenizerTrain.self])
}
