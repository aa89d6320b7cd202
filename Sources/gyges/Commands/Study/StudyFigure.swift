import ArgumentParser
import Foundation
import GygesFiles
import GygesReport
import GygesStudy

/// `gyges study figure`
struct StudyFigureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "figure", abstract: "Writes one chart of a run for a paper, with its numbers.",
        discussion: """
            Without a name, lists the charts by name, with what each shows and whether the run has it. A name of several, \
            such as prompts, is followed by what it is about. The file's ending decides: .svg, .pdf or .png for the \
            picture, .csv or .json for the numbers behind it. PDF and PNG are made by rsvg-convert (Debian, Ubuntu: \
            librsvg2-bin).

            Examples:
              gyges study figure runs/demo
              gyges study figure runs/demo gap --output gap.pdf --data
              gyges study figure runs/demo answer --output answer.svg --output answer.png --dpi 600
              gyges study figure runs/demo prompts:helpful-only/default/hidden-scratchpad --output prompts.pdf --width page
              gyges study figure runs/base training --at 0=runs/base --at 500=runs/late --output training.pdf
            """)

    @Argument(help: "The run's folder.")
    var folder: String

    @Argument(help: "The chart's name.")
    var name: String?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Where it goes: .svg, .pdf, .png, .csv or .json; may be repeated.", valueName: "file"))
    var output: [String] = []

    @Flag(help: "Also write the numbers beside each picture, as CSV.")
    var data = false

    @Option(
        help: ArgumentHelp(
            "How wide the picture is: column (88 mm), page (180 mm), or millimetres.", valueName: "width"))
    var width: FigureWidth = .column

    @Option(help: ArgumentHelp("The resolution of PNG, in dots an inch.", valueName: "number"))
    var dpi = 300.0

    @Option(
        help: ArgumentHelp(
            "For the chart of a training: a checkpoint's step, and the run of it; may be repeated.",
            valueName: "step=run"))
    var at: [FigureCheckpoint] = []

    @Flag(help: "List the charts.")
    var list = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (20...1000).contains(width.millimetres) else {
            throw ValidationError("--width is column, page, or 20 to 1000 millimetres.")
        }
        guard (36...2400).contains(dpi) else { throw ValidationError("--dpi lies between 36 and 2400.") }
        for path in output where StudyFigure.Form(path: path) == nil {
            throw ValidationError("“\(path)”: a figure's file ends in .svg, .pdf, .png, .csv or .json.")
        }
        if name == nil || list {
            guard output.isEmpty, !data else {
                throw ValidationError("Name the chart that is to be written; without --output they are listed.")
            }
        } else if output.isEmpty {
            throw ValidationError("Say where the chart goes, by --output and a path that ends in .svg, .pdf or .png.")
        }
        guard at.isEmpty || name == StudyFigure.Kind.training.rawValue else {
            throw ValidationError("--at belongs to the chart named training.")
        }
    }

    func run() throws {
        guard let name, !list else { return print(try listing()) }
        let figure = try figure(named: name)
        let size = StudyFigure.Size(millimetres: width.millimetres, dotsPerInch: dpi)
        let environment = ProcessInfo.processInfo.environment
        var written: [String] = []
        func write(_ path: String, _ form: StudyFigure.Form) throws {
            guard !written.contains(path) else { return }
            try figure.write(to: path, as: form, size: size, environment: environment)
            written.append(path)
        }
        for path in output {
            guard let form = StudyFigure.Form(path: path) else { continue }
            try write(path, form)
            // The ending is there, or the form would not be known.
            if data { try write(String(path.dropLast(form.rawValue.count)) + "csv", .csv) }
        }
        if json {
            let document: JSON = [
                "figure": .string(figure.name), "caption": .string(figure.caption),
                "files": .array(written.map { .string($0) }),
            ]
            print(document.serialized(.pretty))
        } else {
            print(written.joined(separator: "\n"))
        }
    }

    private func figure(named name: String) throws -> StudyFigure {
        if name == StudyFigure.Kind.training.rawValue {
            let checkpoints = try at.map { (step: $0.step, document: try StudyDocument(runIn: $0.folder)) }
            if let figure = StudyFigure.training(checkpoints) { return figure }
            throw FileError(
                folder,
                "a training's chart takes two checkpoints or more that were asked the same condition as written",
                remedy: "Name each run by --at STEP=RUN.")
        }
        let document = try StudyDocument(runIn: folder)
        if let figure = document.figure(named: name) { return figure }
        let names = document.figures.map(\.name)
        let beginning = names.filter { $0.hasPrefix(name + ":") }
        if !beginning.isEmpty {
            throw FileError(
                folder, "there are several charts of this name: \(beginning.joined(separator: ", "))",
                remedy: "Give the whole name.")
        }
        let remedy = "`gyges study figure \(folder)` lists the charts of this run."
        guard let kind = StudyFigure.Kind(rawValue: String(name.prefix { $0 != ":" })) else {
            throw FileError(folder, "there is no chart “\(name)”", remedy: remedy)
        }
        let reason = kind.rawValue == name ? document.absence(of: kind) : "nothing in it is called so"
        throw FileError(folder, "this run has no chart “\(name)”: \(reason)", remedy: remedy)
    }

    /// All charts by name, those that the run lacks with the reason.
    private func listing() throws -> String {
        let document = try StudyDocument(runIn: folder)
        let figures = document.figures
        let missing = StudyFigure.Kind.allCases.filter { kind in !figures.contains { $0.kind == kind } }
        if json {
            let entries =
                figures.map { figure -> JSON in
                    ["name": .string(figure.name), "caption": .string(figure.caption), "is_there": true]
                }
                + missing.map { kind -> JSON in
                    [
                        "name": .string(kind.rawValue), "caption": .string(kind.summary), "is_there": false,
                        "reason": .string(document.absence(of: kind)),
                    ]
                }
            return JSON.array(entries).serialized(.pretty)
        }
        var table = Table([("NAME", .left), ("WHAT IT SHOWS", .left)])
        for figure in figures {
            table.append([figure.name, VisibleText.shown(figure.kind.summary)].map(VisibleText.shown))
        }
        var lines = [table.text]
        if !missing.isEmpty {
            lines.append("\nNot in this run:")
            for kind in missing { lines.append("  \(kind.rawValue): \(document.absence(of: kind))") }
        }
        return lines.joined(separator: "\n")
    }
}

/// How wide a figure is on paper.
struct FigureWidth: ExpressibleByArgument {
    static let column = FigureWidth(millimetres: 88)

    /// The width.
    let millimetres: Double

    private init(millimetres: Double) { self.millimetres = millimetres }

    init?(argument: String) {
        switch argument {
        case "column": self = .column
        case "page": millimetres = 180
        default:
            guard let number = Double(argument), number.isFinite else { return nil }
            millimetres = number
        }
    }

    var defaultValueDescription: String { "column" }
}

/// A checkpoint of a training and the run that asked it.
struct FigureCheckpoint: ExpressibleByArgument {
    /// The step.
    let step: Int
    /// The run's folder.
    let folder: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let step = Int(parts[0]), (0...1_000_000_000_000).contains(step) else { return nil }
        self.step = step
        folder = String(parts[1])
    }
}
