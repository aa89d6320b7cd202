import GygesCheckpoints
import Foundation
import GygesFiles
import GygesInference
import GygesKernels

/// `gyges bench` of an encoder: how fast texts become vectors, padding not counted.
struct BenchEncoder {
    let encoder: TextEncoder
    let threads: Int
    let loadingSeconds: Double

    /// What is measured: one query, texts of one length, texts of many lengths, one long text.
    private var works: [(name: String, lengths: [Int])] {
        let limit = encoder.configuration.contextLength
        let all = [
            ("1 text of 32 tokens", [32]), ("8 texts of 512", [Int](repeating: 512, count: 8)),
            ("16 texts of 16 to 512", (0..<16).map { 16 + 33 * ($0 * 7 % 16) }), ("1 text of 8,192", [8192]),
        ]
        return all.filter { $0.1.allSatisfy { $0 <= limit } }
    }

    /// Measures everything and says what was found, as text or JSON.
    func report(repetitions: Int, json: Bool) throws -> String {
        var table = Table([("work", .left), ("tokens/s", .right), ("best", .right), ("ms", .right)])
        var results: [JSON] = []
        for (name, lengths) in works {
            let texts = lengths.enumerated().map { index, length in tokens(count: length, variant: index) }
            let count = Double(lengths.reduce(0, +))
            let seconds = try (0...repetitions).map { _ in try secondsFor(texts) }.dropFirst().sorted()
            guard let best = seconds.first else { continue }
            let median = seconds[seconds.startIndex + seconds.count / 2]
            table.append([
                name, String(format: "%.0f", count / median), String(format: "%.0f", count / best),
                String(format: "%.1f", median * 1e3),
            ])
            results.append([
                "work": .string(name), "tokens": .integer(Int(count)), "tokens_per_second": .double(count / median),
                "seconds": .array(seconds.map { .double($0) }),
            ])
        }
        guard !json else {
            var document = facts
            document["results"] = .array(results)
            return JSON.object(document).serialized(.pretty)
        }
        let head = String(
            format: "%@\n%d threads, %@, %@ products; loaded in %.2f s\n\n", encoder.path, threads,
            InstructionSet.current.rawValue, encoder.precision.rawValue, loadingSeconds)
        return head + table.text
    }

    /// Answers each line `{"texts": [[ids], …]}` of standard input with the seconds that vectors of all texts took.
    func answerRequests() {
        printNow(JSON.object(facts).serialized() + "\n")
        while let line = readLine() {
            do {
                let request = try JSON(parsing: line, path: "standard input")
                let texts = request["texts"]?.array?.map { ids in
                    (ids.array ?? []).compactMap(\.integer).compactMap(Int32.init(exactly:))
                }
                guard let texts, !texts.isEmpty else {
                    throw FileError(
                        "standard input", "\"texts\" must be lists of token ids",
                        remedy: #"Send for example {"texts": [[50281, 2, 50282]]} on a line."#)
                }
                let answer: JSON = ["seconds": .double(try secondsFor(texts))]
                printNow(answer.serialized() + "\n")
            } catch {
                let problem: JSON = ["error": .string("\(error)")]
                printNow(problem.serialized() + "\n")
            }
        }
    }

    private var facts: JSONObject {
        JSONObject([
            ("model", .string(encoder.path)), ("threads", .integer(threads)),
            ("instruction_set", .string(InstructionSet.current.rawValue)),
            ("precision", .string(encoder.precision.rawValue)), ("load_seconds", .double(loadingSeconds)),
        ])
    }

    private func secondsFor(_ texts: [[Int32]]) throws -> Double {
        let start = ContinuousClock.now
        _ = try encoder.runner.embeddings(of: texts, pooling: .mean, normalizes: true)
        return start.duration(to: .now) / .seconds(1)
    }

    /// What the tokens are makes no difference to the time.
    private func tokens(count: Int, variant: Int) -> [Int32] {
        let limit = min(encoder.configuration.vocabularySize, 16_000)
        return (0..<count).map { Int32(($0 * 37 + variant * 131 + 11) % limit) }
    }
}
