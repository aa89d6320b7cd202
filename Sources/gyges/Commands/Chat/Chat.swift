import ArgumentParser
import Foundation
import GygesFiles
import GygesInference

/// `gyges chat`
struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talks with a model.",
        discussion: """
            Type a message and press return; the conversation so far is computed once and kept. Control-C stops an answer, \
            and what was said so far stays in the conversation; a second Control-C, Control-D or /quit leaves. /undo takes \
            back the last message, /new starts over, /system, /save, /load and /speed do what /help says.

            In a terminal, lines can be edited and earlier ones brought back, and what is pasted is one message. From a \
            pipe, each line is a message, and standard output holds answers alone.

            Examples:
              gyges chat smollm2-135m-instruct
              gyges chat model.gguf --system "Answer in one sentence." --temperature 0
              gyges chat model.gguf --load talk.json --speed
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: "The system message.")
    var system: String?

    @Option(help: ArgumentHelp("Go on with a conversation that /save kept.", valueName: "file"))
    var load: String?

    @Flag(help: "Say after each answer how fast it came.")
    var speed = false

    @OptionGroup var prefixCache: PrefixCacheOption

    @OptionGroup(title: "Sampling")
    var sampling: SamplingOptions

    func run() async throws {
        var conversation = try load.map { path throws(FileError) in
            try Conversation(try JSON.read(path: path), name: path)
        }
        if let system { conversation = conversation ?? Conversation(); conversation?.system = system }
        let model = try options.load()
        try await prefixCache.load(into: model)
        var session = ChatSession(
            model: model, prefixCache: prefixCache, maximumTokenCount: sampling.maxTokens, stopStrings: sampling.stop,
            sampling: try sampling.parameters(for: model), conversation: conversation ?? Conversation(),
            showsSpeed: speed)
        if isatty(STDIN_FILENO) == 1, let interrupts = Interrupts(), let editor = LineEditor(interrupts: interrupts) {
            try await talk(&session, editor, interrupts)
        } else {
            try await answerLines(&session)
        }
    }

    /// A conversation with a person at a terminal.
    private func talk(_ session: inout ChatSession, _ editor: LineEditor, _ interrupts: Interrupts) async throws {
        Terminal.writeError("/help says what can be done besides sending messages.\n")
        var wasInterrupted = false
        while true {
            print("")
            switch editor.read() {
            case .end:
                print("")
                return
            case .interrupted(let isEmpty):
                print("^C")
                if isEmpty, wasInterrupted { throw ExitCode(130) }
                wasInterrupted = true
                if isEmpty { Terminal.writeError("Another Control-C, or Control-D, leaves.\n") }
            case .message(let text):
                wasInterrupted = false
                switch ChatInput(text) {
                case .nothing: continue
                case .refused(let reason): Terminal.writeError(reason + "\n")
                case .instruction(let instruction): if !session.follow(instruction) { return }
                case .message(let text):
                    wasInterrupted = try await session.send(text, interrupts: interrupts)
                }
            }
        }
    }

    /// A message a line from a pipe or a file.
    private func answerLines(_ session: inout ChatSession) async throws {
        var lines = try LineReader(path: "-")
        while let line = try lines.next() {
            guard let text = String(validating: line.last == 0x0D ? line.dropLast() : line[...], as: UTF8.self) else {
                throw lines.fault("is not UTF-8 text", remedy: "Convert it, for example with iconv.")
            }
            switch ChatInput(text) {
            case .nothing: continue
            case .refused(let reason): Terminal.writeError(reason + "\n")
            case .instruction(let instruction): if !session.follow(instruction) { return }
            case .message(let text): _ = try await session.send(text, interrupts: nil)
            }
        }
    }
}
