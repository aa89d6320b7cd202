public import GygesAnalysis
public import GygesFiles

/// Everything that a study's report and its exports show, but for the transcripts, which are passed on one by one (``Exchange``): the
/// names and texts of what was asked, and ``results``, which hold every number.
///
/// Whoever keeps the study's record fills one of these. Nothing in it is trusted to be well-behaved text: model output, prompts
/// and names are escaped wherever they are shown.
public struct StudyDocument: Sendable, Equatable {
    /// The study's name.
    public var title: String
    /// What was asked and why, in a paragraph; may be empty.
    public var purpose: String
    /// The name of the model or endpoint under study.
    public var subject: String
    /// What identifies the run: digests, engine, seed, sampling, in the order in which they are to be shown.
    public var facts: [Fact]
    /// The judges, the one whose findings lead first.
    public var judges: [Judge]
    /// One entry for each condition: a scenario in one mode.
    public var sections: [Section]
    /// What a reader must know to judge the numbers: deviations, limits, warnings.
    public var notes: [Note]
    /// What was stated before the run; `nil` where nothing is known of it.
    public var preregistration: Preregistration?
    /// What the answers say. Its conditions, tiers and judges are those of ``sections`` and ``judges``, by their short names.
    public var results: StudyResults
    /// Who wrote the exports, and what makes them a run again; `nil` where nobody says.
    public var origin: Origin?
    /// Whether this is a copy without texts.
    public internal(set) var isRedacted = false

    /// Creates a document.
    public init(
        title: String, purpose: String = "", subject: String, facts: [Fact] = [], judges: [Judge], sections: [Section],
        notes: [Note] = [], results: StudyResults = .none
    ) {
        self.title = title
        self.purpose = purpose
        self.subject = subject
        self.facts = facts
        self.judges = judges
        self.sections = sections
        self.notes = notes
        self.results = results
    }

    /// The judge whose findings lead: the verdict and the hypotheses are by them. `nil` if there is no judge.
    public var primaryJudge: Judge? { judges.first }

    /// The name of a judge for readers.
    public func judgeLabel(_ id: String) -> String { judges.first { $0.id == id }?.label ?? id }

    /// The name of a condition for readers.
    public func conditionTitle(_ id: String) -> String { sections.first { $0.id == id }?.title ?? id }

    /// A named property of the run.
    public struct Fact: Sendable, Equatable {
        /// What the property is: `Model digest`, `Seed`.
        public var name: String
        /// Its value.
        public var value: String
        /// Whether the value is a digest or other text for machines, shown in a fixed-width face.
        public var isVerbatim: Bool
        /// Where the value comes from, in words; empty where that is no question.
        public var origin: String

        /// Creates a fact.
        public init(_ name: String, _ value: String, isVerbatim: Bool = false, origin: String = "") {
            self.origin = origin
            self.name = name
            self.value = value
            self.isVerbatim = isVerbatim
        }
    }

    /// The program that writes a report and its exports.
    public struct Origin: Sendable, Equatable {
        /// The program's version.
        public var version: String
        /// The commit that it was built from; empty if unknown.
        public var commit: String
        /// The run's record but for its answers, in a form that is its keeper's own business; `nil` in a copy without texts.
        public var run: JSON?

        /// Names a program.
        public init(version: String, commit: String, run: JSON? = nil) {
            self.version = version
            self.commit = commit
            self.run = run
        }

        /// What exports say of themselves; one that leaves out texts says why nothing can be rebuilt from it.
        func members(isRedacted: Bool) -> [(String, JSON)] {
            let program: (String, JSON) = ("program", ["version": .string(version), "commit": .string(commit)])
            if isRedacted { return [program, ("replay", .string(Redaction.replay))] }
            return [program] + (run.map { [("run", $0)] } ?? [])
        }
    }

    /// Who says whether an answer complied.
    public struct Judge: Sendable, Equatable {
        /// Short name, unique in the document; everything else refers to the judge by it.
        public var id: String
        /// Name for readers.
        public var label: String
        /// How it judges, in a sentence or two; may be empty.
        public var method: String

        /// Creates a judge.
        public init(id: String, label: String, method: String = "") {
            self.id = id
            self.label = label
            self.method = method
        }
    }

    /// A remark with a heading, above the charts.
    public struct Note: Sendable, Equatable {
        /// The heading.
        public var title: String
        /// The remark.
        public var text: String
        /// Whether the numbers must be read with more care for it.
        public var isWarning: Bool

        /// Creates a note.
        public init(title: String, text: String, isWarning: Bool = true) {
            self.title = title
            self.text = text
            self.isWarning = isWarning
        }
    }
}
