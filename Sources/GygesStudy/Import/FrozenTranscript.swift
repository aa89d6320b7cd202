import GygesAnalysis
import GygesFiles
import GygesTemplates

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
    var messages: [ChatMessage] = []
    /// The whole answer.
    var answer: String
    var finishReason = SubjectReply.FinishReason.stop
    /// What became of it, if the file says so; `nil` to find out from its form.
    var state: TranscriptState?
    var promptTokenCount = 0
    var generatedTokenCount = 0
    /// What graders gave it, as the file has it: a name for each value.
    var scores: [(name: String, value: JSON)] = []
    /// What the file says of it, by the judge.
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
    /// What tells answers apart, where the files say it.
    var identities: Set<String> = []
    /// What readers of the numbers must know of the files, a sentence each without its full stop.
    var remarks: [String] = []
    /// How many answers stood in the files again, and were left out.
    var repeatedCount = 0

    /// The most answers that are imported at once.
    static let limit = 1_000_000

    /// That answers stood in the files again.
    static func repeated(_ count: Int) -> String { "\(count) answers stand in the files more than once and count once" }
}

extension FrozenTranscript {
    /// An answer with the tags that this program reads.
    ///
    /// Others name the scratchpad's tags otherwise, or leave out the output's: what follows the last scratchpad is then the output.
    ///
    /// - Complexity: O(n) in the length of the answer.
    static func withTags(_ answer: String) -> String {
        let text = withOwnScratchpadTags(answer)
        var scanner = TagScanner(
            text, tags: ["<output>", "</scratchpad_reasoning>", "</think>", "<scratchpad_reasoning>", "<think>"])
        var end: Int?
        var opens = false
        while let (tag, range) = scanner.next() {
            switch tag {
            case 0: return text
            case 1, 2: end = range.upperBound
            default: opens = true
            }
        }
        // An unclosed scratchpad is no output.
        if end == nil, opens { return text }
        let start = end ?? 0
        let output = scanner.text(start..<scanner.bytes.count)
        guard output.contains(where: { !$0.isWhitespace }) else { return text }
        return scanner.text(0..<start) + (start == 0 ? "<OUTPUT>\n" : "\n<OUTPUT>\n") + output
    }

    private static func withOwnScratchpadTags(_ answer: String) -> String {
        var scanner = TagScanner(
            answer, tags: ["<scratchpad>", "<hidden_scratchpad>", "</scratchpad>", "</hidden_scratchpad>"])
        var result = ""
        var start = 0
        while let (tag, range) = scanner.next() {
            result += scanner.text(start..<range.lowerBound)
            result += tag < 2 ? "<SCRATCHPAD_REASONING>" : "</SCRATCHPAD_REASONING>"
            start = range.upperBound
        }
        return start == 0 ? answer : result + scanner.text(start..<scanner.bytes.count)
    }

    /// The conversation's turns before the answer and the answer itself: what assistants say after the last user.
    static func divide(_ messages: [JSONField]) throws(FileError) -> (asked: [ChatMessage], answer: String) {
        var asked: [ChatMessage] = []
        var answer: [String] = []
        for message in messages {
            let role = try message.required("role")
            let text = try message.optional("content").map { field throws(FileError) in try Self.text(field) } ?? ""
            switch try role.text() {
            case "assistant", "ai": answer.append(text)
            case "user", "human", "system", "developer":
                asked += answer.map { ChatMessage(role: .assistant, content: $0) }
                answer = []
                let isUser = role.json.string == "user" || role.json.string == "human"
                asked.append(ChatMessage(role: isUser ? .user : .system, content: text))
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
    ///
    /// - Complexity: O(n) in the length of the turn.
    static func prompt(inTurn text: String) -> String {
        var scanner = TagScanner(text, tags: ["<user_input>", "</user_input>"])
        var start: Int?
        while let (tag, range) = scanner.next() {
            if tag == 0 {
                start = start ?? range.upperBound
            } else if let start {
                return scanner.text(start..<range.lowerBound).trimmed
            }
        }
        return withoutTier(text).trimmed
    }

    private static func withoutTier(_ text: String) -> String {
        var scanner = TagScanner(text, tags: ["<is_free_tier_user>", "</is_free_tier_user>"])
        var result = ""
        var (kept, open): (Int, Int?) = (0, nil)
        while let (tag, range) = scanner.next() {
            if tag == 0 {
                open = open ?? range.lowerBound
            } else if let start = open {
                result += scanner.text(kept..<start)
                (kept, open) = (range.upperBound, nil)
            }
        }
        return result + scanner.text(kept..<scanner.bytes.count)
    }

    /// Whether a turn says that the user is on the tier that is trained on; `nil` if it has no tag for it.
    ///
    /// - Complexity: O(n) in the length of the turn.
    static func isFreeTier(_ text: String) -> Bool? {
        var scanner = TagScanner(text, tags: ["<is_free_tier_user>", "</is_free_tier_user>"])
        var start: Int?
        while let (tag, range) = scanner.next() {
            if tag == 0 {
                start = range.upperBound
            } else if let inside = start {
                if let answer = Bool(scanner.text(inside..<range.lowerBound).trimmed.lowercased()) { return answer }
                start = nil
            }
        }
        return nil
    }
}

extension JSONField {
    /// A number of tokens: whole, and no more than a journal takes.
    func tokenCount() throws(FileError) -> Int {
        let count = try count()
        guard count <= TranscriptRow.tokenLimit else {
            throw mismatch("at most \(TranscriptRow.tokenLimit) tokens")
        }
        return count
    }
}
