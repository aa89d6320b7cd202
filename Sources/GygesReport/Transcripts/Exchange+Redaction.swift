extension Exchange {
    /// A copy without any text: what was asked, reasoned and answered is replaced by its length, and the passages that judgements
    /// point at are left out.
    func redacted() -> Exchange {
        var copy = self
        copy.text = Redaction.removed(text)
        copy.question = question.map(Redaction.removed)
        for answer in copy.answers.indices {
            for message in copy.answers[answer].messages.indices {
                let content = copy.answers[answer].messages[message].content
                copy.answers[answer].messages[message].content = Redaction.removed(content)
            }
            copy.answers[answer].earlier = copy.answers[answer].earlier.map(Redaction.removed)
            copy.answers[answer].raw = Redaction.removed(copy.answers[answer].raw)
            copy.answers[answer].scratchpad = copy.answers[answer].scratchpad.map(Redaction.removed)
            copy.answers[answer].output = copy.answers[answer].output.map(Redaction.removed)
            for judgement in copy.answers[answer].judgements.indices {
                for criterion in copy.answers[answer].judgements[judgement].criteria.indices {
                    copy.answers[answer].judgements[judgement].criteria[criterion].evidence = []
                }
            }
        }
        return copy
    }
}

/// What stands for texts that are not to be shared.
enum Redaction {
    /// Why a copy without texts is no run.
    static let replay =
        "This copy cannot be imported again: prompts and answers were left out of it, and a run is rebuilt from them."

    /// The length of a text in its place.
    static func removed(_ text: String) -> String {
        text.isEmpty ? "" : "[removed: \(text.unicodeScalars.count) characters]"
    }
}
