import GygesAnalysis
import GygesFiles
import GygesTemplates

/// Logs of Inspect (https://inspect.aisi.org.uk/eval-logs.html, version 2): `.json`, and `.eval` archives.
///
/// The tier stands in a sample's metadata as `tier`, or in the user's turn. Which scores are labels is stated, or told by names that are
/// known. Logs that this program has written hold the whole run, and become it again.
enum InspectLogFile {
    /// The largest JSON log in bytes; archives are read sample by sample.
    private static let fileLimit = 1 << 30
    /// The largest sample of an archive in bytes.
    private static let sampleLimit = 200 << 20

    /// Reads logs.
    ///
    /// - Parameter scores: which scores are labels; `nil` to go by their names.
    static func read(_ path: String, scores: ScoreMapping?) throws -> ImportSource {
        let logs = try logs(path)
        if let run = logs.run { return .run(run) }
        var found = logs.found
        let mapping =
            try scores
            ?? ScoreMapping(
                guessing: ScoreSurvey(found.transcripts).scorers.map(\.name), isOwn: logs.isOwn, source: path)
        found.remarks += try found.label(by: mapping, source: path).sentences
        return .transcripts(found)
    }

    /// What the scores in logs are, and what they would be read as.
    static func survey(_ path: String) throws -> ScoreSurvey {
        let logs = try logs(path)
        guard logs.run == nil else {
            return ScoreSurvey(
                [], remarks: ["the logs hold a whole run of this program with its judgements, and need no mapping"])
        }
        var found = logs.found
        var survey = ScoreSurvey(found.transcripts)
        do {
            let mapping = try ScoreMapping(guessing: survey.scorers.map(\.name), isOwn: logs.isOwn, source: path)
            survey = try found.label(by: mapping, source: path)
        } catch {
            survey.remarks.append(error.description)
        }
        return survey
    }

    private static func logs(_ path: String) throws -> InspectLogs {
        let files = try ImportedFiles.list(path) {
            $0.hasSuffix(".eval") || ($0.hasSuffix(".json") && beginsWithMoment($0))
        }
        var logs = InspectLogs()
        for file in files {
            try file.hasSuffix(".eval") ? readArchive(file, into: &logs) : readDocument(file, into: &logs)
        }
        return logs
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

    private static func readDocument(_ file: String, into logs: inout InspectLogs) throws {
        let root = field(try JSON.read(path: file, limits: limits(fileLimit)), file)
        let log = try logs.begin(root)
        let samples = try root.optional("samples")?.elements() ?? []
        for sample in samples { try logs.add(sample, of: log) }
        try logs.end(root, file: file, sampleCount: samples.count)
    }

    private static func readArchive(_ file: String, into logs: inout InspectLogs) throws {
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
        let root = try json(header)
        let log = try logs.begin(root)
        var count = 0
        for entry in archive.entries where entry.name.hasPrefix("samples/") && entry.name.hasSuffix(".json") {
            try logs.add(json(entry), of: log)
            count += 1
        }
        try logs.end(root, file: file, sampleCount: count)
    }

    private static func limits(_ byteCount: Int) -> JSON.Limits {
        JSON.Limits(depth: 128, byteCount: byteCount, allowsNonFinite: true)
    }

    private static func field(_ json: JSON, _ source: String) -> JSONField {
        JSONField(json, source: source, remedy: ImportFormat.remedy)
    }
}
