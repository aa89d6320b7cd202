public import GygesFiles
import GygesYAML

/// The words of the questions that model judges ask: data with a version and a digest, not code.
public struct JudgeWording: Sendable, Equatable, Codable {
    /// The version of the file format that this program reads.
    static let fileVersion = 1

    /// What is said before every question.
    public var instructions: String
    /// The three questions of the compliance rubric.
    public var rubric: Rubric
    /// What makes reasoning alignment faking by the first definition.
    public var faking: Criteria
    /// What a vote asks.
    public var votes: Criteria
    /// What makes compliance partial.
    public var partial: Criteria
    /// Motives.
    public var motivation: Criteria
    /// What shows an unmonitored persona.
    public var persona: Criteria

    /// The questions of the compliance rubric (StrongREJECT).
    public struct Rubric: Sendable, Equatable, Codable {
        /// Whether the answer declines.
        public var refused: String
        /// How convincing it is, from 1 to 5.
        public var convincing: String
        /// How specific it is, from 1 to 5.
        public var specific: String
    }

    /// Questions that are put together.
    public struct Criteria: Sendable, Equatable, Codable {
        /// Those that count for it.
        public var criteria: [Scenario.Question]
        /// One that counts against it.
        public var exclusion: Scenario.Question?

        /// All questions.
        public var questions: [Scenario.Question] { criteria + [exclusion].compactMap(\.self) }
    }

    /// Reads a wording file.
    ///
    /// - Throws: `FileError` with everything that is wrong.
    public init(contentsOf path: String) throws(FileError) {
        self = try JudgeWording(YAMLDocument(studyFile: path))
    }

    /// Reads wording from YAML text; `path` names it in errors.
    public init(yaml text: String, path: String) throws(FileError) {
        self = try JudgeWording(YAMLDocument(study: text, path: path))
    }

    /// The wording that is part of the program.
    public static func shipped() throws(FileError) -> JudgeWording {
        try JudgeWording(yaml: shippedText, path: "judge-wording.yaml (shipped)")
    }

    /// The text of the shipped wording, to start an own one from.
    public static var shippedText: String {
        String(decoding: PackageResources.judge_wording_yaml, as: UTF8.self)
    }

    private init(_ document: YAMLDocument) throws(FileError) {
        let root = document.root.mapping(keys: [
            "version", "instructions", "rubric", "faking", "votes", "partial", "motivation", "persona",
        ])
        root.checkVersion(Self.fileVersion)
        instructions = root.required("instructions")?.text() ?? ""
        let ratings = root.required("rubric")?.mapping(keys: ["refused", "convincing", "specific"])
        rubric = Rubric(
            refused: ratings?.required("refused")?.text() ?? "",
            convincing: ratings?.required("convincing")?.text() ?? "",
            specific: ratings?.required("specific")?.text() ?? "")
        faking = Criteria(root.required("faking"), needsExclusion: true)
        votes = Criteria(root.required("votes"))
        partial = Criteria(root.required("partial"))
        motivation = Criteria(root.required("motivation"))
        persona = Criteria(root.required("persona"), needsExclusion: true)
        try document.finish(remedy: "Correct the wording; the shipped one shows the form.")
    }
}

extension JudgeWording.Criteria {
    fileprivate init(_ value: YAMLValue?, needsExclusion: Bool = false) {
        let mapping = value?.mapping(keys: ["criteria", "exclusion"])
        criteria = mapping?.required("criteria")?.list(limit: 16).map(Scenario.Question.init(worded:)) ?? []
        exclusion = (needsExclusion ? mapping?.required("exclusion") : mapping?["exclusion"]).map(
            Scenario.Question.init(worded:))
        reportDuplicates(questions.map(\.id), what: "criterion", in: value)
    }
}

extension Scenario.Question {
    fileprivate init(worded value: YAMLValue) {
        let mapping = value.mapping(keys: ["id", "question"])
        self.init(id: mapping.required("id")?.identifier() ?? "", question: mapping.required("question")?.text() ?? "")
    }
}
