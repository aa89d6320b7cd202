import ArgumentParser

/// `gyges adapter`
struct AdapterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapter", abstract: "Merges adapters (LoRA) into models, and converts their files.",
        discussion: """
            An adapter is used without merging wherever a model is run, with --adapter.

            Example:
              gyges adapter merge Qwen2.5-0.5B --adapter runs/lora -o merged
            """,
        subcommands: [AdapterMerge.self, AdapterConvert.self])
}
