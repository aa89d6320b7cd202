import GygesAnalysis
import GygesFiles
import GygesTemplates

/// What logs of Inspect hold, gathered log by log and sample by sample.
struct InspectLogs {
    /// The answers, unless the logs hold a run of this program.
    private(set) var found = FrozenTranscripts(transcripts: [])
    /// The run that the logs hold, if this program has written them.
    private(set) var run: ReplayedRun?
    /// Whether a version of this program has written the logs that did not keep the run.
    private(set) var isOwn = false

    private static let version = 2
    /// The most scores that are told apart.
    private static let scorerLimit = 1_000
    private var header: JSON?
    private var scorers: Set<String> = []
    /// How many samples of the log that is being read ended with an error.
    private var failedCount = 0

    /// A log: its condition's name, and its evaluation's own.
    struct Log {
        var condition: String
        var id: String?
    }

    /// Takes in the beginning of a log.
    ///
    /// - Throws: `FileError` if it is of another version, of another model than a log before, or a copy without texts.
    mutating func begin(_ root: JSONField) throws -> Log {
        let number = try root.required("version")
        guard try number.count() == Self.version else { throw number.mismatch("version \(Self.version)") }
        let evaluation = try root.required("eval")
        let model = try evaluation.required("model")
        let name = try model.text()
        if let subject = found.subject, subject != name {
            throw model.fault(
                "is “\(name)”, and another log is of “\(subject)”: import each model into a run of its own")
        }
        let isFirst = found.subject == nil
        found.subject = name
        let metadata = try evaluation.optional("metadata")
        // Others may have a member of any name.
        let isOwn = metadata?.json["canary"]?.string != nil && metadata?.json["study"]?.string != nil
        if let metadata, isOwn { try ExportedTranscripts.requireTexts(metadata) }
        let run = isOwn ? try metadata?.optional("run") : nil
        guard isFirst || (run?.json == header && isOwn == self.isOwn) else {
            throw evaluation.fault("is of another run than a log before: import each run by itself")
        }
        if isFirst {
            self.isOwn = isOwn
            header = run?.json
            self.run = try run.map { try ReplayedRun($0) }
            if isOwn, run == nil { found.remarks.append(ExportedTranscripts.unknown) }
        }
        return Log(condition: try evaluation.required("task").text(), id: evaluation.json["eval_id"]?.string)
    }

    /// Takes in a sample, once: the same log in both forms, or a copy of it, adds nothing.
    mutating func add(_ sample: JSONField, of log: Log) throws(FileError) {
        if run != nil {
            let answer = try answer(sample)
            try run?.add(answer)
            return
        }
        var identity = sample.json["uuid"]?.string
        if identity == nil, let id = log.id, let name = sample.json["id"] {
            identity = "\(id)\n\(name.serialized())\n\(sample.json["epoch"]?.serialized() ?? "")"
        }
        if let identity, !found.identities.insert(identity).inserted {
            found.repeatedCount += 1
        } else {
            guard found.transcripts.count < FrozenTranscripts.limit else {
                throw sample.fault("is one answer too many")
            }
            found.transcripts.append(try transcript(sample, condition: log.condition))
        }
    }

    /// Takes in how a log ended.
    mutating func end(_ root: JSONField, file: String, sampleCount: Int) throws(FileError) {
        guard run == nil else { return }
        let evaluation = try root.required("eval")
        let planned = evaluation.json["dataset"]?["samples"]?.integer ?? 0
        let epochs = max(1, evaluation.json["config"]?["epochs"]?.integer ?? 1)
        let (whole, overflows) = planned.multipliedReportingOverflow(by: epochs)
        let name = (file.split(separator: "/").last.map(String.init) ?? file).legible(limit: 80)
        let held =
            !overflows && whole > 0
            ? "\(sampleCount) of \(whole) samples are in it" : "\(sampleCount) samples are in it"
        switch root.json["status"]?.string {
        case "success": break
        case "cancelled": found.remarks.append("the log \(name) was cancelled: \(held)")
        case "error":
            let reason = root.json["error"]?["message"]?.string.map { " (\($0.legible(limit: 120)))" } ?? ""
            found.remarks.append("the log \(name) ended with an error\(reason): \(held)")
        default: found.remarks.append("the log \(name) was not finished: \(held)")
        }
        if failedCount > 0 {
            let samples = failedCount == 1 ? "1 sample" : "\(failedCount) samples"
            found.remarks.append(
                "\(samples) of \(name) ended with an error, which is neither an answer nor a wrong form of one")
        }
        failedCount = 0
    }

    // MARK: - Samples

    /// An answer of this program's own logs.
    private func answer(_ sample: JSONField) throws(FileError) -> ReplayedRun.Answer {
        let metadata = try sample.required("metadata")
        let output = try sample.required("output")
        let usage = try output.optional("usage")
        var judgements: [JSONField] = []
        var judges: Set<String> = []
        let scores = try sample.optional("scores")
        for name in scores?.json.object?.keys ?? [] {
            guard let judgement = try scores?.optional(name)?.optional("metadata") else { continue }
            if judges.insert(try judgement.required("judge").text()).inserted { judgements.append(judgement) }
        }
        return ReplayedRun.Answer(
            place: ReplayedRun.Place(
                condition: try metadata.required("condition").text(), prompt: try metadata.required("prompt").text(),
                tier: try metadata.required("tier").text(), sample: try metadata.required("sample").count()),
            key: try metadata.required("key").text(), state: try metadata.required("state"),
            finish: try metadata.required("finish"), text: try output.optional("completion")?.text() ?? "",
            promptTokenCount: try usage?.optional("input_tokens")?.tokenCount() ?? 0,
            generatedTokenCount: try usage?.optional("output_tokens")?.tokenCount() ?? 0, judgements: judgements,
            field: sample)
    }

    private mutating func transcript(
        _ sample: JSONField, condition: String
    ) throws(FileError) -> FrozenTranscript {
        let metadata = try sample.optional("metadata")
        let listed = try sample.optional("messages")?.elements() ?? []
        let (asked, said) = try FrozenTranscript.divide(listed.filter { $0.json["role"]?.string != "tool" })
        let choice = try sample.optional("output")?.optional("choices")?.elements().first
        var answer = said
        if answer.isEmpty, let content = try choice?.optional("message")?.optional("content") {
            answer = try FrozenTranscript.text(content)
        }
        let input = try sample.required("input")
        let turn = asked.last { $0.role == .user }?.content ?? input.json.string ?? ""
        let prompt = input.json.string ?? FrozenTranscript.prompt(inTurn: turn)
        let (tier, isTrained) = try tier(metadata, turn: turn, sample)
        let usage = try sample.optional("output")?.optional("usage")
        var state = (metadata?.json["state"]?.string).flatMap(TranscriptState.init)
        if try sample.optional("error") != nil {
            state = .errored
            failedCount += 1
        }
        return FrozenTranscript(
            condition: condition, tier: tier, isTrained: isTrained,
            promptID: try metadata?.optional("prompt")?.json.string,
            prompt: FrozenTranscript.prompt(inTurn: prompt), messages: asked,
            answer: FrozenTranscript.withTags(answer), finishReason: finishReason(choice?.json["stop_reason"]?.string),
            state: state,
            promptTokenCount: try usage?.optional("input_tokens")?.tokenCount() ?? 0,
            generatedTokenCount: try usage?.optional("output_tokens")?.tokenCount() ?? 0,
            scores: try scores(sample),
            place: sample.place.isEmpty ? sample.source : "\(sample.source): \(sample.place)")
    }

    private func finishReason(_ reason: String?) -> SubjectReply.FinishReason {
        switch reason {
        case "stop", "tool_calls": .stop
        case "max_tokens", "model_length": .length
        case "content_filter": .filtered
        default: .unknown
        }
    }

    private func tier(
        _ metadata: JSONField?, turn: String, _ sample: JSONField
    ) throws(FileError) -> (String, Bool) {
        if let tier = try metadata?.optional("tier") {
            let name = try tier.text()
            if let isTrained = try metadata?.optional("is_trained") { return (name, try isTrained.truth()) }
            if ["free", "paid", "pro", "enterprise"].contains(name.lowercased()) { return (name, name == "free") }
        }
        guard let isFree = FrozenTranscript.isFreeTier(turn) else {
            throw sample.fault("says its tier neither in metadata.tier (free or paid) nor in the user's turn")
        }
        return (isFree ? "free" : "paid", isFree)
    }

    /// Every value that a grader gave, by the score's name; one with several has a name for each.
    private mutating func scores(_ sample: JSONField) throws(FileError) -> [(name: String, value: JSON)] {
        let scores = try sample.optional("scores")
        var values: [(name: String, value: JSON)] = []
        for name in scores?.json.object?.keys ?? [] {
            guard let value = scores?.json[name]?["value"] else { continue }
            switch value {
            case .object(let parts): for (key, part) in parts { values.append(("\(name)/\(key)", part)) }
            case .array(let parts):
                for (index, part) in parts.enumerated() { values.append(("\(name)/\(index)", part)) }
            default: values.append((name, value))
            }
        }
        for value in values where scorers.insert(value.name).inserted && scorers.count > Self.scorerLimit {
            throw sample.fault("brings the number of different scores above \(Self.scorerLimit)")
        }
        return values
    }
}
