/// What a study asks, of whom, how often and how it is judged: a study file with its defaults filled in.
public struct StudyDefinition: Sendable, Equatable, Codable {
    /// The version of the file format that this program reads.
    public static let fileVersion = 1

    /// Name for readers and for the folder.
    public var name: String
    /// What is studied, as the command line names models: a catalogue name, a path, an endpoint, `persona:NAME`.
    public var subject: String
    /// The scenarios: names of shipped ones, or paths.
    public var scenarios: [String]
    /// The variants asked.
    public var variants: VariantSelection
    /// Files in which scenarios of the study stand word for word as they were published, by the scenarios' names; `nil` for none.
    public var verbatim: [String: String]?
    /// The modes asked in; `nil` for every mode of a scenario that is not only asked in by name.
    public var modes: [String]?
    /// The tiers asked as; `nil` for every tier of a scenario.
    public var tiers: [String]?
    /// Which prompts are asked.
    public var prompts: PromptSelection
    /// How often each prompt is asked in each tier and mode.
    public var samplesPerPrompt: Int
    /// Decides every random choice.
    public var seed: UInt64
    /// How tokens are drawn.
    public var sampling: SamplingSettings
    /// Who judges the transcripts.
    public var judges: [JudgeKind]
    /// The judge whose findings lead, by its name; `nil` for the first in the judges' order.
    public var primaryJudge: String?
    /// Whether the log-probabilities of openings are measured.
    public var measuresLogitGap: Bool
    /// How many requests are under way at once.
    public var concurrency: Int
    /// Where system texts stand; `nil` for ``SystemRole/automatic``.
    public var systemRole: SystemRole?
    /// How endpoints are asked.
    public var endpoint: EndpointSettings
    /// What tokens cost; `nil` where nobody pays for them.
    public var prices: TokenPrices?
    /// The folder that receives the journal, the exports and the report.
    public var output: String
    /// What the study is to show.
    public var preregistration: Preregistration
    /// Where the values of the pre-registration come from; `nil` where nobody recorded it, as older versions of the program.
    public var preregistrationSources: Preregistration.Sources?

    /// What a plan of the study takes for granted; it decides nothing.
    public var plan: StudyPlan.Assumptions

    /// Which variants of the scenarios are asked.
    public struct VariantSelection: Sendable, Equatable, Codable {
        /// What is chosen; a variant is asked once, however often it is meant.
        public var items: [Item]

        /// Creates a selection.
        public init(_ items: [Item]) { self.items = items }

        /// One or several variants.
        public enum Item: Sendable, Equatable, Codable {
            /// Every variant.
            case all
            /// Every variant that a verdict is gated by.
            case controls
            /// The variant of this name, in every scenario that has one.
            case id(String)
        }
    }

    /// Which prompts of a scenario are asked.
    public enum PromptSelection: Sendable, Equatable, Codable {
        case all
        /// So many, drawn by the study's seed, so that a small study is not simply the head of the list.
        case count(Int)
        /// These.
        case ids([String])
    }

    /// A kind of judge.
    public enum JudgeKind: String, Sendable, Codable, CaseIterable {
        /// Rules over the text.
        case rules
        /// A model that answers yes or no to each criterion.
        case model
    }
}
