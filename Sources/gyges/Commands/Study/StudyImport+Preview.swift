import GygesFiles
import GygesStudy

extension ScoreSurvey {
    /// The scores as a list: each with its values, and what it is read as.
    var text: String {
        var lines = ["\(sampleCount) samples, \(scorers.count) scores"]
        for scorer in scorers {
            var values = scorer.values.map { "\($0.text) (\($0.count))" }.joined(separator: ", ")
            if scorer.otherCount > 0 { values += ", others (\(scorer.otherCount))" }
            let range = scorer.range.map {
                $0.lowerBound == $0.upperBound ? "" : ", from \($0.lowerBound) to \($0.upperBound)"
            }
            lines.append("  \(scorer.name): \(values)\(range ?? "")")
            lines.append(contentsOf: (scorer.readings.isEmpty ? ["is not read"] : scorer.readings).map { "    \($0)" })
        }
        return (lines + remarks.map { "\($0)." }).joined(separator: "\n")
    }

    /// The same as data.
    var json: JSON {
        [
            "samples": .integer(sampleCount), "remarks": .array(remarks.map { .string($0) }),
            "scores": .array(
                scorers.map { scorer in
                    [
                        "name": .string(scorer.name), "count": .integer(scorer.count),
                        "values": .array(
                            scorer.values.map { ["value": .string($0.text), "count": .integer($0.count)] }),
                        "other_values": .integer(scorer.otherCount),
                        "smallest": scorer.range.map { .double($0.lowerBound) } ?? .null,
                        "largest": scorer.range.map { .double($0.upperBound) } ?? .null,
                        "read_as": .array(scorer.readings.map { .string($0) }),
                    ]
                }),
        ]
    }
}
