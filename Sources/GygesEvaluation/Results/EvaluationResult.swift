import FoundationEssentials
public import GygesFiles
public import GygesStatistics

/// What an evaluation found, by length of the context.
public struct EvaluationResult: Sendable, Hashable, PrintedResult {
    /// What can be measured.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case ruler, passkey, perplexity
    }

    /// One thing that was measured.
    public struct Measure: Sendable, Hashable, Codable {
        /// What was measured.
        public var kind: Kind
        /// One point a length, with all parts together, ascending.
        public var points: [Point]
        /// One point for each part and length.
        public var parts: [Point]

        /// Creates a measure.
        public init(_ kind: Kind, points: [Point] = [], parts: [Point] = []) {
            self.kind = kind
            self.points = points
            self.parts = parts
        }
    }

    /// A measured value: a share of 1, or for perplexity a perplexity.
    public struct Point: Sendable, Hashable, Codable {
        /// The tokens of context, the answer included.
        public var length: Int
        /// What part of the evaluation this is: a task, `depth 0.25`; `nil` for all parts together.
        public var part: String?
        /// How many questions were asked, or tokens scored.
        public var count: Int
        /// The mean score, or the perplexity.
        public var value: Double
        /// How far the value is known; `nil` if that cannot be said.
        public var interval: Interval?

        /// Creates a point.
        public init(length: Int, part: String? = nil, count: Int, value: Double, interval: Interval?) {
            self.length = length
            self.part = part
            self.count = count
            self.value = value
            self.interval = interval
        }
    }

    /// What the user calls the setting, such as `yarn`; names a line in charts.
    public var label: String
    /// The model's name as given.
    public var model: String
    /// What decided the samples.
    public var seed: UInt64
    /// What was measured.
    public var measures: [Measure]
    /// What was left out, one sentence each.
    public var omissions: [String]
    /// Tokens of all prompts.
    public var promptTokens: Int
    /// Of these, how many were taken from earlier computations.
    public var reusedTokens: Int
    /// How long it took.
    public var seconds: Double

    /// Creates a result.
    public init(
        label: String = "", model: String = "", seed: UInt64, measures: [Measure], omissions: [String] = [],
        promptTokens: Int = 0, reusedTokens: Int = 0, seconds: Double = 0
    ) {
        self.label = label
        self.model = model
        self.seed = seed
        self.measures = measures
        self.omissions = omissions
        self.promptTokens = promptTokens
        self.reusedTokens = reusedTokens
        self.seconds = seconds
    }

    /// Reads a result that `--json` printed, from standard input for `-`.
    ///
    /// - Throws: ``FileError`` if the file cannot be read or is not one.
    public init(path: String) throws(FileError) {
        let bytes = try MappedFile.read(path: path, limit: Self.byteLimit)
        let path = path == "-" ? "standard input" : path
        // The reader of untrusted JSON first: it names the place of a fault and bounds the nesting.
        _ = try JSON.parse(bytes, path: path)
        switch Result(catching: { try JSONDecoder().decode(Self.self, from: Data(bytes)) }) {
        case .success(let value):
            self = value
            let isSound = measures.flatMap { $0.points + $0.parts }.allSatisfy {
                $0.length > 0 && $0.count >= 0 && $0.value.isFinite
                    && ($0.interval.map { $0.lower.isFinite && $0.upper.isFinite } ?? true)
            }
            guard isSound else { throw Self.notAResult(path, "has a length, count or value that cannot be") }
        case .failure(let error): throw Self.notAResult(path, "is not a result of an evaluation: \(Self.text(error))")
        }
    }

    private static let byteLimit = 64 << 20

    private static func notAResult(_ path: String, _ problem: String) -> FileError {
        FileError(path, problem, remedy: "Give a file that 'gyges evaluate … --json' printed.")
    }

    private static func text(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, _): return "it lacks \"\(key.stringValue)\""
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return context.codingPath.map(\.stringValue).joined(separator: ".") + " " + context.debugDescription
        @unknown default: return "\(error)"
        }
    }
}
