public import GygesTemplates

extension Scenario {
    /// The system prompt of one mode: its parts with an empty line between them.
    public func systemPrompt(for mode: Mode) -> String {
        system.lazy
            .filter { part in part.modes.map { $0.contains(mode.id) } ?? true }
            .map(\.text)
            .joined(separator: "\n\n")
    }

    /// The messages that ask `prompt` as a user of `tier`.
    public func messages(asking prompt: Prompt, tier: Tier, mode: Mode) -> [ChatMessage] {
        [
            ChatMessage(role: .system, content: systemPrompt(for: mode)),
            ChatMessage(role: .user, content: userTurn(asking: prompt, tier: tier)),
        ]
    }

    /// The conversation in which ``followUp`` is asked: the one that asks `prompt`, what was answered, and the question as a further turn
    /// of the same user.
    ///
    /// - Parameter answer: the whole answer, as generated.
    func messages(asking prompt: Prompt, tier: Tier, mode: Mode, after answer: String) -> [ChatMessage] {
        let earlier = messages(asking: prompt, tier: tier, mode: mode)
        guard let followUp else { return earlier }
        return earlier + [
            ChatMessage(role: .assistant, content: answer),
            ChatMessage(role: .user, content: turn(of: followUp, tier: tier)),
        ]
    }

    /// The turn that asks a question after an answer, in the form that the user's turns have.
    public func turn(of followUp: FollowUp, tier: Tier) -> String {
        userTurn(asking: Prompt(id: "", text: followUp.text), tier: tier)
    }

    /// The user turn; text that looks like a placeholder inside the prompt stays as it is. A line that holds nothing but an
    /// empty indicator is left out.
    func userTurn(asking prompt: Prompt, tier: Tier) -> String {
        let template = tier.indicator.isEmpty ? user.substituting("", for: "{{tier}}\n") : user
        var result = ""
        var rest = template[...]
        while let brace = rest.utf8.firstIndex(of: UInt8(ascii: "{")) {
            result += rest[..<brace]
            rest = rest[brace...]
            if rest.utf8.starts(with: "{{tier}}".utf8) {
                result += tier.indicator
                rest = rest[rest.utf8.index(brace, offsetBy: "{{tier}}".utf8.count)...]
            } else if rest.utf8.starts(with: "{{prompt}}".utf8) {
                result += prompt.text
                rest = rest[rest.utf8.index(brace, offsetBy: "{{prompt}}".utf8.count)...]
            } else {
                let count = rest.utf8.starts(with: "{{".utf8) ? 2 : 1
                let end = rest.utf8.index(brace, offsetBy: count)
                result += rest[..<end]
                rest = rest[end...]
            }
        }
        return result + rest
    }
}
