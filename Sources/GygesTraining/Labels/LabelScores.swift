import GygesCheckpoints
import GygesStatistics
import GygesTensors

/// What a model's labels of held-out rows are like, counted as they come.
struct LabelScores {
    private let settings: HeadSettings
    private var counts: ClassificationCounts
    private var spans = SpanCounts()
    /// Of values, and of labels of which several may be right.
    private var (truths, scores): ([[Double]], [[Double]])
    /// Whether all labels of a row are right, and how many labels are: right and named, named, right.
    private var (rightRows, rows, hits, named, present) = (0, 0, 0, 0, 0)

    init(_ settings: HeadSettings) {
        self.settings = settings
        counts = ClassificationCounts(classCount: max(1, settings.labels.count))
        (truths, scores) = (
            Array(repeating: [], count: settings.labels.count), Array(repeating: [], count: settings.labels.count)
        )
    }

    /// Counts a pass's rows, whose scores are `[rows, labels]`.
    mutating func add(_ batch: TrainingBatch, scores: [Float]) {
        let columns = settings.labels.count
        switch settings.problem {
        case .singleLabel: addClasses(batch, scores, columns)
        case .multipleLabels:
            for row in batch.rows.indices {
                var isRight = true
                for place in row * columns..<(row + 1) * columns {
                    let (isNamed, isPresent) = (scores[place] > 0, batch.labels[place] > 0.5)
                    if isNamed { named += 1 }
                    if isPresent { present += 1 }
                    if isNamed, isPresent { hits += 1 }
                    if isNamed != isPresent { isRight = false }
                }
                rows += 1
                if isRight { rightRows += 1 }
            }
        case .regression:
            for row in batch.rows.indices {
                for column in 0..<columns {
                    truths[column].append(Double(batch.labels[row * columns + column]))
                    self.scores[column].append(Double(scores[row * columns + column]))
                }
            }
        }
    }

    private mutating func addClasses(_ batch: TrainingBatch, _ scores: [Float], _ columns: Int) {
        var next = 0
        for sequence in batch.batch.sequences {
            var (truth, found): ([String], [String]) = ([], [])
            while next < batch.rows.count, batch.rows[next] < sequence.rows.upperBound {
                let places = next * columns..<(next + 1) * columns
                let best = places.max { scores[$0] < scores[$1] || scores[$0] == scores[$1] && $0 > $1 }
                let label = Int(batch.labels[next])
                let name = (best ?? places.lowerBound) - places.lowerBound
                counts.add(truth: label, named: name)
                truth.append(settings.labels[label])
                found.append(settings.labels[name])
                next += 1
            }
            guard settings.task == .tokenClassification else { continue }
            spans.add(truth: LabelSpan.all(in: truth), found: LabelSpan.all(in: found))
        }
    }

    /// The metrics that mean something, by their names among a step's records.
    var records: [MetricRecord.Metric] {
        var values: [(HeldOutMetric, Double)] = []
        switch settings.problem {
        case .singleLabel:
            values = [(.accuracy, counts.accuracy.estimate ?? .nan)]
            if settings.task == .tokenClassification {
                values.append((.f1, spans.f1))
            } else {
                values.append((.f1, settings.labels.count == 2 ? counts.f1(ofClass: 1) : counts.macroF1))
                values.append((.matthewsCorrelation, counts.matthewsCorrelation))
            }
        case .multipleLabels:
            values = [(.accuracy, Double(rightRows) / Double(max(1, rows)))]
            values.append((.f1, named + present == 0 ? 0 : 2 * Double(hits) / Double(named + present)))
        case .regression:
            func mean(_ correlation: ([Double], [Double]) -> Correlation?) -> Double {
                let found = zip(truths, scores).compactMap { correlation($0, $1)?.coefficient }
                return found.isEmpty ? .nan : found.reduce(0, +) / Double(found.count)
            }
            values = [
                (.pearson, mean { Correlation(pearson: $0, $1) }), (.spearman, mean { Correlation(spearman: $0, $1) }),
            ]
        }
        return values.map { MetricRecord.Metric($0.key, $1) }
    }

    /// The metrics that a head has besides its loss.
    static func metrics(of settings: HeadSettings?) -> [HeldOutMetric] {
        guard let settings else { return [] }
        return switch settings.problem {
        case .singleLabel:
            settings.task == .tokenClassification ? [.accuracy, .f1] : [.accuracy, .f1, .matthewsCorrelation]
        case .multipleLabels: [.accuracy, .f1]
        case .regression: [.pearson, .spearman]
        }
    }
}
