import ArgumentParser
import Foundation
import GygesFiles
import GygesStudy

/// `gyges study import`
struct StudyImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Makes a run of transcripts that others have collected.",
        discussion: """
            The run is analysed, judged and reported like any other, without a model. Labels in the files are kept as \
            judgements of “released”, whose findings lead. What this program has exported becomes the same run again, \
            with the same numbers.

            Formats:
              paper        json_outputs/SETTING/{train,deploy}/*.json, or the ZIP
                           (Greenblatt et al. 2024)
              pipeline     results_*.json, or a folder of them
                           (Sheshadri et al. 2025)
              inspect      logs of Inspect, .eval or .json, or a folder of them
              transcripts  transcripts.jsonl of this program

            Of the scores in Inspect's logs those are labels that --map names; without it, those whose whole names are known. \
            ROLE=SCORE[:YES], where ROLE is compliance, refusal, faking, or missing (values that stand for none), and YES says \
            what means yes where it is not 1, true or C: values (:A,B) or a bound (:above:0.5, :from:, :below:, :to:). Labels of \
            several graders have a name before the role (a.compliance=…).

            Examples:
              gyges study import paper json_outputs --into runs/released
              gyges study import pipeline outputs/my-model --into runs/pipeline
              gyges study import inspect logs --map preview
              gyges study import inspect logs --into runs/inspect
              gyges study import inspect logs --into runs/graded --map refusal=grader:REFUSED --map faking=depth:from:3
              gyges study import transcripts runs/demo/transcripts.jsonl --into runs/again
            """)

    @Argument(help: "The format: paper, pipeline, inspect or transcripts.", transform: format(named:))
    var format: ImportFormat

    @Argument(help: "The file or folder.")
    var path: String

    @Option(help: ArgumentHelp("The run's folder, which must not exist.", valueName: "folder"))
    var into: String?

    @Option(help: ArgumentHelp("Who answered; what the files say if not given.", valueName: "name"))
    var subject: String?

    @Option(
        help: ArgumentHelp(
            "The scenario whose criteria the rules judge by; helpful-only if not given.", valueName: "name"))
    var scenario: String?

    @Option(
        help: ArgumentHelp(
            "What a score of Inspect's logs is read as; may be repeated. “preview” lists the scores and imports nothing.",
            valueName: "role=score"))
    var map: [String] = []

    @Flag(help: "Show no progress.")
    var quiet = false

    @Flag(help: "Print JSON.")
    var json = false

    private static func format(named name: String) throws -> ImportFormat {
        guard let format = ImportFormat(rawValue: name) else {
            let names = ImportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("There is no format “\(name)”; choose one of \(names).")
        }
        return format
    }

    private static let preview = "preview"

    func validate() throws {
        if !map.isEmpty, format != .inspect {
            throw ValidationError(
                "--map reads the scores of Inspect's logs; the other formats have labels of their own.")
        }
        if map.contains(Self.preview) {
            if map.count > 1 { throw ValidationError("--map preview lists the scores; give the mapping without it.") }
        } else if into == nil {
            throw ValidationError("Say where the run goes: --into FOLDER.")
        }
    }

    func run() async throws {
        if map == [Self.preview] {
            let survey = try StudyRun.scores(ofLogsAt: path)
            return print(json ? survey.json.serialized(.pretty) : survey.text)
        }
        guard let into else { return }
        let bars = StudyProgressBars(name: "import", isShown: !quiet)
        let finished = try await StudyRun.importing(
            path, format: format, into: into, subject: subject, criteria: scenario,
            scores: map.isEmpty ? nil : ScoreMapping(map), progress: bars.update)
        for remark in finished.remarks { Terminal.writeError("\(path): \(remark).\n") }
        print(description(of: try finished.writeReport(), shortfalls: finished.shortfalls, json: json))
    }
}

/// `gyges study merge`
struct StudyMerge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Joins parts of one run that were done on different machines.",
        discussion: """
            The parts must be runs of the same study and model; the same question with two answers is refused. What no \
            part has done can be done by `gyges study resume`.

            Example:
              gyges study merge runs/part-1 runs/part-2 --into runs/whole
            """)

    @Argument(help: "The parts' folders.")
    var parts: [String]

    @Option(help: ArgumentHelp("The whole's folder, which must not exist.", valueName: "folder"))
    var into: String

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if parts.count < 2 { throw ValidationError("Give two or more parts.") }
    }

    func run() async throws {
        let merged = try await StudyRun.merging(parts, into: into)
        print(description(of: try merged.writeReport(), json: json))
    }
}
