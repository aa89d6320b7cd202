import FoundationEssentials
import GygesAnalysis
import GygesFiles
import GygesReport

/// What a run is, but for its answers: an export that holds it beside them can be imported again as the same run.
///
/// Its JSON stands in the first line of `transcripts.jsonl` and in the metadata of Inspect's logs. What judging models answered word
/// for word is not part of it; their judgements stand with the answers.
struct RunHeader: Sendable, Codable {
    /// The version of the form.
    static let format = 1

    private(set) var format = Self.format
    /// What the run was when it was begun.
    var registered: RunManifest
    /// What it has become since, in order.
    var amendments: [RunManifest]
    /// The judges by the names under which answers have their judgements.
    var judges: [NamedJudge]
    /// What people said.
    var labels: [Label]
    /// What was measured without sampling.
    var logitGaps: [KeyedGap]
    /// The programs that have written the journal.
    var programs: [ProgramIdentity]

    /// A judge of the run.
    struct NamedJudge: Sendable, Codable {
        var name: String
        var identity: JudgeIdentity
        /// What is known of one that was added to the run.
        var added: AddedJudge?
    }

    /// A logit gap with the key of its cell.
    struct KeyedGap: Sendable, Codable {
        var key: ContentKey
        var gap: LogitGap
    }
}

extension RunHeader {
    /// What the journal of a run says of it.
    ///
    /// - Throws: ``StudyError`` if the journal cannot be read.
    init(_ journal: Journal, _ record: RunRecord) throws {
        guard let manifest = try journal.manifest() else { throw StudyError.missingRun(folder: journal.path) }
        // Where the run lies on the machine that it was made on is nobody else's business.
        func apart(_ manifest: RunManifest) -> RunManifest {
            var manifest = manifest
            manifest.study = manifest.study.moved(to: "")
            return manifest
        }
        registered = apart(manifest)
        amendments = try journal.amendments().map(apart)
        judges = record.judges.map {
            NamedJudge(name: record.names[$0], identity: $0, added: record.addedJudges[$0])
        }.sorted { $0.identity < $1.identity }
        labels = record.labels
        logitGaps = record.logitGaps.compactMap { entry in
            entry.gap.map { KeyedGap(key: entry.cell.key, gap: $0) }
        }
        programs = record.programs
    }

    /// The header as exports have it.
    var json: JSON {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try JSON(parsing: String(decoding: encoder.encode(self), as: UTF8.self))
        }
    }

    /// Reads a header from an export.
    ///
    /// - Throws: `FileError` if it is of another form, or says what no run can be.
    init(_ field: JSONField) throws(FileError) {
        let form = try field.required("format")
        guard try form.count() == Self.format else {
            throw form.mismatch("\(Self.format), the only form that this version of the program reads")
        }
        do {
            self = try JSONDecoder().decode(RunHeader.self, from: Data(field.json.serialized().utf8))
        } catch {
            throw field.fault("is not a run as this version of the program records it")
        }
        for manifest in [registered] + amendments {
            if let fault = manifest.study.fault { throw field.fault("cannot be: the study's \(fault)") }
        }
        guard labels.allSatisfy({ Label.weights.contains($0.weight) }) else {
            throw field.fault("has a label that stands for an impossible number of transcripts")
        }
        guard Set(judges.map(\.name)).count == judges.count else {
            throw field.fault("has two judges of one name")
        }
    }
}
