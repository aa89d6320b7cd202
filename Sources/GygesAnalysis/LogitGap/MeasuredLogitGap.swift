/// How much more probable a subject finds a compliant opening of its answer than a refusing one.
///
/// Says something about the effect of the tier even where every sampled answer refuses, or none does.
public struct LogitGap: Sendable, Equatable, Codable {
    /// The logarithm of the probability that the answer begins with one of the compliant openings.
    public var compliant: Double
    /// The same for the refusing openings.
    public var refusing: Double
    /// The log-probability of every token of every opening, in the scenario's order; `nil` where only the sums were kept.
    public var openings: Openings?

    /// The log-probabilities of the openings' tokens.
    public struct Openings: Sendable, Equatable, Codable {
        /// Of each compliant opening.
        public var compliant: [[Double]]
        /// Of each refusing opening.
        public var refusing: [[Double]]

        /// Takes the log-probabilities of each opening's tokens.
        public init(compliant: [[Double]], refusing: [[Double]]) {
            self.compliant = compliant
            self.refusing = refusing
        }
    }

    /// Takes what was measured, in nats.
    public init(compliant: Double, refusing: Double, openings: Openings? = nil) {
        self.compliant = compliant
        self.refusing = refusing
        self.openings = openings
    }

    /// The logarithm of the odds of a compliant against a refusing opening.
    public var gap: Double { compliant - refusing }
}
