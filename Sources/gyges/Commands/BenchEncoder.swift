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
            let speed = try encoder.measureSpeed(lengths: lengths, repetitions: repetitions)
            table.append([
                name, String(format: "%.0f", speed.median), String(format: "%.0f", speed.best),
                String(format: "%.1f", speed.medianSeconds * 1e3),
            ])
            results.append([
                "work": .string(name), "tokens": .integer(speed.tokenCount), "tokens_per_second": .double(speed.median),
                "seconds": .array(speed.seconds.map { .double($0) }),
            ])
        }
        guard !json else {
            var document = facts
            document["results"] = .array(results)
            return JSON.object(document).serialized(.pretty)
        }
        let head = String(
            format: "%@\n%d threads, %@, %@ matmuls; loaded in %.2f s\n\n", encoder.path, threads,
            InstructionSet.current.rawValue, encoder.precision.rawValue, loadingSeconds)
        return head + table.text
    }

    /// Answers each line `{"texts": [[ids], …]}` of standard input with the seconds that vectors of all texts took.
    func answerRequests() throws {
        try Output.write(JSON.object(facts).serialized() + "\n")
        while let line = readLine() {
            let answer: JSON
            do {
                let texts = try texts(of: try JSON(parsing: line, path: "standard input"))
                answer = ["seconds": .double(try encoder.secondsOfEmbedding(texts))]
            } catch {
                answer = ["error": .string("\(error)")]
            }
            try Output.write(answer.serialized() + "\n")
        }
    }

    private func texts(of request: JSON) throws(FileError) -> [[Int32]] {
        let limit = Int32(clamping: encoder.configuration.vocabularySize)
        let texts = request["texts"]?.array?.map { ids in
            let tokens = ids.array?.compactMap(\.integer).compactMap(Int32.init(exactly:)) ?? []
            return tokens.count == ids.array?.count && tokens.allSatisfy { (0..<limit).contains($0) } ? tokens : []
        }
        guard let texts, !texts.isEmpty, !texts.contains([]) else {
            throw FileError(
                "standard input", "\"texts\" must be lists of token ids below \(limit)",
                remedy: #"Send for example {"texts": [[50281, 2, 50282]]} on a line."#)
        }
        return texts
    }

    private var facts: JSONObject {
        JSONObject([
            ("model", .string(encoder.path)), ("threads", .integer(threads)),
            ("instruction_set", .string(InstructionSet.current.rawValue)),
            ("precision", .string(encoder.precision.rawValue)), ("load_seconds", .double(loadingSeconds)),
        ])
    }
}
