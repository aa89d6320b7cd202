import ArgumentParser
import GygesAnalysis
import GygesFiles
import GygesStudy

/// `gyges study labels`
struct StudyLabels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels",
        abstract: "Compares labellers with each other and judges with labels; moves labels to and from files.",
        discussion: """
            Without options it prints how often labellers agree, and for each judge sensitivity, specificity and the area under \
            the ROC curve, each with its interval. Weights of a stratified sample are taken into account.

            Examples:
              gyges study labels runs/demo
              gyges study labels runs/demo --format csv > labels.csv
              gyges study labels runs/demo --import labels.csv
            """)

    /// The form in which labels are written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case jsonl, csv
    }

    @Argument(help: "The run's folder.")
    var folder: String

    @Option(help: "Write the labels in this form.")
    var format: Format?

    @Option(name: .customLong("import"), help: ArgumentHelp("Read labels from a file.", valueName: "file"))
    var source: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        if let source {
            let text = try Input.text(source)
            let count = try await LabelBook(writingTo: folder).importLabels(text, path: source)
            print("\(count) labels read.")
            return
        }
        let book = try LabelBook(readingFrom: folder)
        let labels = try book.labels()
        if let format {
            try Output.write(format == .csv ? LabelTable.commaSeparated(labels) : LabelTable.jsonLines(labels))
            return
        }
        let labellers = try book.labellers()
        let judges = try JudgeAgreement.agreements(ofRunIn: folder)
        if labellers.isEmpty, !json {
            for agreement in judges { print(line(agreement)) }
            print("Nobody has labelled this run yet.\nStart with `gyges study label \(folder) --labeller NAME`.")
            return
        }
        let accuracies = try labellers.flatMap { try JudgeAccuracy.accuracies(ofRunIn: folder, labeller: $0) }
        if json {
            print(document(labels, labellers, accuracies, try book.agreements(), judges).serialized(.pretty))
        } else {
            for agreement in judges { print(line(agreement)) }
            printAll(labels, labellers, accuracies, try book.agreements())
        }
    }
}
