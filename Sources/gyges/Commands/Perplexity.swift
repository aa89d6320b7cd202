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
            Windows of a model that expects tokens before a text, such as <|begin_of_text|>, begin with them, as contexts of \
            'gyges score' do; windows of --tokens are read as they are. Prints exp of the mean negative log-probability.

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
        let windows = try tokens.map { try Self.windows(in: $0) } ?? windows(of: model)
        guard !windows.isEmpty else {
            throw FileError(
                tokens ?? text ?? "standard input", "has fewer than two tokens", remedy: "Give a longer text.")
        }
        return windows
    }

    /// The windows of a text, each behind the tokens that the model expects before one.
    private func windows(of model: LanguageModel) throws -> [[Int32]] {
        let ids = try model.tokenizer.encode(try Input.text(text))
        let beginning = model.tokenizer.beginningTokens
        let size = max(1, window - beginning.count)
        return stride(from: 0, to: ids.count, by: size)
            .map { beginning + ids[$0..<min($0 + size, ids.count)] }.filter { $0.count >= 2 }
    }

    /// The windows in a file of token ids.
    private static func windows(in path: String) throws(FileError) -> [[Int32]] {
        func fault(_ place: String, _ problem: String) -> FileError {
            FileError(
                path == "-" ? "standard input" : path, at: place, problem,
                remedy: "Give lists of at least two token ids each, such as [[1, 2, 3], [4, 5]].")
        }
        guard let lists = try Input.json(path).array else { throw fault("", "is no list of windows") }
        var windows: [[Int32]] = []
        for (index, list) in lists.enumerated() {
            let place = "window \(index)"
            guard let elements = list.array else { throw fault(place, "is no list") }
            var window: [Int32] = []
            for (position, element) in elements.enumerated() {
                guard let id = element.integer.flatMap(Int32.init(exactly:)) else {
                    throw fault(
                        place, "has \(element.serialized().legible(limit: 40)) at \(position), which is no token id")
                }
                window.append(id)
            }
            guard window.count >= 2 else {
                throw fault(place, "has fewer than two tokens, of which the first is not scored")
            }
            windows.append(window)
        }
        return windows
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
