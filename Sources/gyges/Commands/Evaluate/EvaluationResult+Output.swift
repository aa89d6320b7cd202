import Foundation
import GygesEvaluation
import GygesReport
import GygesStatistics

extension EvaluationResult {
    /// The result as tables, and what it took.
    var table: String {
        let reuse = reusedTokens > 0 ? ", of which \(100 * reusedTokens / max(1, promptTokens)) % were known" : ""
        return measures.map(\.table).joined(separator: "\n\n")
            + String(format: "\n%@: %d tokens of prompts%@, %.1f s", label, promptTokens, reuse, seconds)
    }
}

extension EvaluationResult.Measure {
    /// The measure as a table: lengths as columns, parts as rows, and all parts together at the end.
    var table: String {
        var table = Table([(heading, .left)] + points.map { ("\($0.length)", .right) })
        func append(_ name: String, _ cell: (EvaluationResult.Point) -> String?) {
            table.append([name] + points.map { cell($0) ?? "–" })
        }
        let names = parts.compactMap(\.part).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        for name in names {
            append(name) { point in
                parts.first { $0.part == name && $0.length == point.length }.map { number($0.value) }
            }
        }
        append(names.isEmpty ? "last tokens" : "all") { number($0.value) }
        append("95 % from") { $0.interval.map { number($0.lower) } }
        append("to") { $0.interval.map { number($0.upper) } }
        append(kind == .perplexity ? "tokens" : "samples") { "\($0.count)" }
        return table.text
    }

    private var heading: String {
        switch kind {
        case .ruler: "RULER, %"
        case .passkey: "PASS KEY, %"
        case .perplexity: "PERPLEXITY"
        }
    }

    private func number(_ value: Double) -> String {
        kind == .perplexity ? String(format: "%.3f", value) : String(format: "%.1f", 100 * value)
    }
}

extension CurveChart {
    /// Results as curves: a panel for each measure, a line for each label.
    init(_ results: [EvaluationResult], trainedLength: Int?) {
        let kinds: [(EvaluationResult.Kind, String, Unit)] = [
            (.perplexity, "Perplexity of the last tokens", .number), (.passkey, "Pass keys found", .share),
            (.ruler, "RULER, mean of the tasks", .share),
        ]
        let panels = kinds.compactMap { kind, title, unit -> Panel? in
            let measured = results.flatMap { result in
                result.measures.filter { $0.kind == kind }.map { (label: result.label, points: $0.points) }
            }
            guard !measured.isEmpty else { return nil }
            let labels = measured.map(\.label).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            let lines = labels.map { label in
                Line(
                    label: label,
                    points: measured.filter { $0.label == label }.flatMap(\.points).map {
                        Point(length: $0.length, value: $0.value, interval: $0.interval)
                    })
            }
            return Panel(title: title, unit: unit, lines: lines)
        }
        let models = results.map(\.model).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        self.init(
            title: models.joined(separator: ", ") + " by length of context", panels: panels,
            trainedLength: trainedLength)
    }
}
