import GygesTokenizer
import GygesFiles
import ArgumentParser
import Foundation
import GygesInference
import Synchronization

/// `gyges perplexity`
struct Perplexity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how well a model predicts a text.",
        discussion: """
            The text is cut into windows, each read from an empty context; every token after a window's first counts. \
            Prints exp of the mean negative log-probability.

            Examples:
              gyges perplexity model.gguf book.txt
              gyges perplexity model.gguf book.txt --window 2048 --precision exact --json
            """)

    @OptionGroup var options: ModelOptions

    @Argument(help: "A text file; '-', or nothing, for standard input.")
    var text: String?

    @Option(help: "A JSON file with a list of windows of token ids, instead of a text.")
    var tokens: String?

    @Option(help: "The length of a window in tokens.")
    var window = 512

    @Option(help: ArgumentHelp("Write all logits to a file, f32 [tokens, vocabulary].", valueName: "path"))
    var saveLogits: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard (2...1 << 20).contains(window) else { throw ValidationError("--window must be at least 2.") }
    }

    func run() async throws {
        let model = try options.load(isShown: !quiet)
        let windows = try windows(model: model)
        let total = windows.reduce(0) { $0 + $1.count }
        let logits = try saveLogits.map { try LogitFile(path: $0) }
        let bar = ProgressBar(.items("tokens"), isShown: !quiet)
        let start = ContinuousClock.now
        var observer: ScoringRequest.LogitsObserver?
        if let logits { observer = { _, row in logits.append(row) } }
        let measured = try await model.perplexity(ofWindows: windows, observer: observer) {
            bar.update("reading", count: $0, of: total)
        }
        bar.finish()
        try logits?.close()
        let seconds = start.duration(to: .now) / .seconds(1)
        if json {
            let document: JSON = [
                "perplexity": .double(measured.perplexity), "nats_per_token": .double(measured.natsPerToken),
                "scored_tokens": .integer(measured.tokenCount), "windows": .integer(windows.count),
                "seconds": .double(seconds),
                "tokens_per_second": .double(Double(total) / seconds),
            ]
            print(document.serialized(.pretty))
        } else {
            print(
                String(
                    format: "perplexity %.4f over %d tokens in %d windows (%.0f tokens/s)", measured.perplexity,
                    measured.tokenCount, windows.count, Double(total) / seconds))
        }
    }

    private func windows(model: LanguageModel) throws -> [[Int32]] {
        let windows: [[Int32]]
        if let tokens {
            let lists = try Input.json(tokens).array ?? []
            windows = lists.map { ($0.array ?? []).compactMap { $0.integer.flatMap(Int32.init(exactly:)) } }
        } else {
            let ids = try model.tokenizer.encode(try Input.text(text))
            windows = stride(from: 0, to: ids.count, by: window).map { Array(ids[$0..<min($0 + window, ids.count)]) }
        }
        let usable = windows.filter { $0.count >= 2 }
        guard !usable.isEmpty else {
            throw FileError(
                tokens ?? text ?? "standard input", "has fewer than two tokens", remedy: "Give a longer text.")
        }
        return usable
    }
}

/// A file of logits. The engine's thread appends, one row after the other.
private final class LogitFile: Sendable {
    private struct State {
        var handle: FileHandle
        var failure: (any Error)?
    }

    private let state: Mutex<State>

    init(path: String) throws(FileError) {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw FileError(path, "cannot be written", remedy: "Choose another place.") }
        state = Mutex(State(handle: handle))
    }

    func append(_ row: UnsafeBufferPointer<Float>) {
        let data = Data(buffer: row)
        state.withLock { state in
            guard state.failure == nil else { return }
            do { try state.handle.write(contentsOf: data) } catch { state.failure = error }
        }
    }

    func close() throws {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            try state.handle.close()
        }
    }
}
