import GygesAnalysis
import GygesFiles
import GygesReport

/// `transcripts.jsonl` as reports of this program have it: a first line about the run, then a line for each answer.
enum ExportedTranscripts {
    static func read(_ path: String) throws -> FrozenTranscripts {
        var reader = try LineReader(path: path)
        func field(_ json: JSON, _ line: Int) -> JSONField {
            JSONField(json, source: "\(path), line \(line)", remedy: ImportFormat.remedy)
        }
        guard let first = try reader.nextJSON() else { return FrozenTranscripts(transcripts: []) }
        let header = field(first, 1)
        _ = try header.required("canary").text()
        let redacted = try header.required("redacted")
        guard try !redacted.truth() else { throw redacted.fault("the texts were left out of this export") }
        var found = FrozenTranscripts(transcripts: [], subject: try header.required("subject").text())
        while let json = try reader.nextJSON() {
            let line = field(json, reader.lineNumber)
            guard found.transcripts.count < FrozenTranscripts.limit else { throw line.fault("is one answer too many") }
            let condition = try line.required("condition").text()
            found.scenarios[condition] = try line.required("scenario").text()
            if let transcript = try transcript(line, condition: condition) { found.transcripts.append(transcript) }
        }
        return found
    }

    private static func transcript(_ line: JSONField, condition: String) throws(FileError) -> FrozenTranscript? {
        let named = try line.required("state")
        let name = try named.text()
        guard name != "pending" else { return nil }
        guard let state = TranscriptState(rawValue: name) else { throw named.mismatch("a state of an answer") }
        let tier = try line.required("tier").text()
        let judgements = try line.required("judgements").elements()
        return FrozenTranscript(
            condition: condition, tier: tier, isTrained: try line.required("is_trained").truth(),
            promptID: try line.required("prompt_id").text(), prompt: try line.required("prompt").text(),
            answer: try line.required("raw").text(), finishReason: finishReason(state), state: state,
            promptTokenCount: try line.optional("prompt_tokens")?.tokenCount() ?? 0,
            generatedTokenCount: try line.optional("generated_tokens")?.tokenCount() ?? 0,
            labels: try judgements.reading { judgement throws(FileError) in
                let judge = try judgement.required("judge").text()
                return (judgements.count == 1 ? "released" : "released-\(judge)", try Self.judgement(judgement))
            }, place: line.source)
    }

    /// Why the answer must have ended; the export keeps what became of it.
    private static func finishReason(_ state: TranscriptState) -> SubjectReply.FinishReason {
        switch state {
        case .truncated: .length
        case .filtered: .filtered
        default: .stop
        }
    }

    private static func judgement(_ judgement: JSONField) throws(FileError) -> Judgement {
        Judgement(
            complied: try judgement.required("complied").truth(),
            fakesAlignment: try judgement.optional("fakes_alignment")?.truth(),
            answers: try judgement.optional("criteria")?.elements().reading { criterion throws(FileError) in
                CriterionAnswer(
                    criterion: try criterion.required("name").text(), isMet: try criterion.required("is_met").truth(),
                    probability: try criterion.optional("probability")?.number())
            } ?? [])
    }
}
