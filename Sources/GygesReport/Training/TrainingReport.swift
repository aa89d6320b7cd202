/// What runs of training measured, as one page with their curves.
///
/// Metrics go by the names that Hugging Face's trainers give them: `loss`, `eval_loss`, `learning_rate`, `grad_norm`,
/// `tokens_per_second` and `num_tokens`.
public struct TrainingReport: Sendable {
    /// What was measured at a step.
    public struct Record: Sendable, Equatable {
        /// How many steps had been done.
        public var step: Int
        /// When, in seconds since 1970.
        public var time: Double
        /// The numbers by their names; they may be infinite or none.
        public var values: [String: Double]

        /// Creates a record.
        public init(step: Int, time: Double, values: [String: Double]) {
            self.step = step
            self.time = time
            self.values = values
        }
    }

    /// A run.
    public struct Run: Sendable, Equatable {
        /// Its name, which tells it from the others.
        public var name: String
        /// How it was made: model, data, settings.
        public var facts: [StudyDocument.Fact]
        /// What was measured, by steps.
        public let records: [Record]

        /// Creates a run of records in any order; those of one step keep theirs.
        public init(name: String, facts: [StudyDocument.Fact] = [], records: [Record]) {
            self.name = name
            self.facts = facts
            // Logs are in order already.
            let isInOrder = zip(records, records.dropFirst()).allSatisfy { $0.step <= $1.step }
            self.records = isInOrder ? records : Self.sorted(records)
        }

        private static func sorted(_ records: [Record]) -> [Record] {
            records.enumerated().sorted { ($0.element.step, $0.offset) < ($1.element.step, $1.offset) }.map(\.element)
        }
    }

    /// What stands at the top.
    public var title: String
    /// The runs, in the order of their colours.
    public var runs: [Run]

    /// Creates a report.
    public init(title: String, runs: [Run]) {
        self.title = title
        self.runs = runs
    }

    /// The report as one HTML file that needs no network and nothing beside it, and is all there without scripts.
    ///
    /// The same runs give the same bytes on one machine. Curves of any length are thinned, so that the page stays small.
    public func html() -> String { TrainingPage(report: self).render() }
}

/// A measure of training, with a panel of its own.
enum TrainingMeasure: String, CaseIterable {
    case loss
    case heldOutLoss = "eval_loss"
    case gradientNorm = "grad_norm"
    case learningRate = "learning_rate"
    case speed = "tokens_per_second"

    /// What stands above the panel.
    var title: String {
        switch self {
        case .loss: "Training loss"
        case .heldOutLoss: "Held-out loss"
        case .gradientNorm: "Gradient norm"
        case .learningRate: "Learning rate"
        case .speed: "Tokens a second"
        }
    }

    /// Whether values scatter from step to step, so that a smooth line is drawn over them.
    var isNoisy: Bool { self == .loss || self == .gradientNorm || self == .speed }
}

/// Where a record stands on the horizontal axis.
enum TrainingProgressAxis {
    case steps
    /// Tokens that were learned from; a record that does not say stands at the last that did.
    case tokens

    /// Tokens where all runs count them, steps otherwise.
    init(_ runs: [TrainingReport.Run]) {
        let countsTokens = runs.allSatisfy { $0.records.contains { $0.tokenCount != nil } }
        self = countsTokens && !runs.isEmpty ? .tokens : .steps
    }

    /// The axis in words.
    var title: String { self == .tokens ? "tokens" : "steps" }

    /// The values of a measure, by their places on the axis.
    func points(_ measure: TrainingMeasure, of run: TrainingReport.Run) -> [CurvePoint] {
        var tokenCount = 0.0
        return run.records.compactMap { record in
            tokenCount = max(tokenCount, record.tokenCount ?? 0)
            return record.values[measure.rawValue].map {
                CurvePoint(x: self == .tokens ? tokenCount : Double(record.step), y: $0, step: record.step)
            }
        }
    }
}

extension TrainingReport.Record {
    /// The tokens of which a count can be.
    var tokenCount: Double? { values["num_tokens"].flatMap { $0 >= 0 && $0.isFinite ? $0 : nil } }
}
