import GygesCheckpoints
import ArgumentParser
import Foundation
import GygesFiles
import GygesHub
import GygesInference
import GygesKernels
import GygesModels

/// How a model is loaded and run; shared by all commands that compute.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int?

    @Option(help: "Products: 'fast' (8-bit activations), 'exact' (f32), 'bfloat16' or 'int8' (one scale a row).")
    var precision = "fast"

    @Option(help: "Cached keys and values: 'f32', 'f16', 'bf16' or 'q8' (8 bits: half the memory of f16).")
    var cacheFormat = "f16"

    @Option(
        help: ArgumentHelp(
            "Beyond the model's native window: 'auto', 'none', 'yarn', 'dual-chunk' or 'both'.",
            discussion: """
                'auto' does what the model's configuration asks for, or 'dual-chunk' if it asks for nothing and \
                --context-length goes beyond the window. Requests that fit the native window are never affected.
                """, valueName: "method"))
    var longContext = LongContextMethod.automatic.rawValue

    @Option(
        help: ArgumentHelp(
            "The most tokens of a sequence, prompt and answer together, e.g. 32768 for 4 times a window of 8192.",
            valueName: "tokens"))
    var contextLength: Int?

    @Option(help: ArgumentHelp("The most memory for keys and values, in GiB.", valueName: "GiB"))
    var cacheMemory = 4.0

    @Option(help: ArgumentHelp("The most sequences computed together.", valueName: "count"))
    var sequences = 32

    @Flag(
        inversion: .prefixedNo,
        help: "Propose tokens that the text repeats and verify several at once; changes the speed and nothing else.")
    var speculation = true

    @Flag(help: "Keep no copy of packed weights in the cache folder; starts are slower.")
    var noPackedCopy = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024.") }
        guard cacheMemory > 0, cacheMemory <= 1_000_000 else {
            throw ValidationError("--cache-memory must be positive.")
        }
        guard ProductPrecision(rawValue: precision) != nil else {
            throw ValidationError("--precision must be fast, exact, bfloat16 or int8.")
        }
        guard KeyValueFormat(rawValue: cacheFormat) != nil else {
            throw ValidationError("--cache-format must be f32, f16, bf16 or q8.")
        }
        guard LongContextMethod(rawValue: longContext) != nil else {
            throw ValidationError("--long-context must be auto, none, yarn, dual-chunk or both.")
        }
        if let contextLength, !(1...1 << 28).contains(contextLength) {
            throw ValidationError("--context-length must be from 1 to \(1 << 28).")
        }
        guard (1...4096).contains(sequences) else { throw ValidationError("--sequences must be from 1 to 4096.") }
    }

    /// How products are computed.
    var productPrecision: ProductPrecision { ProductPrecision(rawValue: precision) ?? .fast }

    /// Where packed weights are kept between runs; `nil` if nowhere.
    var panelFolder: String? {
        let environment = ProcessInfo.processInfo.environment
        guard !noPackedCopy, let folder = try? CacheFolder(environment: environment) else { return nil }
        return folder.packedFolder(environment: environment)
    }

    /// The options in the engine's terms.
    var engine: InferenceEngine.Options {
        let defaults = InferenceEngine.Options()
        return .init(
            threadCount: threads, keyValueFormat: KeyValueFormat(rawValue: cacheFormat) ?? .f16,
            keyValueByteLimit: Int(cacheMemory * Double(1 << 30)),
            sequenceLimit: sequences, speculationRowLimit: speculation ? defaults.speculationRowLimit : 0,
            longContext: LongContextOptions(
                method: LongContextMethod(rawValue: longContext) ?? .automatic, contextLength: contextLength))
    }
}

/// A model on this machine and how to run it.
struct ModelOptions: ParsableArguments {
    @Argument(help: "A GGUF file, a Hugging Face folder, or the name of a pulled model.")
    var model: String

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    /// Where the model lies.
    func path() throws(FileError) -> String { try locateModel(model) }

    /// Loads the model.
    func load() throws -> LanguageModel {
        try LanguageModel(
            path: try path(), precision: engine.productPrecision, options: engine.engine,
            panelFolder: engine.panelFolder)
    }
}

/// A file that carries the computed beginning of a prompt from one run to the next.
struct PrefixCacheOption: ParsableArguments {
    @Option(
        name: .customLong("prefix-cache"),
        help: ArgumentHelp(
            "A file that keeps what was computed of the prompt, so that the next run that begins alike goes on from there.",
            valueName: "file"))
    var path: String?

    /// Loads the file if it is there.
    func load(into model: LanguageModel) async throws {
        guard let path, FileManager.default.fileExists(atPath: path) else { return }
        try await model.loadPrefixes(from: path)
    }

    /// Saves what was computed of `prompt` if that is at least a page more than the file held.
    func save(_ prompt: [Int32], after completion: Completion, of model: LanguageModel) async throws {
        guard let path, completion.promptTokenCount - completion.reusedTokenCount >= 64 else { return }
        try await model.savePrefixes(of: prompt, to: path)
    }
}

/// The file or folder that a model's name stands for.
func locateModel(_ name: String) throws(FileError) -> String {
    try Hub(environment: ProcessInfo.processInfo.environment).locate(try ModelReference(name))
}

/// How tokens are chosen; what is not given follows the model's publisher, or else is greedy.
struct SamplingOptions: ParsableArguments {
    @Option(help: "Divides the logits; 0 takes the most likely token.")
    var temperature: Double?

    @Option(help: "Keeps the most likely tokens; 0 keeps all.")
    var topK: Int?

    @Option(help: "Keeps the fewest tokens that reach this probability.")
    var topP: Double?

    @Option(help: "Drops tokens less likely than this share of the most likely one.")
    var minP: Double?

    @Option(help: "Makes tokens that have occurred less likely; 1 does nothing.")
    var repetitionPenalty: Double?

    @Option(help: "Decides every draw.")
    var seed: UInt64 = 0

    @Option(help: "The most tokens to generate.")
    var maxTokens = 512

    @Option(help: ArgumentHelp("A text that ends the answer; may be repeated.", valueName: "text"))
    var stop: [String] = []

    /// The parameters with what the model's publisher advises filled in.
    func parameters(for model: LanguageModel) throws -> SamplingParameters {
        let advice = model.generationDefaults
        let parameters = SamplingParameters(
            temperature: temperature ?? (advice.samples ? advice.temperature ?? 1 : 0), topK: topK ?? advice.topK ?? 0,
            topP: topP ?? advice.topP ?? 1, minP: minP ?? 0,
            repetitionPenalty: repetitionPenalty ?? advice.repetitionPenalty ?? 1, seed: seed)
        guard parameters.problems.isEmpty else {
            throw ValidationError(parameters.problems.map(\.description).joined(separator: "; ") + ".")
        }
        return parameters
    }
}
