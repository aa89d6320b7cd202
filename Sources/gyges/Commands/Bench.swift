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
            limited by computing. Of an encoder's folder, the speed of making vectors is measured, of texts of several \
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

    @Option(help: ArgumentHelp("The context that sequences are continued from.", valueName: "tokens"))
    var context = 128

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
        guard lengths.allSatisfy({ (1...1 << 20).contains($0) }) else {
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
        var results: [SpeedMeasurement] = []
        for count in prompt { results.append(try await model.measurePrompt(tokens: count, repetitions: repetitions)) }
        for count in sequencesTogether {
            results.append(
                try await model.measureGeneration(
                    sequences: count, context: context, tokens: generate, repetitions: repetitions))
        }
        let report = BenchReport(
            model: model, threads: threads, bandwidth: bandwidth, loadingSeconds: loading, results: results)
        print(json ? report.json.serialized(.pretty) : report.text)
    }
}

extension Bench {
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
            options: .init(precision: options.engine.matmulPrecision, threadCount: threads, loadsHead: false))
        let bench = BenchEncoder(
            encoder: encoder, threads: threads, loadingSeconds: start.duration(to: .now) / .seconds(1))
        if onRequest { return try bench.answerRequests() }
        print(try bench.report(repetitions: repetitions, json: json))
    }
}

/// What `gyges bench` prints.
private struct BenchReport {
    var model: LanguageModel
    var threads: Int
    var bandwidth: Double
    var loadingSeconds: Double
    var results: [SpeedMeasurement]

    private var weightBytes: Int { model.engine.model.streamedByteCount }

    var text: String {
        let gigabytes = Double(weightBytes) / 1e9
        var lines = [
            "\(model.path)",
            String(
                format: "%d threads, %@, %@ matmuls; %.2f GB of weights, loaded in %.2f s", threads,
                InstructionSet.current.rawValue, model.precision.rawValue, gigabytes, loadingSeconds),
            String(
                format: "memory reads at %.1f GB/s, so one sequence can gain at most %.1f tokens/s", bandwidth / 1e9,
                bandwidth / Double(weightBytes)), "",
        ]
        var table = Table([
            ("work", .left), ("tokens/s", .right), ("best", .right), ("Gop/s", .right), ("GB/s read", .right),
            ("of memory's speed", .right),
        ])
        for result in results {
            table.append([
                result.name, String(format: "%.1f", result.median), String(format: "%.1f", result.best),
                String(format: "%.0f", result.operationsPerSecond / 1e9),
                result.bytesPerSecond.map { String(format: "%.1f", $0 / 1e9) } ?? "–",
                result.bytesPerSecond.map { String(format: "%.0f %%", $0 / bandwidth * 100) } ?? "–",
            ])
        }
        lines.append(table.text)
        return lines.joined(separator: "\n")
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
            ("work", .string(result.name)), ("tokens_per_second", .double(result.median)),
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

extension SpeedMeasurement {
    fileprivate var name: String {
        switch work {
        case .prompt(let tokens): "read a prompt of \(tokens)"
        case .generation(1, _): "continue 1 sequence"
        case .generation(let sequences, _): "continue \(sequences) sequences"
        }
    }
}
