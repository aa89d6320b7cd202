import FoundationEssentials
public import GygesFiles
public import GygesStatistics

/// What an evaluation of retrieval found.
public struct RetrievalResult: Sendable, Hashable, PrintedResult {
    /// The mean of a metric over the queries.
    public struct Measure: Sendable, Hashable, Codable {
        /// The metric's name, such as `ndcg@10`.
        public var metric: String
        /// The mean.
        public var value: Double
        /// Student's interval of the mean over queries, which says how another choice of queries might differ, as far as it lies in
        /// the metric's own range from 0 to 1; `nil` for one query.
        public var interval: Interval?
    }

    /// What was found for one query.
    public struct QueryValues: Sendable, Hashable, Codable {
        /// The query.
        public var id: String
        /// Its values, in the order of the measures.
        public var values: [Double]
    }

    /// How two results differ in one metric, over the queries that both have.
    public struct Comparison: Sendable, Hashable, Codable {
        /// The metric's name.
        public var metric: String
        /// The mean of the differences, this result less the other.
        public var difference: Double
        /// Student's interval of that mean, as far as it lies from -1 to 1.
        public var interval: Interval?
        /// The two-sided p-value of the paired permutation test (Smucker et al. 2007, doi:10.1145/1321440.1321528).
        public var pValue: Double
        /// How many queries both have.
        public var queryCount: Int
    }

    /// What the user calls the setting.
    public var label: String
    /// The model's name as given.
    public var model: String
    /// The collection's folder.
    public var collection: String
    /// Which judgements.
    public var split: String
    /// How many documents were searched.
    public var documentCount: Int
    /// How many documents were kept for each query.
    public var depth: Int
    /// The means.
    public var measures: [Measure]
    /// The values that they are means of.
    public var queries: [QueryValues]
    /// What was left out, one sentence each.
    public var omissions: [String]
    /// How long it took.
    public var seconds: Double

    /// Creates a result from values by query.
    public init(
        label: String = "", model: String = "", collection: String = "", split: String = "", documentCount: Int,
        depth: Int, metrics: [RetrievalMetric], queries: [QueryValues], omissions: [String] = [], seconds: Double = 0
    ) {
        self.label = label
        self.model = model
        self.collection = collection
        self.split = split
        self.documentCount = documentCount
        self.depth = depth
        measures = metrics.indices.map { place in
            let mean = SampleMean(queries.map { $0.values[place] })
            return Measure(
                metric: "\(metrics[place])", value: mean.mean, interval: mean.studentInterval()?.clamped(to: 0...1))
        }
        self.queries = queries
        self.omissions = omissions
        self.seconds = seconds
    }

    /// Reads a result that `--json` printed.
    ///
    /// - Throws: ``FileError`` if the file cannot be read or is not one.
    public init(path: String) throws(FileError) {
        let bytes = try MappedFile.read(path: path)
        let path = path == "-" ? "standard input" : path
        // The reader of untrusted JSON first: it names the place of a fault and bounds the nesting.
        _ = try JSON.parse(bytes, path: path)
        func fault(_ problem: String) -> FileError {
            FileError(path, problem, remedy: "Give a file that 'gyges evaluate retrieval … --json' printed.")
        }
        do { self = try JSONDecoder().decode(Self.self, from: Data(bytes)) } catch {
            throw fault("is not a result of an evaluation of retrieval")
        }
        guard queries.allSatisfy({ $0.values.count == measures.count && $0.values.allSatisfy(\.isFinite) }) else {
            throw fault("has queries whose values do not fit its metrics")
        }
    }

    /// How this result differs from another, metric by metric, for the metrics and queries that both have.
    public func compared(with other: RetrievalResult) -> [Comparison] {
        let others = Dictionary(other.queries.map { (ExactString($0.id), $0.values) }) { first, _ in first }
        return measures.enumerated().compactMap { place, measure in
            guard let otherPlace = other.measures.firstIndex(where: { $0.metric == measure.metric }) else { return nil }
            let differences = queries.compactMap { query in
                others[ExactString(query.id)].map { query.values[place] - $0[otherPlace] }
            }
            guard !differences.isEmpty else { return nil }
            var generator = SeededGenerator(seed: 42)
            let mean = SampleMean(differences)
            return Comparison(
                metric: measure.metric, difference: mean.mean, interval: mean.studentInterval()?.clamped(to: -1...1),
                pValue: signFlipPValue(differences, using: &generator), queryCount: differences.count)
        }
    }
}
