extension StudyDocument {
    /// A copy without what was asked, to be shared where texts must not be: numbers and tests stay. Exchanges are redacted as they are
    /// written.
    public func redacted() -> StudyDocument {
        var copy = self
        copy.isRedacted = true
        copy.origin?.run = nil
        for section in copy.sections.indices {
            copy.sections[section].systemPrompt = Redaction.removed(copy.sections[section].systemPrompt)
            copy.sections[section].difference = copy.sections[section].difference.map {
                DifferenceLine($0.kind, $0.kind == .heading ? $0.text : Redaction.removed($0.text))
            }
            copy.sections[section].userTurn = Redaction.removed(copy.sections[section].userTurn)
        }
        copy.notes.append(
            Note(
                title: "Redacted",
                text: """
                    Prompts, answers, quoted evidence, instructions and their differences were removed from this copy; their lengths, the \
                    judgements and all numbers stay.
                    """, isWarning: false))
        return copy
    }
}
