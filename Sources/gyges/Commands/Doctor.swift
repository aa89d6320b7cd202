import ArgumentParser
import Foundation
import GygesFiles
import GygesHub
import GygesInference
import GygesKernels

/// `gyges doctor`
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Says what this machine offers, what a model's files say, or what an encoder's precisions cost on given texts.",
        discussion: """
            Ends with status 1 if something must be fixed before models run; what only slows them is noted.

            With a model its files are looked at without loading it: whether it can be run, and what they say that Gyges does not
            know and ignores.

            With an encoder and --compare, each precision's vectors are compared with those in f32: the cosine of a text's two
            vectors, how many of a text's ten nearest texts stay, and what becomes of a classifier's labels or a re-ranker's
            order. Status 1 then means that a text's vector came out worse than rounding explains.

            Examples:
              gyges doctor
              GYGES_ISA=avx2 gyges doctor --json
              gyges doctor smollm2-135m-instruct
              gyges doctor hf:Alibaba-NLP/gte-modernbert-base --compare texts.txt
            """)

    @Argument(help: "A GGUF file, a Hugging Face folder, or the name of a pulled model; with --compare, an encoder's.")
    var model: String?

    @Option(
        help: ArgumentHelp(
            "A text a line, or JSON lines with \"text\" (--jsonl, or .jsonl); '-' for standard input.",
            valueName: "path"))
    var compare: String?

    @Flag(help: "Lines to compare are JSON objects; files that end in .jsonl always are.")
    var jsonl = false

    @Option(help: ArgumentHelp("Compare at most so many texts.", valueName: "count"))
    var limit = 2000

    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard model != nil || compare == nil else {
            throw ValidationError("Comparing precisions takes a model and --compare TEXTS.")
        }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024.") }
        guard limit > 0 else { throw ValidationError("--limit must be positive.") }
    }

    func run() throws {
        if let model, let compare { return try compareModel(model, texts: compare) }
        if let model { return try show(try Finding.model(at: try locateModel(model))) }
        let environment = ProcessInfo.processInfo.environment
        try show([
            Finding.processor, Finding.instructionSet(environment: environment), Finding.memory, Finding.largePages,
            Finding.memorySpeed, Finding.kernels, Finding.cacheFolder(environment: environment), Finding.python,
        ])
    }

    /// Prints what was found.
    ///
    /// - Throws: `ExitCode.failure` if something must be fixed.
    private func show(_ findings: [Finding]) throws {
        if json {
            print(JSON.array(findings.map(\.json)).serialized(.pretty))
        } else {
            var table = Table([("", .left), ("", .left), ("", .left)])
            for finding in findings { table.append([finding.state.mark, finding.name, finding.detail]) }
            print(table.text.drop { $0 == "\n" })
            for finding in findings where !finding.remedy.isEmpty { print("\n\(finding.name): \(finding.remedy)") }
        }
        if findings.contains(where: { $0.state == .broken }) { throw ExitCode.failure }
    }

    /// Compares what an encoder's ``EncoderOptions/precisions`` make of texts.
    private func compareModel(_ model: String, texts path: String) throws {
        var texts: [String] = []
        let reader = try RowReader(paths: [path], isJSON: jsonl)
        while texts.count < limit, let row = try reader.next() {
            let text = try TextRecord(row, number: texts.count).string()
            // An empty text has nothing to compare.
            if text.contains(where: { !$0.isWhitespace }) { texts.append(text) }
        }
        guard !texts.isEmpty else {
            throw FileError(path, "holds no text", remedy: "Give a file with a text a line.")
        }
        let offered = EncoderOptions.precisions.filter { $0.value != .exact }
        let bar = ProgressBar(.items("texts"))
        let results = try PrecisionComparison.compare(
            path: try locateModel(model), texts: texts, precisions: offered.map(\.value),
            options: .init(threadCount: threads)
        ) { precision, count in bar.update(precision.rawValue, count: count, of: texts.count) }
        bar.finish()
        let isGood = results.map { $0.minimumCosine >= PrecisionComparison.expectedCosine($0.precision) }
        let outcomes = zip(offered.map(\.key), zip(results, isGood)).map { ($0, $1.0, $1.1) }
        if json {
            let rows = outcomes.map { name, result, isGood in
                [
                    "precision": .string(name), "minimum_cosine": .double(result.minimumCosine),
                    "mean_cosine": .double(result.meanCosine),
                    "neighbour_agreement": result.neighbourAgreement.map { .double($0) } ?? .null,
                    "score_agreement": result.scoreAgreement.map { .double($0) } ?? .null,
                    "is_good": .bool(isGood),
                ] as JSON
            }
            print((["texts": .integer(texts.count), "precisions": .array(rows)] as JSON).serialized(.pretty))
        } else {
            let hasScores = results.contains { $0.scoreAgreement != nil }
            var table = Table(
                [
                    ("", .left), ("PRECISION", .left), ("MINIMUM COSINE", .right), ("MEAN", .right),
                    ("NEAREST KEPT", .right),
                ] + (hasScores ? [("LABELS KEPT", .right)] : []))
            func percent(_ share: Double?) -> String { share.map { String(format: "%.1f %%", 100 * $0) } ?? "–" }
            for (name, result, isGood) in outcomes {
                table.append(
                    [
                        (isGood ? Finding.State.good : .broken).mark, name,
                        String(format: "%.6f", result.minimumCosine), String(format: "%.6f", result.meanCosine),
                        percent(result.neighbourAgreement),
                    ] + (hasScores ? [percent(result.scoreAgreement)] : []))
            }
            print(table.text.drop { $0 == "\n" })
            print("\n\(texts.count) texts, compared with f32")
        }
        if isGood.contains(false) { throw ExitCode.failure }
    }
}
