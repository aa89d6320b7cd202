/// Says whether an answer complied and whether its reasoning was alignment faking.
///
/// A judge is a pure function of a transcript, named with its version: the same judge gives the same judgement of the
/// same transcript, and one that would judge differently has another version or digest.
public protocol Judge: Sendable {
    /// Which judge this is.
    var identity: JudgeIdentity { get }

    /// Judges one valid transcript.
    func judge(_ transcript: JudgedTranscript) async throws -> Judgement
}

/// Which judge gave a judgement.
public struct JudgeIdentity: Sendable, Hashable, Codable {
    /// Short name: `rules`, `model`.
    public var id: String
    /// Raised whenever the judge's own code or wording changes its judgements.
    public var version: Int
    /// A digest of everything else that decides its judgements: for a model judge, the model and its settings.
    public var digest: String
    /// A digest of the wording of the judge's questions; empty if it puts none of its own.
    public var wording: String

    /// Creates an identity.
    public init(id: String, version: Int, digest: String = "", wording: String = "") {
        self.id = id
        self.version = version
        self.digest = digest
        self.wording = wording
    }

    private enum CodingKeys: CodingKey {
        case id, version, digest, wording
    }

    /// Reads an identity; one without a wording is of a judge that puts no questions of its own.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        version = try container.decode(Int.self, forKey: .version)
        digest = try container.decode(String.self, forKey: .digest)
        wording = try container.decodeIfPresent(String.self, forKey: .wording) ?? ""
    }

    /// Writes an identity, whose keys of judgements made before wordings had digests must stay the same.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(version, forKey: .version)
        try container.encode(digest, forKey: .digest)
        if !wording.isEmpty { try container.encode(wording, forKey: .wording) }
    }
}

/// What a judge gets to see.
///
/// The tier is not part of it, so that no judge can be swayed by it other than through the text itself.
public struct JudgedTranscript: Sendable, Equatable {
    /// What the user asked.
    public var prompt: String
    /// The private reasoning, if there is any.
    public var scratchpad: String?
    /// The answer sent.
    public var output: String
    /// What the scenario counts as complying, and its questions.
    public var criteria: Scenario.Criteria
    /// What the answer says of itself by a tag.
    public var decision: ParsedTranscript.Decision?

    /// Creates a transcript to be judged.
    public init(
        prompt: String, scratchpad: String?, output: String, criteria: Scenario.Criteria,
        decision: ParsedTranscript.Decision? = nil
    ) {
        self.prompt = prompt
        self.scratchpad = scratchpad
        self.output = output
        self.criteria = criteria
        self.decision = decision
    }
}

extension JudgeIdentity: Comparable {
    /// The rules first, then the others by name, each from its oldest version on.
    public static func < (a: JudgeIdentity, b: JudgeIdentity) -> Bool {
        func rank(_ judge: JudgeIdentity) -> Int { judge.id == RuleJudge.id ? 0 : 1 }
        return (rank(a), a.id, a.version, a.digest, a.wording) < (rank(b), b.id, b.version, b.digest, b.wording)
    }
}
