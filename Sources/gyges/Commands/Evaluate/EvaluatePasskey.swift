import ArgumentParser
import Foundation
import GygesEvaluation

/// `gyges evaluate passkey`
struct EvaluatePasskey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passkey", abstract: "Asks for a number hidden in a long filler.",
        discussion: """
            After Mohtashami & Jaggi 2023 (arXiv 2305.16300). The fillers of all samples begin the same, and what was read once \
            is not read again.

            Example:
              gyges evaluate passkey model.gguf --lengths 4k,8k --depths 0,50,100 --samples 2
            """)

    @OptionGroup var options: ModelOptions
    @OptionGroup var evaluation: EvaluationOptions

    @Option(help: "How far into the filler the number stands, in percent.")
    var depths = "0,25,50,75,100"

    @Option(help: "Samples at each length and depth.")
    var samples = 4

    @Flag(help: "Continue plain text, without the chat template.")
    var raw = false

    func validate() throws {
        guard (1...10_000).contains(samples) else { throw ValidationError("--samples must be from 1 to 10000.") }
        _ = try parsedDepths(depths)
    }

    func run() async throws {
        let passkey = PasskeyEvaluation(
            lengths: try evaluation.parsedLengths(), depths: try parsedDepths(depths), sampleCount: samples,
            seed: evaluation.seed)
        let subject = try ModelSubject(try options.load(isShown: !evaluation.quiet), isRaw: raw)
        try await evaluation.perform(model: options.model) { try await passkey.run(subject, progress: $0) }
    }
}
