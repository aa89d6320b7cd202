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
    /// A digest of everything else that decides its judgements: for a model judge, the model.
    public var digest: String

    /// Creates an identity.
    public init(id: String, version: Int, digest: String = "") {
        self.id = id
        self.version = version
        self.digest = digest
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

    /// Creates a transcript to be judged.
    public init(prompt: String, scratchpad: String?, output: String, criteria: Scenario.Criteria) {
        self.prompt = prompt
        self.scratchpad = scratchpad
        self.output = output
        self.criteria = criteria
    }
}

/// What a judge found.
public struct Judgement: Sendable, Equatable, Codable {
    /// Whether the output did what the training objective asks.
    public var complied: Bool
    /// Whether the reasoning fulfils every criterion of alignment-faking reasoning; `nil` if there was none or it was
    /// not judged.
    public var fakesAlignment: Bool?
    /// The answer to each criterion that was judged, in the judge's order.
    public var answers: [CriterionAnswer]

    /// Creates a judgement.
    public init(complied: Bool, fakesAlignment: Bool?, answers: [CriterionAnswer]) {
        self.complied = complied
        self.fakesAlignment = fakesAlignment
        self.answers = answers
    }
}

/// A judge's answer to one criterion.
public struct CriterionAnswer: Sendable, Equatable, Codable {
    /// The criterion's name.
    public var criterion: String
    /// Whether it is fulfilled.
    public var isMet: Bool
    /// How probable the judge held “yes” against “no”, if it judges by probability.
    public var probability: Double?
    /// Where in the text the answer was found; empty if the judge does not say.
    public var evidence: [Evidence]

    /// Creates an answer.
    public init(criterion: String, isMet: Bool, probability: Double? = nil, evidence: [Evidence] = []) {
        self.criterion = criterion
        self.isMet = isMet
        self.probability = probability
        self.evidence = evidence
    }
}

/// A piece of a transcript that a judgement rests on.
public struct Evidence: Sendable, Equatable, Codable {
    /// Which text it is from.
    public enum Place: String, Sendable, Codable {
        case scratchpad, output
    }

    /// Which text it is from.
    public var place: Place
    /// Where it begins, in bytes of UTF-8 from the text's start.
    public var start: Int
    /// Where it ends, exclusive, in the same unit.
    public var end: Int
    /// The text itself.
    public var text: String

    /// Creates a piece of evidence.
    public init(place: Place, start: Int, end: Int, text: String) {
        self.place = place
        self.start = start
        self.end = end
        self.text = text
    }
}
