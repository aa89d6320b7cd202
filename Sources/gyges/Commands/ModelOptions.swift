import GygesCheckpoints
import ArgumentParser
import Foundation
import GygesFiles
import GygesHub
import GygesInference
import GygesKernels
import GygesModels
import GygesTokenizer

/// How a model is loaded and run; shared by all commands that compute.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int?

    @Option(help: "Matmuls: 'fast' (8-bit activations), 'f32', 'bf16' or 'int8' (one scale a row).")
    var precision = "fast"

    @Option(
        help: ArgumentHelp(
            "The KV cache: 'auto', 'f32', 'f16', 'bf16' or 'q8' (8 bits: half the memory of f16).",
            discussion: "'auto' is f16, or f32 for a model whose keys or values may be larger than f16 holds."))
    var kvCacheFormat = "auto"

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
            "The maximum length of a sequence, prompt and answer together, e.g. 32768 for 4 times a window of 8192.",
            valueName: "tokens"))
    var contextLength: Int?

    @Option(help: ArgumentHelp("The maximum size of the KV cache.", valueName: "GiB"))
    var kvCacheMemory = 4.0

    @Option(help: ArgumentHelp("Compute at most so many sequences together.", valueName: "count"))
    var sequences = 32

    @Flag(
        inversion: .prefixedNo,
        help: "Propose tokens that the text repeats and verify several at once; changes the speed and nothing else.")
    var speculation = true

    @Flag(help: "Keep no copy of packed weights in the cache folder; starts are slower.")
    var noPackedCopy = false

    @OptionGroup
    var text: ModelTextArguments

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024.") }
        guard kvCacheMemory > 0, kvCacheMemory <= 1_000_000 else {
            throw ValidationError("--kv-cache-memory must be positive.")
        }
        guard MatmulPrecision(word: precision) != nil else {
            throw ValidationError("--precision must be fast, f32, bf16 or int8.")
        }
        guard kvCacheFormat == "auto" || KeyValueFormat(rawValue: kvCacheFormat) != nil else {
            throw ValidationError("--kv-cache-format must be auto, f32, f16, bf16 or q8.")
        }
        guard LongContextMethod(rawValue: longContext) != nil else {
            throw ValidationError("--long-context must be auto, none, yarn, dual-chunk or both.")
        }
        if let contextLength, !(1...1 << 28).contains(contextLength) {
            throw ValidationError("--context-length must be from 1 to \(1 << 28).")
        }
        guard (1...4096).contains(sequences) else { throw ValidationError("--sequences must be from 1 to 4096.") }
    }

    /// How matmuls are computed.
    var matmulPrecision: MatmulPrecision { MatmulPrecision(word: precision) ?? .fast }

    /// Where packed weights are kept between runs, and progress of loading that is longer than a second.
    ///
    /// - Parameter isShown: False where the user asked for quiet.
    func packing(isShown: Bool = true) -> Packing { .commandLine(keepsCopy: !noPackedCopy, isShown: isShown) }

    /// The options in the engine's terms.
    var engine: InferenceEngine.Options {
        let defaults = InferenceEngine.Options()
        return .init(
            threadCount: threads, keyValueFormat: KeyValueFormat(rawValue: kvCacheFormat),
            keyValueByteLimit: Int(kvCacheMemory * Double(1 << 30)),
            sequenceLimit: sequences, speculationRowLimit: speculation ? defaults.speculationRowLimit : 0,
            longContext: LongContextOptions(
                method: LongContextMethod(rawValue: longContext) ?? .automatic, contextLength: contextLength))
    }
}

extension MatmulPrecision {
    /// The precision that a user's word stands for, the same in all commands: as files and other programs call it, or, as older command
    /// lines do, by our own name.
    init?(word: String) {
        switch word {
        case "f32": self = .exact
        case "bf16": self = .bfloat16
        default: self.init(rawValue: word)
        }
    }
}

/// What a model's files may leave open about its text.
struct ModelTextArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How text is cut into pieces, if a GGUF file does not say (tokenizer.ggml.pre), e.g. 'qwen2'.",
            valueName: "name"))
    var tokenizerPre: String?

    @Option(
        help: ArgumentHelp(
            "Which of a model's chat templates; by itself 'default', or 'tool_use' where there are tools.",
            valueName: "name"))
    var templateName: String?

    func validate() throws {
        let names = Tokenizer.preTokenizerNames
        if let tokenizerPre, !names.contains(tokenizerPre) {
            throw ValidationError("--tokenizer-pre must be one of \(names.joined(separator: ", ")).")
        }
    }

    /// The options in the model's terms.
    var model: ModelTextOptions { ModelTextOptions(preTokenizer: tokenizerPre, templateName: templateName) }
}

/// A model on this machine and how to run it.
struct ModelOptions: ParsableArguments {
    @Argument(help: "A GGUF file, a Hugging Face folder, or the name of a pulled model.")
    var model: String

    @OptionGroup
    var adapters: AdapterOptions

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    /// Where the model lies.
    func path() throws(FileError) -> String { try locateModel(model) }

    /// Loads the model.
    ///
    /// - Parameter isShown: Whether progress is, if loading takes longer than a second.
    func load(isShown: Bool = true) throws -> LanguageModel {
        let model = try LanguageModel(
            path: try path(), precision: engine.matmulPrecision, adapters: try adapters.references(),
            options: engine.engine, packing: engine.packing(isShown: isShown), text: engine.text.model)
        model.tellNotes()
        return model
    }
}

extension LanguageModel {
    /// Says on standard error what users should know of how the model's files were read.
    func tellNotes() { for note in notes { Terminal.writeError("note: \(note)\n") } }
}

extension Packing {
    /// As commands pack: with copies in the cache folder unless `keepsCopy` is false, and a bar on standard error.
    static func commandLine(keepsCopy: Bool, isShown: Bool) -> Packing {
        let environment = ProcessInfo.processInfo.environment
        let folder = keepsCopy ? try? CacheFolder(environment: environment) : nil
        let bar = ProgressBar(.bytes, delay: 1, isShown: isShown)
        return Packing(folder: folder?.packedFolder(environment: environment)) { progress in
            let name = progress.work == .packing ? "packing weights" : "reading weights"
            bar.update(name, count: progress.byteCount, of: progress.totalByteCount)
            if progress.byteCount == progress.totalByteCount { bar.finish() }
        }
    }
}

/// A file that carries the computed beginning of a prompt from one run to the next.
struct PrefixCacheOption: ParsableArguments {
    @Option(
        name: .customLong("prefix-cache"),
        help: ArgumentHelp(
            "A file that keeps the KV cache of the prompt, so that a later run whose prompt begins the same need not read that again.",
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

    @Option(help: "Generate at most so many tokens.")
    var maxTokens = 512

    @Option(help: ArgumentHelp("A text that ends the answer; may be repeated.", valueName: "text"))
    var stop: [String] = []

    /// Before a model is loaded, which takes far longer than to see a mistake.
    func validate() throws {
        try Self.check(
            SamplingParameters(
                temperature: temperature ?? 0, topK: topK ?? 0, topP: topP ?? 1, minP: minP ?? 0,
                repetitionPenalty: repetitionPenalty ?? 1, seed: seed))
        guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be at least 1.") }
    }

    private static func check(_ parameters: SamplingParameters) throws {
        guard parameters.problems.isEmpty else {
            throw ValidationError(parameters.problems.map(\.description).joined(separator: "; ") + ".")
        }
    }

    /// The parameters with what the model's publisher advises filled in.
    ///
    /// - Throws: `ValidationError` if advice and options together are out of range.
    func parameters(for model: LanguageModel) throws -> SamplingParameters {
        let advice = model.generationDefaults
        let parameters = SamplingParameters(
            temperature: temperature ?? (advice.samples ? advice.temperature ?? 1 : 0), topK: topK ?? advice.topK ?? 0,
            topP: topP ?? advice.topP ?? 1, minP: minP ?? 0,
            repetitionPenalty: repetitionPenalty ?? advice.repetitionPenalty ?? 1, seed: seed)
        try Self.check(parameters)
        return parameters
    }
}
