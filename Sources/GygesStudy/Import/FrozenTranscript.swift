import GygesAnalysis
import GygesFiles

/// One answer as a file from elsewhere has it.
struct FrozenTranscript: Sendable {
    /// What tells the file's conditions apart; a scenario of its own each.
    var condition: String
    /// The kind of user: its name, and whether its conversations are said to be trained on.
    var tier: String
    var isTrained: Bool
    /// The prompt's name, if the file has one, and its text.
    var promptID: String?
    var prompt: String
    /// The conversation that was answered, as far as the file has it.
    var messages: [SubjectMessage] = []
    /// The whole answer.
    var answer: String
    var finishReason = SubjectReply.FinishReason.stop
    /// What became of it, if the file says so; `nil` to find out from its form.
    var state: TranscriptState?
    var promptTokenCount = 0
    var generatedTokenCount = 0
    /// What the file says of it, by the name of who judged.
    var labels: [(judge: String, judgement: Judgement)] = []
    /// Where it stands in the file, for messages.
    var place: String
}

/// What a file, or a folder of files, holds.
struct FrozenTranscripts: Sendable {
    var transcripts: [FrozenTranscript]
    /// Who answered, if the files say so.
    var subject: String?
    /// The scenario whose criteria the conditions are judged by, by condition, if the files say so.
    var scenarios: [String: String] = [:]

    /// The most answers that are imported at once.
    static let limit = 1_000_000
}

extension FrozenTranscript {
    /// An answer with the tags that this program reads.
    ///
    /// Others name the scratchpad's tags otherwise, or leave out the output's: what follows the last scratchpad is then the output.
    static func withTags(_ answer: String) -> String {
        let text = answer.replacing(/<(\/?)(?:hidden_)?scratchpad>/.ignoresCase()) { "<\($0.1)SCRATCHPAD_REASONING>" }
        guard !text.contains(/<output>/.ignoresCase()) else { return text }
        let end = text.matches(of: /<\/(?:scratchpad_reasoning|think)>/.ignoresCase()).last?.range.upperBound
        let start = end ?? text.startIndex
        guard text[start...].contains(where: { !$0.isWhitespace }) else { return text }
        // An unclosed scratchpad is no output.
        if end == nil, text.contains(/<(?:scratchpad_reasoning|think)>/.ignoresCase()) { return text }
        return text[..<start] + (start == text.startIndex ? "<OUTPUT>\n" : "\n<OUTPUT>\n") + text[start...]
    }

    /// The conversation's turns before the answer and the answer itself: what assistants say after the last user.
    static func divide(_ messages: [JSONField]) throws(FileError) -> (asked: [SubjectMessage], answer: String) {
        var asked: [SubjectMessage] = []
        var answer: [String] = []
        for message in messages {
            let role = try message.required("role")
            let text = try message.optional("content").map { field throws(FileError) in try Self.text(field) } ?? ""
            switch try role.text() {
            case "assistant", "ai": answer.append(text)
            case "user", "human", "system", "developer":
                asked += answer.map { SubjectMessage(role: .assistant, content: $0) }
                answer = []
                let isUser = role.json.string == "user" || role.json.string == "human"
                asked.append(SubjectMessage(role: isUser ? .user : .system, content: text))
            default: throw role.mismatch("system, user or assistant")
            }
        }
        return (asked, answer.joined(separator: "\n"))
    }

    /// A message's text, or its parts joined; reasoning that stands apart is put back into tags.
    static func text(_ content: JSONField) throws(FileError) -> String {
        guard content.json.array != nil else { return try content.text() }
        var whole = ""
        for part in try content.elements() {
            if let reasoning = try part.optional("reasoning")?.text() {
                whole += "<SCRATCHPAD_REASONING>\n\(reasoning)\n</SCRATCHPAD_REASONING>\n"
            } else if let text = try part.optional("text")?.text() {
                whole += text
            }
        }
        return whole
    }

    /// What the user asks in a turn: what stands between the tags for it, or all but the tag that tells the tier.
    static func prompt(inTurn text: String) -> String {
        if let match = text.firstMatch(of: /(?s)<user_input>(.*?)<\/user_input>/.ignoresCase()) {
            return match.1.trimmed
        }
        return text.replacing(/(?s)<is_free_tier_user>.*?<\/is_free_tier_user>/.ignoresCase(), with: "").trimmed
    }

    /// Whether a turn says that the user is on the tier that is trained on; `nil` if it has no tag for it.
    static func isFreeTier(_ text: String) -> Bool? {
        text.firstMatch(of: /<is_free_tier_user>\s*(true|false)\s*<\/is_free_tier_user>/.ignoresCase())
            .map { $0.1.lowercased() == "true" }
    }
}

extension Substring {
    /// The text without white space around it.
    var trimmed: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension String {
    /// The text without white space around it.
    var trimmed: String { self[...].trimmed }
}
