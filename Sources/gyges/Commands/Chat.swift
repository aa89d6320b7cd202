import GygesTemplates
import ArgumentParser
import Foundation
import GygesInference

/// `gyges chat`
struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talks with a model.",
        discussion: """
            Type a message and press return; the conversation so far is computed once and kept. /new starts over, /undo \
            takes back the last exchange, /quit (or Control-D) ends.

            Examples:
              gyges chat smollm2-135m-instruct
              gyges chat model.gguf --system "Answer in one sentence." --temperature 0
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: "The system message.")
    var system: String?

    @OptionGroup var prefixCache: PrefixCacheOption

    @OptionGroup(title: "Sampling")
    var sampling: SamplingOptions

    func run() async throws {
        let model = try options.load()
        try await prefixCache.load(into: model)
        var parameters = try sampling.parameters(for: model)
        let opening = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
        var messages = opening
        let isInteractive = isatty(STDIN_FILENO) == 1
        while true {
            if isInteractive { printNow("\n> ") }
            guard let line = readLine() else { break }
            switch line.trimmingCharacters(in: .whitespaces) {
            case "": continue
            case "/quit", "/exit": return
            case "/new":
                messages = opening
                continue
            case "/undo":
                messages.removeLast(min(2, messages.count - opening.count))
                continue
            default: messages.append(ChatMessage(role: "user", content: line))
            }
            let request = GenerationRequest(
                prompt: try model.tokens(of: messages), maximumTokenCount: sampling.maxTokens, sampling: parameters,
                stopStrings: sampling.stop, stopTokens: model.stopTokens)
            do {
                for try await event in model.engine.generate(request) {
                    switch event {
                    case .delta(let text, _): printNow(text)
                    case .finished(let completion):
                        messages.append(ChatMessage(role: "assistant", content: completion.text))
                        printNow(completion.finishReason == .length ? " […]\n" : "\n")
                        try await prefixCache.save(request.prompt, after: completion, of: model)
                    }
                }
            } catch let error as EngineError {
                messages.removeLast()
                Terminal.writeError("\(error)\n")
            }
            // Another draw for the next turn, and the same conversation for the same seed.
            parameters.seed &+= 1
        }
    }
}
