import Foundation
import GygesFiles

/// What a line of a chat asks for.
enum ChatInput: Equatable {
    /// Nothing: the line is blank.
    case nothing
    /// A message to the model, as it was typed.
    case message(String)
    /// Something that the program does.
    case instruction(ChatInstruction)
    /// A line that begins with a slash and is no instruction; it is not sent. The text says why and what to do.
    case refused(String)

    /// Reads a line, or several that were pasted together.
    ///
    /// A slash at the very beginning of a single line makes it an instruction, known or not, so that a slip of the keys is
    /// not sent. After a space it is a message.
    init(_ text: String) {
        guard text.contains(where: { !$0.isWhitespace }) else {
            self = .nothing
            return
        }
        guard text.hasPrefix("/"), !text.contains(where: \.isNewline) else {
            self = .message(text)
            return
        }
        let name = text.prefix { !$0.isWhitespace }
        let argument = text.dropFirst(name.count).trimmingCharacters(in: .whitespaces)
        guard let kind = ChatInstruction.Kind(rawValue: String(name.dropFirst()).lowercased()) else {
            let guess = nearest(String(name.dropFirst()), among: ChatInstruction.Kind.allCases.map(\.rawValue))
            self = .refused(
                "There is no \(String(name).legible(limit: 40))" + (guess.map { "; did you mean /\($0)?" } ?? ".")
                    + " /help lists what there is. Nothing was sent; a message may begin with a slash after a space.")
            return
        }
        switch kind {
        case .save, .load:
            guard !argument.isEmpty else {
                self = .refused("Name a file: /\(kind.rawValue) talk.json")
                return
            }
        case .system: break
        default:
            guard argument.isEmpty else {
                self = .refused("/\(kind.rawValue) stands alone. Nothing was done.")
                return
            }
        }
        self = .instruction(ChatInstruction(kind: kind, argument: argument))
    }
}

/// Something that a chat does instead of sending a message.
struct ChatInstruction: Equatable {
    /// What is done, by the word that is typed.
    enum Kind: String, CaseIterable {
        case help, undo, new, system, save, load, speed, quit, exit
    }

    var kind: Kind
    /// What follows the word; empty if nothing does.
    var argument = ""

    /// What /help says.
    static let help = """
        /undo            take back the last message and its answer
        /new             forget the conversation; the system message stays
        /system          show the system message
        /system TEXT     give another one; /system off gives none
        /save FILE       keep the conversation in a file, as JSON
        /load FILE       go on with a conversation from a file
        /speed           say after each answer how fast it came, or no longer
        /quit            leave, as do Control-D and a second Control-C

        Control-C stops an answer; what was said so far stays in the conversation. Arrow keys edit a line and bring
        earlier ones back, Control-R searches them. A pasted text is one message. A message may begin with a slash
        after a space.
        """
}
