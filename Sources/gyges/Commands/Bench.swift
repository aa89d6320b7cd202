import GygesCheckpoints
import GygesFiles
import ArgumentParser
import Foundation
import GygesInference
import GygesKernels
import GygesModels

/// `gyges bench`
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a model's speed and how near it is to the machine's limit.",
        discussion: """
            Continuing one sequence reads all weights for every token, so the speed at which memory can be read is its \
            limit; the last column says how much of that is reached. Reading a prompt, or continuing many sequences, is \
            limited by computing, and what a long prompt costs that all of them share is read once for all. Rows are printed as \
            they are measured. Of an encoder's folder, the speed of making vectors is measured, of texts of several \
            lengths.

            Examples:
              gyges bench qwen2.5-coder-1.5b-instruct --sequences-together 1 --sequences-together 8
              gyges bench ModernBERT-base --precision int8
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("The length of the prompt; may be repeated.", valueName: "tokens"))
    var prompt: [Int] = [512]

    @Option(help: ArgumentHelp("Sequences that are continued together; may be repeated.", valueName: "count"))
    var sequencesTogether: [Int] = [1, 8]

    @Option(help: ArgumentHelp("How far each sequence is continued.", valueName: "tokens"))
    var generate = 32

    @Option(help: ArgumentHelp("The prompt that sequences are continued from and share.", valueName: "tokens"))
    var context = 128

    @Option(
        help: ArgumentHelp(
            "A long prompt that the most sequences are continued from and share, as far as the model's context allows; 0 for none.",
            valueName: "tokens"))
    var sharedPrompt = 2048

    @Option(help: "How often each is measured.")
    var repetitions = 5

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(
        help: """
            Measure what standard input asks for instead: a JSON object a line, answered by a line. \
            Benchmarks/README.md says how.
            """)
    var onRequest = false

    func validate() throws {
        let lengths = prompt + sequencesTogether + [generate, context, repetitions]
        guard lengths.allSatisfy({ (1...1 << 20).contains($0) }), (0...1 << 20).contains(sharedPrompt) else {
            throw ValidationError("Lengths and counts must be positive.")
        }
        guard onRequest || sequencesTogether.allSatisfy({ $0 <= options.engine.sequences }) else {
            throw ValidationError("--sequences-together must not be above --sequences (\(options.engine.sequences)).")
        }
    }

    func run() async throws {
        let threads = options.engine.threads ?? ThreadTeam.usableProcessorCount
        let path = try options.path()
        if try isEncoderFolder(path) { return try measureEncoder(threads: threads) }
        let start = ContinuousClock.now
        let model = try options.load()
        let loading = start.duration(to: .now) / .seconds(1)
        if onRequest {
            return try await BenchRequest.answerAll(by: model, threads: threads, loadingSeconds: loading)
        }
        let bandwidth = measureReadBandwidth(team: ThreadTeam(threadCount: threads))
        var report = BenchReport(
            model: model, threads: threads, bandwidth: bandwidth, loadingSeconds: loading, works: works(of: model))
        if !json { print(report.heading) }
        for work in report.works {
            switch work {
            case .prompt(let tokens):
                report.append(try await model.measurePrompt(tokens: tokens, repetitions: repetitions))
            case .generation(let sequences, let context):
                report.append(
                    try await model.measureGeneration(
                        sequences: sequences, context: context, tokens: generate, repetitions: repetitions))
            }
            if !json { print(report.lastLine) }
        }
        if json { print(report.json.serialized(.pretty)) }
    }
}

extension Bench {
    /// What is measured, in order.
    private func works(of model: LanguageModel) -> [SpeedMeasurement.Work] {
        var works = prompt.map { SpeedMeasurement.Work.prompt(tokens: $0) }
        works += sequencesTogether.map { .generation(sequences: $0, context: context) }
        if let most = sequencesTogether.max(), most > 1, sharedPrompt > context,
            sharedPrompt + generate + 1 <= model.configuration.contextLength
        {
            works.append(.generation(sequences: most, context: sharedPrompt))
        }
        return works
    }

    /// Whether a path is the folder of an encoder, as far as its configuration says.
    private func isEncoderFolder(_ path: String) throws -> Bool {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return false
        }
        return try ModelFolder(path: path).isTextModel()
    }

    private func measureEncoder(threads: Int) throws {
        let start = ContinuousClock.now
        let encoder = try TextEncoder(
            path: try options.path(),
            options: .init(
                precision: options.engine.matmulPrecision, adapters: try options.adapters.references(),
                threadCount: threads, loadsHead: false))
        let bench = BenchEncoder(
            encoder: encoder, threads: threads, loadingSeconds: start.duration(to: .now) / .seconds(1))
        if onRequest { return try bench.answerRequests() }
        print(try bench.report(repetitions: repetitions, json: json))
    }
}

/// What `gyges bench` prints.
private struct BenchReport {
    private let model: LanguageModel
    private let threads: Int
    private let bandwidth: Double
    private let loadingSeconds: Double
    /// What is measured, in order.
    let works: [SpeedMeasurement.Work]
    private var results: [SpeedMeasurement] = []
    private var table: Table

    init(
        model: LanguageModel, threads: Int, bandwidth: Double, loadingSeconds: Double, works: [SpeedMeasurement.Work]
    ) {
        (self.model, self.threads, self.bandwidth) = (model, threads, bandwidth)
        (self.loadingSeconds, self.works) = (loadingSeconds, works)
        table = Table(
            [
                ("work", .left), ("tokens/s", .right), ("best", .right), ("Gop/s", .right), ("GB/s read", .right),
                ("of memory's speed", .right),
            ], minimumWidths: [works.map(\.name.count).max() ?? 0, 8, 8])
    }

    private var weightBytes: Int { model.engine.model.streamedByteCount }

    /// What stands above the rows: the model, the machine and the columns' headings.
    var heading: String {
        let gigabytes = Double(weightBytes) / 1e9
        return [
            "\(model.path)",
            String(
                format: "%d threads, %@, %@ matmuls; %.2f GB of weights, loaded in %.2f s", threads,
                InstructionSet.current.rawValue, model.precision.rawValue, gigabytes, loadingSeconds),
            String(
                format: "memory reads at %.1f GB/s, so one sequence can gain at most %.1f tokens/s", bandwidth / 1e9,
                bandwidth / Double(weightBytes)), "", lastLine,
        ].joined(separator: "\n")
    }

    /// The row that was added last, or the columns' headings.
    var lastLine: String { table.lastLine }

    mutating func append(_ result: SpeedMeasurement) {
        results.append(result)
        table.append([
            result.work.name, String(format: "%.1f", result.median), String(format: "%.1f", result.best),
            String(format: "%.0f", result.operationsPerSecond / 1e9),
            result.bytesPerSecond.map { String(format: "%.1f", $0 / 1e9) } ?? "–",
            result.bytesPerSecond.map { String(format: "%.0f %%", $0 / bandwidth * 100) } ?? "–",
        ])
    }

    var json: JSON {
        [
            "model": .string(model.path), "threads": .integer(threads),
            "instruction_set": .string(InstructionSet.current.rawValue),
            "precision": .string(model.precision.rawValue), "weight_bytes": .integer(weightBytes),
            "load_seconds": .double(loadingSeconds), "memory_bytes_per_second": .double(bandwidth),
            "results": .array(results.map { json(of: $0) }),
        ]
    }

    private func json(of result: SpeedMeasurement) -> JSON {
        var object = JSONObject([
            ("work", .string(result.work.name)), ("tokens_per_second", .double(result.median)),
            ("best_tokens_per_second", .double(result.best)), ("rates", .array(result.rates.map { .double($0) })),
            ("operations_per_second", .double(result.operationsPerSecond)),
        ])
        if let bytes = result.bytesPerSecond {
            object["bytes_per_second"] = .double(bytes)
            object["fraction_of_memory_speed"] = .double(bytes / bandwidth)
        }
        return .object(object)
    }
}

extension SpeedMeasurement.Work {
    fileprivate var name: String {
        switch self {
        case .prompt(let tokens): "read a prompt of \(tokens)"
        case .generation(1, let context): "continue 1 sequence from \(context)"
        case .generation(let sequences, let context): "continue \(sequences) sequences from a shared \(context)"
        }
    }
}
