import ArgumentParser
import Foundation
import GygesFiles
import GygesInference
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
            """)

    @Argument(help: "A study file (YAML).")
    var file: String

    @Option(help: ArgumentHelp("Replace a value of the file; may be repeated.", valueName: "key=value"))
    var set: [String] = []

    @OptionGroup var session: StudySession

    func run() async throws {
        let study = try Study.load(file, overrides: set)
        try await session.perform(study) { subject, progress in
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
        try await session.perform(study) { subject, progress in
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
              gyges study report runs/demo --inspect --output logs && inspect view --log-dir logs
            """)

    @Argument(help: "The run's folder.")
    var folder: String

    @Option(help: ArgumentHelp("Where the files go; the run's folder if not given.", valueName: "folder"))
    var output: String?

    @Flag(help: "Leave out prompts and answers, so that the report can be shared.")
    var redact = false

    @Flag(help: "Also write a log for Inspect (.eval) for each condition.")
    var inspect = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        _ = try StudyRun.study(in: folder)
        if let output { try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true) }
        let options = ReportWriter.Options(isRedacted: redact, writesInspectLogs: inspect)
        print(description(of: try StudyRun(folder: folder).writeReport(to: output, options: options), json: json))
    }
}

/// What running and resuming share: the model, progress, and the report at the end.
struct StudySession: ParsableArguments {
    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    @Flag(help: "Show no progress.")
    var quiet = false

    @Flag(help: "Print JSON.")
    var json = false

    func perform(
        _ study: Study,
        _ run: (any Subject, @escaping @Sendable (StudyProgress) -> Void) async throws -> StudyRun
    ) async throws {
        let name = study.definition.subject
        let subject = try subject(named: name, in: study)
        let bars = Dictionary(
            uniqueKeysWithValues: StudyProgress.Phase.allCases.map {
                ($0, ProgressBar(.items($0.rawValue), isShown: !quiet))
            })
        let finished = try await run(subject) { progress in
            guard progress.total > 0 else { return }
            bars[progress.phase]?.update(
                "\(study.definition.name)", count: progress.done, of: progress.total)
            if progress.done == progress.total { bars[progress.phase]?.finish() }
        }
        print(description(of: try finished.writeReport(), json: json))
    }

    /// A scripted persona (`persona:NAME`) or a model on this machine.
    ///
    /// A persona that is studied knows what the study's conditions say; one that judges needs no study.
    func subject(named name: String, in study: Study? = nil) throws -> any Subject {
        if let study, let persona = try PersonaSubject(reference: name, in: study) { return persona }
        if let persona = PersonaSubject(reference: name) { return persona }
        if name.hasPrefix("persona:") {
            throw FileError(
                name, "is not a persona",
                remedy: "Choose one of \(Persona.shipped.map { "persona:" + $0.name }.joined(separator: ", ")).")
        }
        let model = try LanguageModel(
            path: try locateModel(name), precision: engine.productPrecision, options: engine.engine,
            panelFolder: engine.panelFolder)
        return try LocalSubject(model, name: name)
    }
}

/// Where a report and its tables lie, as text or JSON.
private func description(of files: StudyRun.ReportFiles, json: Bool) -> String {
    if json {
        let document: JSON = [
            "report": .string(files.report), "exports": .array(files.exports.map { .string($0) }),
        ]
        return document.serialized(.pretty)
    }
    return "Report: \(absolute(files.report))\n"
        + files.exports.map { "        \(absolute($0))" }.joined(separator: "\n")
}

private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }
