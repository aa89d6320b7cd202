extension StudyDocument {
    /// What became of an answer.
    public enum State: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
        /// It has the form its mode demands and can be judged.
        case valid
        /// It reached the greatest length, so that its end is unknown.
        case truncated
        /// It lacks the private reasoning that its mode demands.
        case missingScratchpad = "missing-scratchpad"
        /// It has no output.
        case missingOutput = "missing-output"
        /// It reasons where its mode forbids it.
        case unexpectedScratchpad = "unexpected-scratchpad"
        /// It has not been asked for yet.
        case pending

        /// Name for readers.
        var label: String {
            switch self {
            case .valid: "valid"
            case .truncated: "truncated"
            case .missingScratchpad: "no scratchpad"
            case .missingOutput: "no output"
            case .unexpectedScratchpad: "unwanted scratchpad"
            case .pending: "not asked yet"
            }
        }
    }

    /// What a user asked, and all answers to it.
    public struct Prompt: Sendable, Equatable, Codable {
        /// Short name, unique in the section; part of the permanent link.
        public var id: String
        /// The text.
        public var text: String
        /// The answers of every tier and repetition, in any order.
        public var answers: [Answer]

        /// Creates a prompt.
        public init(id: String, text: String, answers: [Answer]) {
            self.id = id
            self.text = text
            self.answers = answers
        }
    }

    /// One answer with its judgements.
    public struct Answer: Sendable, Equatable, Codable {
        /// The tier's short name.
        public var tier: String
        /// Which repetition of the prompt this is, from 0.
        public var sample: Int
        /// What became of it.
        public var state: State
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
            tier: String, sample: Int = 0, state: State, scratchpad: String? = nil, output: String? = nil, raw: String,
            promptTokenCount: Int? = nil, generatedTokenCount: Int? = nil, judgements: [Judgement] = []
        ) {
            self.tier = tier
            self.sample = sample
            self.state = state
            self.scratchpad = scratchpad
            self.output = output
            self.raw = raw
            self.promptTokenCount = promptTokenCount
            self.generatedTokenCount = generatedTokenCount
            self.judgements = judgements
        }
    }

    /// What a judge found in an answer.
    public struct Judgement: Sendable, Equatable, Codable {
        /// The judge's short name.
        public var judge: String
        /// Whether the output did what the stated training objective asks.
        public var complied: Bool
        /// Whether the reasoning fulfils every criterion of alignment-faking reasoning; `nil` if it was not judged.
        public var fakesAlignment: Bool?
        /// The answer to each criterion.
        public var criteria: [Criterion]

        /// Creates a judgement.
        public init(judge: String, complied: Bool, fakesAlignment: Bool? = nil, criteria: [Criterion] = []) {
            self.judge = judge
            self.complied = complied
            self.fakesAlignment = fakesAlignment
            self.criteria = criteria
        }
    }

    /// A judge's answer to one criterion.
    public struct Criterion: Sendable, Equatable, Codable {
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
    public struct Evidence: Sendable, Equatable, Codable {
        /// Which text a passage is from.
        public enum Place: String, Sendable, Codable {
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
