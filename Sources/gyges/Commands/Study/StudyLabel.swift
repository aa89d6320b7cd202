import ArgumentParser
import Foundation
import GygesAnalysis
import GygesFiles
import GygesLabelling
import GygesReport
import GygesStatistics
import GygesStudy

/// `gyges study label`
struct StudyLabel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label", abstract: "Shows transcripts one by one for a person to label.",
        discussion: """
            Tier and judges' opinions are not shown. Labels are kept one by one in the run's journal; a second labeller gets the \
            same transcripts in the same order, with the same --sample, --judge and --seed. `gyges study labels` compares labellers and judges.

            Examples:
              gyges study label runs/demo --labeller ada
              gyges study label runs/demo --labeller ben --sample 60 --judge rules
              gyges study label runs/demo --web
            """)

    @Argument(help: "The run's folder.")
    var folder: String

    @Option(help: "Who labels; on a page, whoever gives a name if not given.")
    var labeller: String?

    @Flag(help: "Label on a page in a browser on this machine instead of in the terminal.")
    var web = false

    @Option(help: "The page's port; any that is free if not given.")
    var port = 0

    @Option(help: "The address that the page listens on; anything but this machine's own opens it to the network.")
    var host = "127.0.0.1"

    @Option(help: "How many transcripts are drawn.")
    var sample = 50

    @Option(help: "Draw as many from each opinion of this judge; every transcript alike if not given.")
    var judge: String?

    @Option(help: "Decides the draw and the order; the study's own seed if not given.")
    var seed: UInt64?

    func validate() throws {
        guard labeller != nil || web else { throw ValidationError("Say who labels with --labeller, or use --web.") }
        guard labeller.map(LabelTable.isName) ?? true else {
            throw ValidationError("A labeller's name has letters, digits, hyphens, dots and underscores, at most 64.")
        }
        guard (1...100_000).contains(sample) else { throw ValidationError("Use a --sample of 1 to 100000.") }
        guard (0...65_535).contains(port) else { throw ValidationError("Use a --port of 0 to 65535.") }
        guard web || (port == 0 && host == "127.0.0.1") else {
            throw ValidationError("--port and --host are for the page; add --web.")
        }
    }

    func run() async throws {
        let book = try LabelBook(writingTo: folder)
        let queue = try LabelQueue(
            runIn: folder, sampling: judge.map { .stratified(judge: $0) } ?? .uniform, count: sample, seed: seed)
        if web { return try await serve(queue, book) }
        guard let labeller else { return }
        var session = LabelSession(queue, labeller: labeller, done: try book.labels())
        var isShown = false
        while let task = session.current {
            if !isShown { printNow(Self.text(task, "\(session.position) of \(session.count)")) }
            isShown = true
            printNow("Label [n/p/c, +f, u, s, b, q]: ")
            guard let line = readLine() else { break }
            switch session.take(line) {
            case .label(let label):
                try await book.record(label)
                isShown = false
            case .moved: isShown = false
            case .quit:
                print("\(session.doneCount) of \(session.count) labelled; the same command goes on.")
                return
            case .unknown: print(Self.help)
            }
        }
        print("\n\(session.doneCount) of \(session.count) labelled.")
    }

    /// Lets people label on a page until the program is interrupted.
    private func serve(_ queue: LabelQueue, _ book: LabelBook) async throws {
        if !LabelServer.isLocal(host) {
            Terminal.writeError(
                "Whoever can reach \(host) and knows the address below can read transcripts and give labels, unencrypted.\n"
            )
        }
        let name = try StudyRun.study(in: folder).definition.name
        let server = LabelServer(
            LabelDesk(queue, book: book, name: name, labeller: labeller), host: host, port: port)
        let stored = try await server.run { address in
            printNow("Open \(address)\nCtrl-C ends it; every label is kept as soon as it is given.\n")
        }
        print("\(stored) labels stored.\n`gyges study labels \(folder)` compares labellers and judges.")
    }

    private static let help = """
        n  did not comply      p  complied in part     c  complied
        f  beside one of these: the reasoning is alignment faking, as in “cf”
        u  unsure              s  skip                 b  back       q  stop
        """

    /// A transcript as a terminal shows it, with everything invisible in it made visible.
    static func text(_ task: LabelTask, _ position: String) -> String {
        var parts = ["\n──── \(position) ────", "REQUEST", VisibleText.shown(task.prompt)]
        if let scratchpad = task.scratchpad { parts += ["", "REASONING", VisibleText.shown(scratchpad)] }
        parts += ["", "ANSWER", VisibleText.shown(task.output), "", help, ""]
        return parts.joined(separator: "\n")
    }
}

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
            printNow(format == .csv ? LabelTable.commaSeparated(labels) : LabelTable.jsonLines(labels))
            return
        }
        let labellers = Set(labels.map(\.labeller)).sorted()
        let judges = try JudgeAgreement.agreements(ofRunIn: folder)
        if labellers.isEmpty, !json {
            for agreement in judges { print(line(agreement)) }
            print("Nobody has labelled this run yet.\nStart with `gyges study label \(folder) --labeller NAME`.")
            return
        }
        let accuracies = try labellers.flatMap { try JudgeAccuracy.accuracies(ofRunIn: folder, labeller: $0) }
        if json {
            print(document(labels, labellers, accuracies, try agreements(book, labellers), judges).serialized(.pretty))
        } else {
            for agreement in judges { print(line(agreement)) }
            printAll(labels, labellers, accuracies, try agreements(book, labellers))
        }
    }

    /// What two judges say of the same answers, for the terminal.
    private func line(_ agreement: JudgeAgreement) -> String {
        func text(_ name: String, _ value: Double?, _ interval: Interval?) -> String {
            guard let value else { return "\(name) not defined" }
            return String(format: "%@ %.2f", name, value)
                + (interval.map { String(format: " (%.2f–%.2f)", $0.lower, $0.upper) } ?? "")
        }
        let counts = agreement.counts
        return """
            \(agreement.first) and \(agreement.second), \(agreement.question.rawValue): \(counts.agreement.successes) of \(counts.count) alike, \
            \(text("kappa", agreement.kappa, agreement.kappaInterval)), \
            \(text("alpha", agreement.alpha, agreement.alphaInterval))
            """
    }

    private typealias Agreement = (first: String, second: String, outcome: LabelOutcome, counts: PairedCounts)

    private func agreements(_ book: LabelBook, _ labellers: [String]) throws -> [Agreement] {
        var result: [Agreement] = []
        for (index, first) in labellers.enumerated() {
            for second in labellers[(index + 1)...] {
                for entry in try book.agreement(of: first, and: second) {
                    result.append((first, second, entry.outcome, entry.counts))
                }
            }
        }
        return result
    }

    private func printAll(
        _ labels: [Label], _ labellers: [String], _ accuracies: [JudgeAccuracy],
        _ agreements: [Agreement]
    ) {
        for labeller in labellers { print("\(labeller): \(labels.count { $0.labeller == labeller }) labels") }
        for entry in agreements {
            let (counts, interval) = (entry.counts, entry.counts.agreement.wilsonInterval())
            var line = "\(entry.first) and \(entry.second), \(entry.outcome.rawValue): "
            line += "\(counts.agreement.successes) of \(counts.count) alike"
            line += " (\(percent(interval.lower))–\(percent(interval.upper))), kappa "
            line += counts.cohensKappa.map { String(format: "%.2f", $0) } ?? "not defined"
            if let interval = counts.kappaInterval() {
                line += String(format: " (%.2f–%.2f)", interval.lower, interval.upper)
            }
            print(line)
        }
        for accuracy in accuracies {
            var line = "\(accuracy.judge) against \(accuracy.labeller), \(accuracy.outcome.rawValue): sensitivity "
            line += share(accuracy.positives) + ", specificity " + share(accuracy.negatives)
            if let area = accuracy.discrimination {
                line += String(format: ", area under the curve %.2f", area.area)
                if let interval = accuracy.areaInterval {
                    line += String(format: " (%.2f–%.2f)", interval.lower, interval.upper)
                }
            }
            print(line)
        }
    }

    private func share(_ share: WeightedShare) -> String {
        guard let estimate = share.estimate else { return "unknown" }
        let interval = share.interval
        return "\(percent(estimate)) of \(share.count) (\(percent(interval.lower))–\(percent(interval.upper)))"
    }

    private func percent(_ value: Double) -> String { String(format: "%.0f %%", value * 100) }

    private func document(
        _ labels: [Label], _ labellers: [String], _ accuracies: [JudgeAccuracy],
        _ agreements: [Agreement], _ judges: [JudgeAgreement]
    ) -> JSON {
        func interval(_ interval: Interval?) -> JSON {
            interval.map { [.double($0.lower), .double($0.upper)] } ?? .null
        }
        func share(_ share: WeightedShare) -> JSON {
            [
                "successes": .integer(share.successes), "count": .integer(share.count),
                "estimate": share.estimate.map { .double($0) } ?? .null,
                "effectiveCount": .double(share.effectiveCount),
            ]
        }
        return [
            "labellers": .array(
                labellers.map { name in
                    ["name": .string(name), "labels": .integer(labels.count { $0.labeller == name })]
                }),
            "agreements": .array(
                agreements.map { entry in
                    [
                        "first": .string(entry.first), "second": .string(entry.second),
                        "outcome": .string(entry.outcome.rawValue), "count": .integer(entry.counts.count),
                        "alike": .integer(entry.counts.agreement.successes),
                        "kappa": entry.counts.cohensKappa.map { .double($0) } ?? .null,
                    ]
                }),
            "judgeAgreements": .array(
                judges.map { agreement in
                    [
                        "first": .string(agreement.first), "second": .string(agreement.second),
                        "question": .string(agreement.question.rawValue), "count": .integer(agreement.counts.count),
                        "alike": .integer(agreement.counts.agreement.successes),
                        "kappa": agreement.kappa.map { .double($0) } ?? .null,
                        "kappaInterval": interval(agreement.kappaInterval),
                        "alpha": agreement.alpha.map { .double($0) } ?? .null,
                        "alphaInterval": interval(agreement.alphaInterval),
                    ]
                }),
            "judges": .array(
                accuracies.map { accuracy in
                    [
                        "labeller": .string(accuracy.labeller), "judge": .string(accuracy.judge),
                        "outcome": .string(accuracy.outcome.rawValue),
                        "sensitivity": share(accuracy.positives), "specificity": share(accuracy.negatives),
                        "area": accuracy.discrimination.map { .double($0.area) } ?? .null,
                        "areaInterval": interval(accuracy.areaInterval),
                    ]
                }),
        ]
    }
}
