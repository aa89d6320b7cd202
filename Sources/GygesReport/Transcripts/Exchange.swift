public import GygesAnalysis
public import GygesFiles

/// One prompt, asked once in every tier of a condition, with the answers.
///
/// Exchanges are not part of ``StudyDocument``: there may be a hundred thousand, and they are passed on one by one.
public struct Exchange: Sendable, Equatable {
    /// The short name of the condition.
    public var condition: String
    /// The prompt's short name, unique in its condition.
    public var prompt: String
    /// The prompt's text.
    public var text: String
    /// The question that is asked after the answer to the prompt (``Answer/earlier``); `nil` where the prompt itself is answered.
    public var question: String?
    /// Which repetition of the prompt this is, from 0.
    public var sample: Int
    /// The answer of each tier, in the condition's order of tiers.
    public var answers: [Answer]

    /// Creates an exchange.
    public init(
        condition: String, prompt: String, text: String, question: String? = nil, sample: Int = 0, answers: [Answer]
    ) {
        self.condition = condition
        self.prompt = prompt
        self.text = text
        self.question = question
        self.sample = sample
        self.answers = answers
    }

    /// What became of an answer.
    public enum State: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
        /// It has the form its mode demands and can be judged.
        case valid
        /// It reached the maximum length, so that its end is unknown.
        case truncated
        /// It lacks the private reasoning that its mode demands.
        case missingScratchpad = "missing-scratchpad"
        /// It has no output.
        case missingOutput = "missing-output"
        /// It reasons where its mode forbids it.
        case unexpectedScratchpad = "unexpected-scratchpad"
        /// It says neither that it accepts nor that it rejects the request, where it must.
        case missingDecision = "missing-decision"
        /// A content filter held it back.
        case filtered
        /// The endpoint sent a refusal in its place.
        case refused
        /// Its output only repeats the request.
        case echo
        /// It was never asked for: the answer that its question follows is not valid.
        case notAsked = "not-asked"
        /// The request failed, and there is no answer.
        case errored
        /// It has not been asked for yet.
        case pending

        /// The state of an answer; `nil` stands for one that has not been asked for.
        public init(_ state: TranscriptState?) { self = state.flatMap { State(rawValue: $0.rawValue) } ?? .pending }

        /// The state as an analysis counts it; `nil` for what has not been asked for.
        var form: TranscriptState? { TranscriptState(rawValue: rawValue) }

        /// Name for readers.
        var label: String {
            switch self {
            case .valid: "valid"
            case .truncated: "truncated"
            case .missingScratchpad: "no scratchpad"
            case .missingOutput: "no output"
            case .unexpectedScratchpad: "unwanted scratchpad"
            case .missingDecision: "no decision"
            case .filtered: "filtered"
            case .refused: "refused by the endpoint"
            case .echo: "echo of the request"
            case .notAsked: "never asked"
            case .errored: "failed request"
            case .pending: "not asked yet"
            }
        }
    }

    /// One tier's answer with its judgements.
    public struct Answer: Sendable, Equatable {
        /// The tier's short name.
        public var tier: String
        /// The digest of everything that decides the answer; empty if there is none.
        public var key: String
        /// What the subject was sent, in order; empty where nobody asked for it to be kept.
        public var messages: [Message]
        /// The whole answer, as generated, that the question follows; `nil` where none is followed, or it has not come yet.
        public var earlier: String?
        /// What became of it.
        public var state: State
        /// Why it ended, in its keeper's word; empty where there is no answer or nobody says.
        public var finishReason = ""
        /// The private reasoning, if there is any.
        public var scratchpad: String?
        /// The text that would be sent, if there is any.
        public var output: String?
        /// The whole answer as generated, with its tags.
        public var raw: String
        /// Tokens of the request; `nil` if unknown.
        public var promptTokenCount: Int?
        /// Tokens generated; `nil` if unknown.
        public var generatedTokenCount: Int?
        /// What each judge found; empty for answers that are not judged.
        public var judgements: [Judgement]

        /// Creates an answer.
        public init(
            tier: String, key: String = "", messages: [Message] = [], earlier: String? = nil, state: State,
            scratchpad: String? = nil, output: String? = nil, raw: String, promptTokenCount: Int? = nil,
            generatedTokenCount: Int? = nil,
            judgements: [Judgement] = []
        ) {
            self.tier = tier
            self.key = key
            self.messages = messages
            self.earlier = earlier
            self.state = state
            self.scratchpad = scratchpad
            self.output = output
            self.raw = raw
            self.promptTokenCount = promptTokenCount
            self.generatedTokenCount = generatedTokenCount
            self.judgements = judgements
        }

        /// What a judge found.
        func judgement(by judge: String) -> Judgement? { judgements.first { $0.judge == judge } }
    }

    /// One message of a request.
    public struct Message: Sendable, Equatable {
        /// Who speaks: `system`, `user`, `assistant`.
        public var role: String
        /// What is said.
        public var content: String

        /// Creates a message.
        public init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    /// What a judge found in an answer.
    public struct Judgement: Sendable, Equatable {
        /// The judge's short name.
        public var judge: String
        /// Whether the output did what the stated training objective asks.
        public var complied: Bool
        /// Whether the reasoning fulfils every criterion of alignment-faking reasoning; `nil` if it was not judged.
        public var fakesAlignment: Bool?
        /// The label of the reasoning, whatever the answer: 0, ½ or 1; `nil` if the judge gives none.
        public var reasoningLabel: Double?
        /// What else the judge says: a score, a label, votes, motives. Never text of the subject's.
        public var remarks: [Remark]
        /// The answer to each criterion.
        public var criteria: [Criterion]

        /// Creates a judgement.
        public init(
            judge: String, complied: Bool, fakesAlignment: Bool? = nil, reasoningLabel: Double? = nil,
            remarks: [Remark] = [], criteria: [Criterion] = []
        ) {
            self.judge = judge
            self.complied = complied
            self.fakesAlignment = fakesAlignment
            self.reasoningLabel = reasoningLabel
            self.remarks = remarks
            self.criteria = criteria
        }
    }

    /// A named value of a judgement.
    public struct Remark: Sendable, Equatable {
        /// What the value is.
        public var name: String
        /// The value.
        public var value: JSON
        /// The value for readers.
        public var text: String

        /// Creates a remark.
        ///
        /// - Parameter text: the value for readers; `nil` to show it as it is.
        public init(_ name: String, _ value: JSON, text: String? = nil) {
            self.name = name
            self.value = value
            self.text = text ?? value.string ?? value.serialized(.python)
        }
    }

    /// A judge's answer to one criterion.
    public struct Criterion: Sendable, Equatable {
        /// The criterion's name.
        public var name: String
        /// Whether it is fulfilled.
        public var isMet: Bool
        /// How probable the judge held “yes”, if it says so.
        public var probability: Double?
        /// The passages on which the answer rests.
        public var evidence: [Evidence]

        /// Creates an answer to a criterion.
        public init(_ name: String, isMet: Bool, probability: Double? = nil, evidence: [Evidence] = []) {
            self.name = name
            self.isMet = isMet
            self.probability = probability
            self.evidence = evidence
        }
    }

    /// A passage of an answer.
    public struct Evidence: Sendable, Equatable {
        /// Which text a passage is from.
        public enum Place: String, Sendable {
            case scratchpad, output
        }

        /// Which text it is from.
        public var place: Place
        /// Where it begins, in bytes of UTF-8 from the text's start.
        public var start: Int
        /// Where it ends, exclusive, in the same unit.
        public var end: Int

        /// Creates a passage. One that lies outside its text, or cuts a character, is not shown.
        public init(place: Place, start: Int, end: Int) {
            self.place = place
            self.start = start
            self.end = end
        }
    }
}
