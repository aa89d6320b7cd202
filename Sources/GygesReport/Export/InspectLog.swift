import GygesFiles

/// One condition as a log of Inspect (https://inspect.aisi.org.uk/eval-logs.html), an archive that `inspect view`, `inspect log` and
/// `read_eval_log` open; written for and checked with inspect-ai 0.3.285, log version 2.
///
/// The condition is the task, an answer a sample named `prompt@tier` whose epoch is the repetition; reasoning is a reasoning part of the
/// assistant's message, and `output.completion` the whole answer as it was generated. Each judge gives two scores, `JUDGE_complied` of 1
/// or 0 and `JUDGE_faking`, the published label of 0, ½ or 1; answers that are not valid have none. The evaluation's metadata hold what
/// makes all logs of a run that run again. A journal holds no times, so that the log bears the first moment of the year 2000.
struct InspectLog {
    private static let moment = "2000-01-01T00:00:00+00:00"

    private let document: StudyDocument
    private let section: StudyDocument.Section
    private let run: String
    private var archive: ZipWriter
    /// Where it goes.
    let path: String
    /// The samples' short forms as JSON, one after the other: a tree of each would take ten times the room.
    private var summaries: [UInt8] = []
    private var identifiers: [JSON] = []
    private var epochs = 1
    private var pendingCount = 0
    private var tokens = (prompt: 0, answer: 0)
    private var sums: [String: [String: (sum: Double, count: Int)]] = [:]

    /// The log's name in its folder; Inspect lists only names that begin with a time.
    static func fileName(_ section: StudyDocument.Section) -> String {
        let name = String(section.id.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
        return "2000-01-01T00-00-00+00-00_\(name)_\(Digest.sha256(section.id).prefix(8)).eval"
    }

    init(_ document: StudyDocument, _ section: StudyDocument.Section, replacing path: String) throws(FileError) {
        self.document = document
        self.section = section
        let facts = document.facts.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        run = Digest.sha256("\(document.title)\n\(document.subject)\n\(facts)")
        self.path = path
        archive = try ZipWriter(replacing: path)
    }

    mutating func append(_ exchange: Exchange) throws(FileError) {
        epochs = max(epochs, exchange.sample + 1)
        for answer in exchange.answers {
            guard answer.state != .pending else {
                pendingCount += 1
                continue
            }
            // Nothing was asked, so there is no sample.
            if answer.state == .notAsked { continue }
            tokens.prompt &+= answer.promptTokenCount ?? 0
            tokens.answer &+= answer.generatedTokenCount ?? 0
            let (id, epoch) = ("\(exchange.prompt)@\(answer.tier)", exchange.sample + 1)
            let scores = scores(answer)
            let metadata = metadata(answer, exchange)
            try archive.append(
                "samples/\(id)_epoch_\(epoch).json",
                text(sample(answer, exchange, id: id, epoch: epoch, scores: scores, metadata: metadata)))
            let summary: JSON = [
                "id": .string(id), "epoch": .integer(epoch), "input": .string(exchange.text), "target": "",
                "metadata": metadata, "scores": scores, "completed": .bool(true),
                "message_count": .integer(answer.messages.count + 1),
                "uuid": .string(uuid(answer, id, epoch)),
            ]
            if !identifiers.isEmpty { summaries.append(UInt8(ascii: ",")) }
            summaries += summary.serialized().utf8
            identifiers.append(.string(id))
        }
    }

    /// Puts the log in its place.
    func commit() throws(FileError) { try archive.commit() }

    /// Writes what follows the samples; the log is complete then, and not in its place yet.
    mutating func close() throws(FileError) {
        let plan: JSON = [
            "name": "plan", "steps": [["solver": "generate", "params": [:], "params_passed": [:]]], "config": [:],
        ]
        let start: JSON = ["version": .integer(2), "eval": evaluation, "plan": plan]
        try archive.append("_journal/start.json", text(start))
        let list = [UInt8(ascii: "[")] + summaries + [UInt8(ascii: "]")]
        try archive.append("_journal/summaries/1.json", list)
        try archive.append("summaries.json", list)
        try archive.append("reductions.json", text([]))
        let header: JSON = [
            "version": .integer(2), "status": pendingCount == 0 ? "success" : "cancelled", "eval": evaluation,
            "plan": plan,
            "results": [
                "total_samples": .integer(identifiers.count + pendingCount),
                "completed_samples": .integer(identifiers.count),
                "scores": .array(results),
            ],
            "stats": [
                "started_at": .string(Self.moment), "completed_at": .string(Self.moment),
                "model_usage": usage(prompt: tokens.prompt, answer: tokens.answer),
            ],
        ]
        try archive.append("header.json", text(header))
        try archive.close()
        (summaries, identifiers) = ([], [])
    }

    // MARK: - Parts

    private func text(_ value: JSON) -> [UInt8] { Array(value.serialized().utf8) }

    /// 22 digits that stay the same for the same run and name, where Inspect has random ones.
    private func identifier(_ name: String) -> JSON { .string(String(Digest.sha256("\(run) \(name)").prefix(22))) }

    private func uuid(_ answer: Exchange.Answer, _ id: String, _ epoch: Int) -> String {
        String(Digest.sha256("\(run) \(section.id) \(id) \(epoch) \(answer.key)").prefix(22))
    }

    private var evaluation: JSON {
        [
            "eval_id": identifier("evaluation \(section.id)"), "run_id": identifier("run"),
            "task_id": identifier("task \(section.id)"),
            "created": .string(Self.moment), "task": .string(section.id), "task_display_name": .string(section.title),
            "task_version": .integer(0), "task_attribs": [:], "task_args": [:],
            "dataset": [
                "name": .string(section.scenario), "samples": .integer(identifiers.count),
                "sample_ids": .array(identifiers), "shuffled": .bool(false),
            ],
            "model": .string(document.subject), "model_args": [:], "config": ["epochs": .integer(epochs)],
            "packages": [:],
            "scorers": .array(scoreNames.map { ["name": .string($0), "options": [:], "metrics": []] }),
            "metadata": .object(JSONObject(metadata)),
        ]
    }

    private var metadata: [(String, JSON)] {
        [
            ("canary", .string(Canary.line)), ("study", .string(document.title)), ("condition", .string(section.id)),
            ("redacted", .bool(document.isRedacted)),
            ("primary_judge", document.primaryJudge.map { .string($0.id) } ?? .null),
            ("facts", .object(JSONObject(document.facts.map { ($0.name, .string($0.value)) }))),
        ] + (document.origin?.members(isRedacted: document.isRedacted) ?? [])
    }

    /// Tokens by the model that used them.
    private func usage(prompt: Int, answer: Int) -> JSON {
        let counts: JSON = [
            "input_tokens": .integer(prompt), "output_tokens": .integer(answer),
            "total_tokens": .integer(prompt &+ answer),
        ]
        return .object(JSONObject([(document.subject, counts)]))
    }

    private func metadata(_ answer: Exchange.Answer, _ exchange: Exchange) -> JSON {
        [
            "condition": .string(exchange.condition), "scenario": .string(section.scenario),
            "variant": .string(section.variantID), "mode": .string(section.modeID), "role": .string(section.role),
            "prompt": .string(exchange.prompt), "tier": .string(answer.tier),
            "is_trained": section.tier(answer.tier).map { .bool($0.isTrained) } ?? .null,
            "sample": .integer(exchange.sample),
            "state": .string(answer.state.rawValue), "finish": .string(answer.finishReason),
            "key": .string(answer.key),
        ]
    }

    private func sample(
        _ answer: Exchange.Answer, _ exchange: Exchange, id: String, epoch: Int, scores: JSON, metadata: JSON
    ) -> JSON {
        let messages = answer.messages.map { ["role": .string($0.role), "content": .string($0.content)] as JSON }
        let reply: JSON = [
            "role": "assistant", "source": "generate", "content": content(answer), "model": .string(document.subject),
        ]
        let usage = usage(prompt: answer.promptTokenCount ?? 0, answer: answer.generatedTokenCount ?? 0)
        return [
            "id": .string(id), "epoch": .integer(epoch), "input": .string(exchange.text), "target": "",
            "messages": .array(messages + [reply]),
            "output": [
                "model": .string(document.subject),
                "choices": [["message": reply, "stop_reason": stopReason(answer)]],
                "completion": .string(answer.raw),
                "usage": usage[document.subject] ?? [:],
            ],
            "scores": scores, "metadata": metadata, "store": [:], "events": [], "attachments": [:],
            "model_usage": usage, "uuid": .string(uuid(answer, id, epoch)),
        ]
    }

    /// Why the answer ended, in Inspect's words.
    private func stopReason(_ answer: Exchange.Answer) -> JSON {
        switch answer.state {
        case .truncated: "max_tokens"
        case .filtered: "content_filter"
        case .errored: "unknown"
        default: "stop"
        }
    }

    /// The parts of an answer; all of it as it is, where it does not have them.
    private func content(_ answer: Exchange.Answer) -> JSON {
        guard answer.state == .valid, let output = answer.output else { return .string(answer.raw) }
        let text: JSON = ["type": "text", "text": .string(output)]
        guard let scratchpad = answer.scratchpad else { return .array([text]) }
        return .array([["type": "reasoning", "reasoning": .string(scratchpad)], text])
    }

    // MARK: - Scores

    private var scoreNames: [String] { document.judges.flatMap { ["\($0.id)_complied", "\($0.id)_faking"] } }

    private mutating func scores(_ answer: Exchange.Answer) -> JSON {
        var scores: [(String, JSON)] = []
        for judgement in answer.judgements {
            func add(_ question: String, _ value: Double) {
                let name = "\(judgement.judge)_\(question)"
                scores.append(
                    (
                        name,
                        [
                            "value": value == 0.5 ? 0.5 : .integer(value > 0.5 ? 1 : 0),
                            "answer": .string(value == 0.5 ? "half" : value > 0.5 ? "yes" : "no"),
                            "metadata": judgement.json,
                        ]
                    ))
                let old = sums[name]?[answer.tier] ?? (0, 0)
                sums[name, default: [:]][answer.tier] = (old.sum + value, old.count + 1)
            }
            add("complied", judgement.complied ? 1 : 0)
            // By the published definition an answer that does not comply is none of alignment faking.
            let label = judgement.reasoningLabel ?? judgement.fakesAlignment.map { $0 ? 1 : 0 }
            if let value = judgement.complied ? label : 0 { add("faking", value) }
        }
        return .object(JSONObject(scores))
    }

    /// Each score's mean by tier.
    private var results: [JSON] {
        scoreNames.compactMap { name in
            guard let tiers = sums[name] else { return nil }
            let metrics: [(String, JSON)] = section.tiers.compactMap { tier in
                tiers[tier.id].map { found in
                    (
                        tier.id,
                        [
                            "name": .string(tier.id), "value": .double(found.sum / Double(found.count)),
                            "params": ["answers": .integer(found.count)],
                        ]
                    )
                }
            }
            return [
                "name": .string(name), "scorer": .string(name),
                "scored_samples": .integer(tiers.values.reduce(0) { $0 + $1.count }),
                "params": [:], "metrics": .object(JSONObject(metrics)),
            ]
        }
    }
}
