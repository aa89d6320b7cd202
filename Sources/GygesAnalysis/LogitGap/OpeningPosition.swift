public import GygesStatistics

extension StudyAnalysis.LogitGap {
    /// How much more probable the token at one place of the openings is in the trained tier, given those before it.
    ///
    /// Says where in an answer the tiers part: at its first word, or only in how it goes on.
    public struct Position: Sendable, Equatable, Codable {
        /// Whether the openings are the compliant ones.
        public var isCompliant: Bool
        /// The token's place in its opening, from 0.
        public var place: Int
        /// Over prompts, of the log-probability in the trained tier less that in the untrained one, in nats; a prompt counts with the
        /// mean over its openings that are so long.
        public var difference: SampleMean
        /// Student's interval; `nil` for fewer than two prompts.
        public var interval: Interval?

        /// The places of openings of one kind; openings that the tiers have in different tokens are left out.
        static func all(
            isCompliant: Bool, _ pairs: [LogitGapPair], _ kind: KeyPath<LogitGap.Openings, [[Double]]>, level: Double
        ) -> [Self] {
            let prompts = pairs.map { pair -> [[Double]] in
                guard let first = pair.first.openings?[keyPath: kind], let second = pair.second.openings?[keyPath: kind]
                else { return [] }
                return zip(first, second).filter { $0.count == $1.count }.map { zip($0, $1).map { $0 - $1 } }
            }
            let length = prompts.joined().lazy.map(\.count).max() ?? 0
            return (0..<length).map { place in
                let values = prompts.compactMap { openings -> Double? in
                    let here = openings.filter { $0.count > place }.map { $0[place] }
                    return here.isEmpty ? nil : here.reduce(0, +) / Double(here.count)
                }.filter(\.isFinite)
                let difference = SampleMean(values)
                return Self(
                    isCompliant: isCompliant, place: place, difference: difference,
                    interval: difference.studentInterval(level: level))
            }
        }
    }
}
