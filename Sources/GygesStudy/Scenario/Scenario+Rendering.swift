extension Scenario {
    /// The system prompt of one mode: its parts with an empty line between them.
    public func systemPrompt(for mode: Mode) -> String {
        system.lazy
            .filter { part in part.modes.map { $0.contains(mode.id) } ?? true }
            .map(\.text)
            .joined(separator: "\n\n")
    }

    /// The messages that ask `prompt` as a user of `tier`.
    public func messages(asking prompt: Prompt, tier: Tier, mode: Mode) -> [SubjectMessage] {
        [
            SubjectMessage(role: .system, content: systemPrompt(for: mode)),
            SubjectMessage(role: .user, content: userTurn(asking: prompt, tier: tier)),
        ]
    }

    /// The user turn; text that looks like a placeholder inside the prompt stays as it is. A line that holds nothing but an
    /// empty indicator is left out.
    func userTurn(asking prompt: Prompt, tier: Tier) -> String {
        var result = ""
        let template = tier.indicator.isEmpty ? user.replacing("{{tier}}\n", with: "") : user
        var rest = template[...]
        while let open = rest.firstRange(of: "{{") {
            result += rest[..<open.lowerBound]
            let after = rest[open.upperBound...]
            if after.hasPrefix("tier}}") {
                result += tier.indicator
                rest = after.dropFirst("tier}}".count)
            } else if after.hasPrefix("prompt}}") {
                result += prompt.text
                rest = after.dropFirst("prompt}}".count)
            } else {
                result += "{{"
                rest = after
            }
        }
        return result + rest
    }
}
