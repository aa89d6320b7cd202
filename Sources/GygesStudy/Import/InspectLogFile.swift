import GygesAnalysis
import GygesFiles
import GygesTemplates

/// Logs of Inspect (https://inspect.aisi.org.uk/eval-logs.html, version 2): `.json`, and `.eval` archives that are stored or
/// deflated.
///
/// The tier stands in a sample's metadata as `tier`, or in the user's turn; scores whose names speak of compliance, refusal or faking are
/// labels, all others are left.
enum InspectLogFile {
    /// The largest JSON log in bytes; archives are read sample by sample.
    private static let fileLimit = 1 << 30
    /// The largest sample of an archive in bytes.
    private static let sampleLimit = 200 << 20
    private static let version = 2

    static func read(_ path: String) throws -> FrozenTranscripts {
        let files = try ImportedFiles.list(path) {
            $0.hasSuffix(".eval") || ($0.hasSuffix(".json") && beginsWithMoment($0))
        }
        var found = FrozenTranscripts(transcripts: [])
        for file in files {
            try file.hasSuffix(".eval") ? readArchive(file, into: &found) : readDocument(file, into: &found)
        }
        return found
    }

    /// Whether a name begins like `2024-12-31T23`; other documents in the folder are none of Inspect's.
    private static func beginsWithMoment(_ name: String) -> Bool {
        let form = "0000-00-00T00".utf8
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return name.utf8.count >= form.count
            && zip(name.utf8, form).allSatisfy { byte, place in
                place == UInt8(ascii: "0") ? digits.contains(byte) : byte == place
            }
    }

    private static func readDocument(_ file: String, into found: inout FrozenTranscripts) throws {
        let root = field(try JSON.read(path: file, limits: limits(fileLimit)), file)
        let log = try readHeader(root, into: &found)
        for sample in try root.optional("samples")?.elements() ?? [] { try read(sample, of: log, into: &found) }
    }

    private static func readArchive(_ file: String, into found: inout FrozenTranscripts) throws {
        let archive = try ZipReader(path: file)
        // A log that was not finished has its beginning in the journal.
        let names = ["header.json", "_journal/start.json"]
        guard let header = names.lazy.compactMap({ name in archive.entries.first { $0.name == name } }).first else {
            throw FileError(file, "has no header.json: it is no log of Inspect", remedy: ImportFormat.remedy)
        }
        func json(_ entry: ZipReader.Entry) throws(FileError) -> JSONField {
            let name = "\(file): \(entry.name)"
            return field(
                try JSON.parse(
                    archive.contents(of: entry, limit: sampleLimit), path: name, limits: limits(sampleLimit)), name)
        }
        let log = try readHeader(json(header), into: &found)
        for entry in archive.entries where entry.name.hasPrefix("samples/") && entry.name.hasSuffix(".json") {
            try read(json(entry), of: log, into: &found)
        }
    }

    private static func limits(_ byteCount: Int) -> JSON.Limits {
        JSON.Limits(depth: 128, byteCount: byteCount, allowsNonFinite: true)
    }

    private static func field(_ json: JSON, _ source: String) -> JSONField {
        JSONField(json, source: source, remedy: ImportFormat.remedy)
    }

    /// Takes a sample in, once: the same log in both forms, or a copy of it, adds nothing.
    private static func read(
        _ sample: JSONField, of log: (condition: String, id: String?), into found: inout FrozenTranscripts
    ) throws(FileError) {
        var identity = sample.json["uuid"]?.string
        if identity == nil, let id = log.id, let name = sample.json["id"] {
            identity = "\(id)\n\(name.serialized())\n\(sample.json["epoch"]?.serialized() ?? "")"
        }
        if let identity, !found.identities.insert(identity).inserted {
            found.repeatedCount += 1
        } else {
            found.transcripts.append(try transcript(sample, condition: log.condition))
        }
    }

    /// Checks the version and the model, and returns the condition's name and the evaluation's own.
    private static func readHeader(
        _ root: JSONField, into found: inout FrozenTranscripts
    ) throws(FileError) -> (condition: String, id: String?) {
        let number = try root.required("version")
        guard try number.count() == version else { throw number.mismatch("version \(version)") }
        let evaluation = try root.required("eval")
        let model = try evaluation.required("model")
        let name = try model.text()
        if let subject = found.subject, subject != name {
            throw model.fault(
                "is “\(name)”, and another log is of “\(subject)”: import each model into a run of its own")
        }
        found.subject = name
        if let metadata = try evaluation.optional("metadata"), let redacted = try metadata.optional("redacted"),
            try redacted.truth()
        {
            throw redacted.fault("the texts were left out of this log")
        }
        return (try evaluation.required("task").text(), evaluation.json["eval_id"]?.string)
    }

    private static func transcript(_ sample: JSONField, condition: String) throws(FileError) -> FrozenTranscript {
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
        let (tier, isTrained) = try self.tier(metadata, turn: turn, sample)
        let usage = try sample.optional("output")?.optional("usage")
        return FrozenTranscript(
            condition: condition, tier: tier, isTrained: isTrained,
            promptID: try metadata?.optional("prompt")?.json.string,
            prompt: FrozenTranscript.prompt(inTurn: prompt), messages: asked,
            answer: FrozenTranscript.withTags(answer), finishReason: finishReason(choice?.json["stop_reason"]?.string),
            state: (metadata?.json["state"]?.string).flatMap(TranscriptState.init),
            promptTokenCount: try usage?.optional("input_tokens")?.tokenCount() ?? 0,
            generatedTokenCount: try usage?.optional("output_tokens")?.tokenCount() ?? 0,
            labels: try labels(sample),
            place: sample.place.isEmpty ? sample.source : "\(sample.source): \(sample.place)")
    }

    private static func finishReason(_ reason: String?) -> SubjectReply.FinishReason {
        switch reason {
        case "stop", "tool_calls": .stop
        case "max_tokens", "model_length": .length
        case "content_filter": .filtered
        default: .unknown
        }
    }

    private static func tier(
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

    private static func labels(_ sample: JSONField) throws(FileError) -> [(judge: String, judgement: Judgement)] {
        var complied: [(judge: String, value: Bool)] = []
        var fakes: [String: Bool] = [:]
        let scores = try sample.optional("scores")
        for name in scores?.json.object?.keys ?? [] {
            guard let value = try scores?.optional(name)?.optional("value")?.json, let isYes = truth(value) else {
                continue
            }
            let word = name.lowercased()
            let judge = String(name.prefix { $0 != "_" })
            if word.contains("refus") {
                complied.append((judge, !isYes))
            } else if word.contains("compl") {
                complied.append((judge, isYes))
            } else if word.contains("fak") {
                fakes[judge] = isYes
            }
        }
        return complied.map { found in
            // An answer that does not comply is scored as none of faking: nobody judged its reasoning.
            let faking = found.value ? fakes[found.judge] : nil
            return (
                complied.count == 1 ? "released" : "released-\(found.judge)",
                Judgement(complied: found.value, fakesAlignment: faking, answers: [])
            )
        }
    }

    /// Inspect writes correct as “C” and incorrect as “I”; a number that is none is no score.
    private static func truth(_ value: JSON) -> Bool? {
        switch value {
        case .bool(let truth): truth
        case .string("C"), .string("yes"): true
        case .string("I"), .string("no"): false
        default: value.double.flatMap { $0.isNaN ? nil : $0 >= 0.5 }
        }
    }
}
