import ArgumentParser
import Foundation
import GygesClient
import GygesFiles
import GygesReport
import GygesStudy

/// `gyges study run`
struct StudyRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a study file to its end and writes the report.",
        discussion: """
            A run of the same study and model in the output folder goes on where it stopped.

            Examples:
              gyges study run Examples/demo-study.yaml
              gyges study run study.yaml --set subject=model.gguf --set samplesPerPrompt=4
              gyges study run study.yaml --set subject=persona:faker --set output=runs/persona
              gyges study run study.yaml --set subject=http://localhost:8000/v1#my-model
            """)

    @Argument(help: "A study file (YAML).")
    var file: String

    @Option(help: ArgumentHelp("Replace a value of the file; may be repeated.", valueName: "key=value"))
    var set: [String] = []

    @OptionGroup var session: StudySession

    func run() async throws {
        let study = try Study.load(file, overrides: set) { Terminal.writeError("note: \($0)\n") }
        try await session.perform(study, in: study.definition.output) { subject, progress in
            try await StudyRun.start(study, subject: subject, progress: progress)
        }
    }
}

/// `gyges study resume`
struct StudyResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Goes on with a run that was stopped, killed or failed.",
        discussion: """
            Refused if the study, one of its scenarios or the model has changed since.

            Example:
              gyges study resume runs/demo
            """)

    @Argument(help: "The run's folder.")
    var folder: String

    @OptionGroup var session: StudySession

    func run() async throws {
        let study = try StudyRun.study(in: folder)
        try await session.perform(study, in: folder) { subject, progress in
            try await StudyRun.resume(folder, subject: subject, progress: progress)
        }
    }
}

/// `gyges study report`
struct StudyReport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Writes report, tables and transcripts of a run from its journal.",
        discussion: """
            Works at any time, also while the run goes on or after it was killed.

            Examples:
              gyges study report runs/demo
              gyges study report runs/demo --redact --output to-share
              gyges study report runs/demo --summary md
              gyges study report runs/demo --judge model --output by-model
              gyges study report runs/demo --inspect --output logs && inspect view --log-dir logs
            """)

    @Argument(help: "The run's folder.")
    var folder: String

    @Option(help: ArgumentHelp("Where the files go; the run's folder if not given.", valueName: "folder"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Whose findings lead: the verdict and the hypotheses are by them; the judge that the study states if not given.",
            valueName: "name"))
    var judge: String?

    @Flag(help: "Leave out prompts and answers, so that the report can be shared.")
    var redact = false

    @Flag(help: "Also write a log for Inspect (.eval) for each condition.")
    var inspect = false

    @Option(
        help: ArgumentHelp(
            "Print what was found, to be pasted into a paper or an issue (md) or read as it is (text), and write no files.",
            valueName: "form"))
    var summary: SummaryForm?

    @Flag(help: "Show no progress.")
    var quiet = false

    @Flag(help: "Print JSON.")
    var json = false

    /// The form of a summary.
    enum SummaryForm: String, CaseIterable, ExpressibleByArgument {
        case md, text
    }

    func validate() throws {
        if summary != nil, json || redact || inspect || output != nil {
            throw ValidationError(
                "--summary prints and writes no files; leave out --json, --redact, --inspect and --output.")
        }
    }

    func run() throws {
        _ = try StudyRun.study(in: folder)
        if let summary {
            let found = StudySummary(try StudyDocument(runIn: folder, judge: judge))
            print(summary == .md ? found.markdown : found.text(), terminator: "")
            return
        }
        if let output { try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true) }
        let options = ReportWriter.Options(isRedacted: redact, writesInspectLogs: inspect)
        let files = try StudyRun(folder: folder).writeReport(
            to: output, judge: judge, options: options, progress: reportProgress(isShown: !quiet))
        print(description(of: files, json: json))
    }
}

/// What running and resuming share: the model, progress, and the report at the end.
struct StudySession: ParsableArguments {
    @OptionGroup
    var adapters: AdapterOptions

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    @Flag(help: "Show no progress.")
    var quiet = false

    @Flag(help: "Print JSON.")
    var json = false

    func perform(
        _ study: Study, in folder: String,
        _ run: (any Subject, @escaping @Sendable (StudyProgress) -> Void) async throws -> StudyRun
    ) async throws {
        let definition = study.definition
        let bars = StudyProgressBars(name: definition.name, isShown: !quiet)
        let subject = try await SubjectChoice(
            engine: engine, adapters: try adapters.references(), isShown: !quiet,
            systemRole: definition.systemRole ?? .automatic,
            onWait: { bars.note("\($0)") }
        ).subject(
            named: definition.subject, endpoint: definition.endpoint, concurrency: definition.concurrency,
            folder: folder, in: study)
        let finished = try await run(subject, bars.update)
        for shortfall in finished.shortfalls { Terminal.writeError(shortfall.message(folder: finished.folder)) }
        let files = try finished.writeReport(progress: reportProgress(isShown: !quiet))
        print(description(of: files, shortfalls: finished.shortfalls, json: json))
        if finished.shortfalls.contains(where: \.leavesRunIncomplete) { throw Self.incomplete }
    }

    /// The status of a run that came to its end with something left undone, so that scripts can tell it from a whole one and from a
    /// failure.
    static let incomplete = ExitCode(3)
}

extension StudySession {
    /// A model that judges, named like a study's subject.
    func subject(
        named name: String, endpoint: EndpointSettings, concurrency: Int, systemRole: SystemRole,
        onWait: @escaping @Sendable (EndpointWait) -> Void
    ) async throws -> any Subject {
        try await SubjectChoice(
            engine: engine, adapters: try adapters.references(), isShown: !quiet, systemRole: systemRole,
            onWait: onWait
        ).subject(
            named: name, endpoint: endpoint, concurrency: concurrency, folder: "")
    }
}

/// A bar for the answers that a report is made from.
func reportProgress(isShown: Bool) -> (_ done: Int, _ total: Int) -> Void {
    let bar = ProgressBar(.items("answers"), isShown: isShown)
    return { done, total in
        bar.update("report", count: done, of: total)
        if done == total { bar.finish() }
    }
}

/// A bar for each phase of a run.
struct StudyProgressBars: Sendable {
    private let name: String
    private let bars: [StudyProgress.Phase: ProgressBar]

    init(name: String, isShown: Bool) {
        self.name = name
        bars = Dictionary(
            uniqueKeysWithValues: StudyProgress.Phase.allCases.map {
                ($0, ProgressBar(.items($0.rawValue), isShown: isShown))
            })
    }

    /// Shows what else is to be known while work goes on, on a line of its own.
    func note(_ text: String) {
        for bar in bars.values { bar.note("") }
        bars[.transcripts]?.note("\(name): \(text)")
    }

    /// Shows how far a phase has come.
    func update(_ progress: StudyProgress) {
        guard progress.total > 0, let bar = bars[progress.phase] else { return }
        bar.update(name, count: progress.done, of: progress.total)
        if progress.done + progress.failed == progress.total { bar.finish() }
    }
}

extension Shortfall {
    /// What was left undone, for the terminal, and what to do.
    fileprivate func message(folder: String) -> String {
        canBeResumed ? "\(sentence)\nAsk for them again with `gyges study resume \(folder)`.\n" : sentence + "\n"
    }
}
