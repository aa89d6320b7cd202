import Foundation
import GygesFiles
import GygesInference
import GygesTemplates
import Synchronization

/// A chat under way: what was said, and how the next answer is made. What it has to say itself goes to standard error, so
/// that standard output holds answers alone.
struct ChatSession {
    let model: LanguageModel
    let prefixCache: PrefixCacheOption
    let maximumTokenCount: Int
    let stopStrings: [String]
    /// The seed is another for each answer.
    var sampling: SamplingParameters
    var conversation: Conversation
    /// Whether each answer is followed by how fast it came.
    var showsSpeed: Bool

    /// Does what an instruction asks for and says so; false if the chat is to end.
    mutating func follow(_ instruction: ChatInstruction) -> Bool {
        switch instruction.kind {
        case .quit, .exit: return false
        case .help: say(ChatInstruction.help)
        case .new:
            let count = conversation.questionCount
            conversation.clear()
            say(
                "A new conversation: \(Self.counted(count, "message")) forgotten"
                    + (conversation.system == nil ? "." : ", the system message stays."))
        case .undo:
            guard let question = conversation.undo() else {
                say("There is nothing to take back.")
                break
            }
            say("Taken back: “\(question.legible(limit: 60))” and its answer.")
        case .system: changeSystem(instruction.argument)
        case .speed:
            showsSpeed.toggle()
            say(showsSpeed ? "Each answer's speed is shown from now on." : "Speeds are no longer shown.")
        case .save: attempt { try save(to: instruction.argument) }
        case .load:
            attempt {
                conversation = try Conversation(
                    try JSON.read(path: instruction.argument), name: instruction.argument)
                say(
                    "Loaded \(Self.counted(conversation.messages.count, "message")) from \(instruction.argument); the "
                        + "conversation goes on from there.")
            }
        }
        return true
    }

    /// Sends a message and prints the answer as it comes. `interrupts`, if given, stop it.
    ///
    /// What cannot be answered is taken back, and said. So is a message whose answer was stopped before its first word,
    /// because templates want messages and answers in turn.
    /// - Returns: Whether the answer was stopped.
    /// - Throws: ``FileError`` if standard output or a file cannot be written.
    mutating func send(_ text: String, interrupts: Interrupts?) async throws -> Bool {
        conversation.ask(text)
        // Another draw for the next turn, and the same conversation for the same seed.
        defer { sampling.seed &+= 1 }
        do {
            let request = GenerationRequest(
                prompt: try model.tokens(of: conversation.messages), maximumTokenCount: maximumTokenCount,
                sampling: sampling, stopStrings: stopStrings, stopTokens: model.stopTokens)
            let answer = StreamedAnswer(model.engine, request)
            let outcome = try await answer.outcome(interrupts: interrupts)
            if outcome.text.isEmpty, outcome.completion == nil {
                _ = conversation.undo()
                try Output.write("\n")
                say("Stopped before the first word; the message was taken back.")
                return true
            }
            conversation.answer(outcome.text)
            try Output.write(outcome.completion?.finishReason == .length ? " […]\n" : "\n")
            if outcome.completion == nil { say("Stopped; what was said so far stays in the conversation.") }
            if showsSpeed { say(outcome.speedText) }
            guard let completion = outcome.completion else { return true }
            try await prefixCache.save(request.prompt, after: completion, of: model)
        } catch let error as EngineError {
            refuse(error)
        } catch let error as TemplateError {
            refuse(error)
        }
        return false
    }

    private mutating func refuse(_ error: any Error) {
        _ = conversation.undo()
        say("\(error)\nThe message was taken back. /undo shortens the conversation further, /new forgets it.")
    }

    private mutating func changeSystem(_ text: String) {
        switch text {
        case "": say(conversation.system.map { "The system message: \($0)" } ?? "There is no system message.")
        case "off":
            conversation.system = nil
            say("There is no system message any more; the conversation goes on.")
        default:
            conversation.system = text
            say("The system message is another now; the conversation goes on under it. /new begins afresh.")
        }
    }

    private func save(to path: String) throws(FileError) {
        // A slip of the keys should cost no other file.
        if FileManager.default.fileExists(atPath: path) {
            do throws(FileError) { _ = try Conversation(try JSON.read(path: path), name: path) } catch {
                throw FileError(path, "is there already and holds no conversation", remedy: "Choose another name.")
            }
        }
        try AtomicFile.write(Array((conversation.json.serialized(.pretty) + "\n").utf8), to: path)
        say("Saved \(Self.counted(conversation.messages.count, "message")) to \(path).")
    }

    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch { say("\(error)") }
    }

    private func say(_ text: String) { Terminal.writeError(text + "\n") }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
