import ArgumentParser
import Foundation
import GygesEvaluation
import GygesFiles
import GygesReport

/// What all evaluations share: lengths, and what becomes of the result.
struct EvaluationOptions: ParsableArguments {
    @Option(help: "Lengths of context in tokens; 'k' stands for 1,024.")
    var lengths = "4k"

    @Option(help: "Decides what is drawn at random.")
    var seed: UInt64 = 42

    @Option(help: "What to call this setting in results and charts; the model's name if missing.")
    var label: String?

    @Option(help: ArgumentHelp("Draw the result as a chart (SVG).", valueName: "path"))
    var chart: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws { _ = try parsedLengths() }

    /// The lengths, each once, ascending.
    func parsedLengths() throws -> [Int] {
        let lengths = try lengths.split(separator: ",").map { part in
            let text = part.trimmingCharacters(in: .whitespaces).lowercased()
            let isKilo = text.hasSuffix("k")
            guard let number = Int(isKilo ? String(text.dropLast()) : text), (1...1 << 27).contains(number) else {
                throw ValidationError("--lengths wants numbers such as 4096,8192 or 4k,8k.")
            }
            return number * (isKilo ? 1024 : 1)
        }
        guard !lengths.isEmpty, lengths.allSatisfy({ $0 < 1 << 28 }) else {
            throw ValidationError("--lengths wants numbers such as 4096,8192 or 4k,8k.")
        }
        return Set(lengths).sorted()
    }

    /// Runs an evaluation with progress, and prints, draws and names its result.
    func perform(
        model: String, _ run: ((EvaluationProgress) -> Void) async throws -> EvaluationResult
    ) async throws {
        let bar = ProgressBar(.items("tokens"), isShown: !quiet)
        defer { bar.finish() }
        let start = ContinuousClock.now
        var result = try await run { bar.update("evaluating", count: $0.done, of: $0.total) }
        bar.finish()
        result.seconds = start.duration(to: .now) / .seconds(1)
        result.model = model
        result.label = label ?? model
        // What was left out must not be overlooked in what is left.
        for omission in result.omissions { Terminal.writeError("gyges: \(omission)\n") }
        if let chart {
            try AtomicFile.write(CurveChart([result], trainedLength: nil).file(), to: chart)
        }
        print(json ? try result.json() : result.table)
    }
}

/// Percentages such as `0,50,100` as shares of 1, each once, ascending.
func parsedDepths(_ text: String) throws -> [Double] {
    let depths = text.split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) }
    guard !depths.isEmpty, depths.count <= 100, depths.allSatisfy({ $0.map { (0...100).contains($0) } ?? false }) else {
        throw ValidationError("--depths wants percentages such as 0,50,100, at most 100 of them.")
    }
    return Set(depths.compactMap { $0 }).sorted().map { $0 / 100 }
}
