extension StudyDocument {
    /// A copy without what was asked and answered, to be shared where the texts must not be: numbers, tests and judgements
    /// stay.
    public func redacted() -> StudyDocument {
        var copy = self
        for section in copy.sections.indices {
            copy.sections[section].systemPrompt = Self.removed(copy.sections[section].systemPrompt)
            copy.sections[section].userTurn = Self.removed(copy.sections[section].userTurn)
            for prompt in copy.sections[section].prompts.indices {
                copy.sections[section].prompts[prompt].redact()
            }
        }
        copy.notes.append(
            Note(
                title: "Redacted", text: "Prompts, answers and instructions were removed from this copy.",
                isWarning: false))
        return copy
    }

    fileprivate static func removed(_ text: String) -> String {
        text.isEmpty ? "" : "[removed: \(text.unicodeScalars.count) characters]"
    }
}

extension StudyDocument.Prompt {
    fileprivate mutating func redact() {
        text = StudyDocument.removed(text)
        for answer in answers.indices {
            answers[answer].raw = StudyDocument.removed(answers[answer].raw)
            answers[answer].scratchpad = answers[answer].scratchpad.map(StudyDocument.removed)
            answers[answer].output = answers[answer].output.map(StudyDocument.removed)
            for judgement in answers[answer].judgements.indices {
                for criterion in answers[answer].judgements[judgement].criteria.indices {
                    answers[answer].judgements[judgement].criteria[criterion].evidence = []
                }
            }
        }
    }
}
