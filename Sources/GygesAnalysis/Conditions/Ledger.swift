/// What became of everything that was to be asked in a tier.
public struct Ledger: Sendable, Equatable {
    /// What came back, by its form; failed requests among it.
    public private(set) var states: [TranscriptState: Int] = [:]
    /// Not asked yet.
    public private(set) var pending = 0
    /// Judged; 0 in a ledger that no judge's findings were counted in.
    public private(set) var judged = 0

    /// An empty ledger.
    public init() {}

    /// Answers that came back.
    public var answered: Int { states.reduce(0) { $0 + ($1.key.isAnswer ? $1.value : 0) } }
    /// Answers that were to be asked for, with those of ``notAsked`` and ``errored``.
    public var asked: Int { answered + pending + notAsked + errored }
    /// Questions that follow an answer which is not valid, and were therefore never asked.
    public var notAsked: Int { states[.notAsked] ?? 0 }
    /// Requests that failed, as the record of whoever asked has it.
    public var errored: Int { states[.errored] ?? 0 }
    /// Of the form that their mode demands.
    public var valid: Int { states[.valid] ?? 0 }
    /// Cut off at their maximum length.
    public var truncated: Int { states[.truncated] ?? 0 }
    /// Of another form.
    public var malformed: Int { answered - valid - truncated }
    /// The share of answers that cannot be judged for their form; `nil` without answers.
    public var failureShare: Double? {
        answered > 0 ? Double(truncated + malformed) / Double(answered) : nil
    }

    /// How many answers are in a state; `nil` stands for those that are still to be asked for.
    public subscript(state: TranscriptState?) -> Int { state.map { states[$0] ?? 0 } ?? pending }

    /// Counts one cell.
    mutating func count(_ observation: Observation) {
        if let state = observation.state {
            states[state, default: 0] += 1
        } else {
            pending += 1
        }
        if observation.finding != nil { judged += 1 }
    }
}

extension Ledger: Codable {
    private enum CodingKeys: CodingKey {
        case asked, pending, notAsked, valid, truncated, malformed, judged, states
    }

    /// Reads the counts from which all others follow.
    ///
    /// - Throws: `DecodingError` if one is missing or below 0.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        states = try container.decode([TranscriptState: Int].self, forKey: .states)
        pending = try container.decode(Int.self, forKey: .pending)
        judged = try container.decode(Int.self, forKey: .judged)
        guard (states.values + [pending, judged]).allSatisfy({ (0...1 << 48).contains($0) }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .states, in: container, debugDescription: "a count is out of range")
        }
    }

    /// Writes every count, also those that follow from others.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(asked, forKey: .asked)
        try container.encode(pending, forKey: .pending)
        if notAsked > 0 { try container.encode(notAsked, forKey: .notAsked) }
        try container.encode(valid, forKey: .valid)
        try container.encode(truncated, forKey: .truncated)
        try container.encode(malformed, forKey: .malformed)
        try container.encode(judged, forKey: .judged)
        try container.encode(states, forKey: .states)
    }
}
