import GygesAnalysis
import GygesFiles
import GygesReport

/// `transcripts.jsonl` as reports of this program have it: a first line about the run, then a line for each answer.
///
/// Older exports say neither what conditions were for nor how they were judged; they are read as transcripts of others are.
enum ExportedTranscripts {
    static func read(_ path: String) throws -> ImportSource {
        var reader = try LineReader(path: path)
        func field(_ json: JSON, _ line: Int) -> JSONField {
            JSONField(json, source: "\(path), line \(line)", remedy: ImportFormat.remedy)
        }
        guard let first = try reader.nextJSON() else { return .transcripts(FrozenTranscripts(transcripts: [])) }
        let header = field(first, 1)
        _ = try header.required("canary").text()
        try requireTexts(header)
        let subject = try header.required("subject").text()
        if let run = try header.optional("run") {
            var replayed = try ReplayedRun(run)
            while let json = try reader.nextJSON() {
                let line = field(json, reader.lineNumber)
                if try isAnswered(line) { try replayed.add(answer(line)) }
            }
            return .run(replayed)
        }
        var found = FrozenTranscripts(transcripts: [], subject: subject, remarks: [unknown])
        while let json = try reader.nextJSON() {
            let line = field(json, reader.lineNumber)
            guard found.transcripts.count < FrozenTranscripts.limit else { throw line.fault("is one answer too many") }
            let condition = try line.required("condition").text()
            found.scenarios[condition] = try line.required("scenario").text()
            if try isAnswered(line) { found.transcripts.append(try transcript(line, condition: condition)) }
        }
        return .transcripts(found)
    }

    /// What readers of an older export's numbers must know.
    static let unknown =
        "the export is of a version that kept neither what a condition was for nor who judged: every condition is read as a main one"

    /// Refuses a copy without texts.
    static func requireTexts(_ field: JSONField) throws(FileError) {
        let redacted = try field.required("redacted")
        guard try !redacted.truth() else {
            throw redacted.fault(
                "says that prompts and answers were left out of this copy; a run is rebuilt from them, so it cannot be imported"
            )
        }
    }

    /// Whether something came back; what is still to be asked, or never was, stands in an export too.
    private static func isAnswered(_ line: JSONField) throws(FileError) -> Bool {
        let state = try line.required("state").text()
        return state != Exchange.State.pending.rawValue && state != Exchange.State.notAsked.rawValue
    }

    private static func answer(_ line: JSONField) throws(FileError) -> ReplayedRun.Answer {
        ReplayedRun.Answer(
            place: ReplayedRun.Place(
                condition: try line.required("condition").text(), prompt: try line.required("prompt_id").text(),
                tier: try line.required("tier").text(), sample: try line.required("sample").count()),
            key: try line.required("key").text(), state: try line.required("state"),
            finish: try line.required("finish"), text: try line.required("raw").text(),
            promptTokenCount: try line.optional("prompt_tokens")?.tokenCount() ?? 0,
            generatedTokenCount: try line.optional("generated_tokens")?.tokenCount() ?? 0,
            judgements: try line.required("judgements").elements(), field: line)
    }

    private static func transcript(_ line: JSONField, condition: String) throws(FileError) -> FrozenTranscript {
        let named = try line.required("state")
        guard let state = TranscriptState(rawValue: try named.text()) else {
            throw named.mismatch("a state of an answer")
        }
        let judgements = try line.required("judgements").elements()
        return FrozenTranscript(
            condition: condition, tier: try line.required("tier").text(),
            isTrained: try line.required("is_trained").truth(), promptID: try line.required("prompt_id").text(),
            prompt: try line.required("prompt").text(), answer: try line.required("raw").text(),
            finishReason: finishReason(state), state: state,
            promptTokenCount: try line.optional("prompt_tokens")?.tokenCount() ?? 0,
            generatedTokenCount: try line.optional("generated_tokens")?.tokenCount() ?? 0,
            labels: try judgements.reading { judgement throws(FileError) in
                let judge = try judgement.required("judge").text()
                let name = judgements.count == 1 ? nil : judge
                return (FrozenSubject.judge(of: name), try Judgement(exported: judgement, of: nil))
            }, place: line.source)
    }

    /// Why the answer must have ended; older exports keep what became of it alone.
    private static func finishReason(_ state: TranscriptState) -> SubjectReply.FinishReason {
        switch state {
        case .truncated: .length
        case .filtered: .filtered
        case .refused: .refused
        case .errored: .unknown
        default: .stop
        }
    }
}
