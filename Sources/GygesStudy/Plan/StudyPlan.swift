public import GygesAnalysis
import GygesTemplates

/// What a study will ask, read, write and cost, before any of it is done.
public struct StudyPlan: Sendable, Equatable, Codable {
    /// One condition.
    public struct Line: Sendable, Equatable, Codable {
        /// The condition, `scenario/variant/mode`.
        public var condition: String
        /// What it is for.
        public var role: ConditionRole
        /// How many prompts are asked.
        public var prompts: Int
        /// In how many tiers.
        public var tiers: Int
        /// Answers asked for: prompts × tiers × repetitions.
        public var answers: Int
        /// Tokens of all requests.
        public var promptTokens: Int
        /// Tokens of all requests, with what they begin with alike counted once.
        public var distinctPromptTokens: Int
    }

    /// The conditions in the study's order.
    public var lines: [Line]
    /// Answers asked for, each content once.
    public var answers: Int
    /// Requests to judging models: one for each question.
    public var judgeRequests: Int
    /// Openings whose probability is measured.
    public var logitRequests: Int
    /// Tokens that the subject is sent.
    public var promptTokens: Int
    /// Tokens that are read where shared beginnings are read once.
    public var distinctPromptTokens: Int
    /// Tokens that the subject is expected to write.
    public var answerTokens: Int
    /// Tokens that the subject may write at most.
    public var maximumAnswerTokens: Int
    /// Tokens that judging models are sent, if every answer can be judged and complies; about half of an answer is reasoning.
    public var judgeTokens: Int
    /// Tokens that judging models read where the questions about one text share it.
    public var distinctJudgeTokens: Int
    /// What was assumed.
    public var assumptions: Assumptions
    /// How tokens were counted, for readers.
    public var counting: String
    /// How long it takes, in seconds; `nil` without rates.
    public var seconds: Double?
    /// What it costs, in the currency of the prices; `nil` without prices.
    public var cost: Double?
    /// Pairs of answers to one prompt in the main condition, for power.
    public var mainPairs: Int

    /// What each test of the study can find; where it is looked at more than once, at the last look alone.
    public var tests: [PlannedTest]
    /// The looks after which the study may end; empty where it is looked at once.
    public var looks: [Look]

    /// The names in JSON, one of them older than the property's own.
    private enum CodingKeys: String, CodingKey {
        case lines, answers, judgeRequests, logitRequests, promptTokens, distinctPromptTokens, answerTokens
        case maximumAnswerTokens = "greatestAnswerTokens"
        case judgeTokens, distinctJudgeTokens, assumptions, counting, seconds, cost, mainPairs, tests, looks
    }

    /// What a plan takes for granted. Nothing of it decides an answer.
    public struct Assumptions: Sendable, Equatable, Codable {
        /// The mean length of an answer in tokens; `nil` for half of the maximum length.
        public var answerTokens: Double?
        /// Tokens written in a second, over all requests under way.
        public var writtenPerSecond: Double?
        /// Tokens read in a second.
        public var readPerSecond: Double?
        /// The price of a million tokens read.
        public var inputPrice: Double?
        /// The price of a million tokens written.
        public var outputPrice: Double?
        /// The subject's rates, for the power of tests; `nil` for the defaults of ``GygesAnalysis/ExpectedRates``.
        public var rates: ExpectedRates?

        /// Assumes nothing.
        public init() {}
    }

    /// Plans a study.
    ///
    /// - Parameters:
    ///   - study: what is asked.
    ///   - assumptions: lengths, speeds, prices and the subject's rates.
    ///   - counting: how `tokens` counts, for readers.
    ///   - tokens: the number of tokens of a text.
    /// - Complexity: O(requests), and seconds for the power of tests where prompts have several answers.
    public init(
        of study: Study, assumptions: Assumptions, counting: String = StudyPlan.roughCounting,
        tokens: (String) throws -> Int = StudyPlan.roughTokenCount
    ) throws {
        let definition = study.definition
        let cells = try study.cells(for: SubjectIdentity(name: "", digest: ""))
        let answerLength = assumptions.answerTokens ?? Double(definition.sampling.maximumTokens) / 2
        var known: [String: Int] = [:]
        func count(_ text: String) throws -> Int {
            if let count = known[text] { return count }
            let count = try tokens(text)
            known[text] = count
            return count
        }
        var (seen, seenBeginnings) = (Set<ContentKey>(), Set<String>())
        lines = []
        (answers, judgeRequests, judgeTokens, distinctJudgeTokens) = (0, 0, 0, 0)
        (promptTokens, distinctPromptTokens) = (0, 0)
        for condition in try study.conditions {
            let mine = cells.filter { $0.condition == condition }
            var line = Line(
                condition: condition.id, role: condition.role, prompts: Set(mine.map(\.prompt.id)).count,
                tiers: Set(mine.map(\.tier.id)).count, answers: mine.count, promptTokens: 0, distinctPromptTokens: 0)
            for cell in mine {
                let request = cell.request
                let (system, user) = (request.messages[0].text, request.messages[1].text)
                let (systemCount, userCount) = (try count(system), try count(user + request.responsePrefix))
                // Before a question that follows an answer stands that answer.
                let followed =
                    try cell.scenario.followUp.map {
                        Int(answerLength) + (try count(cell.scenario.turn(of: $0, tier: cell.tier)))
                    } ?? 0
                line.promptTokens += systemCount + userCount + followed
                let isNew = seenBeginnings.insert(system).inserted
                let isNewTurn = seenBeginnings.insert(system + user).inserted
                line.distinctPromptTokens += (isNew ? systemCount : 0) + (isNewTurn ? userCount : 0) + followed
                guard seen.insert(cell.key).inserted else { continue }
                answers += 1
                guard definition.judges.contains(.model), cell.prompt.expectation == nil else { continue }
                let criteria = cell.scenario.criteria(for: cell.prompt)
                let questions = 1 + (condition.mode.scratchpad == .forbidden ? 0 : criteria.reasoning.count)
                judgeRequests += questions
                judgeTokens += questions * (Int(answerLength / (questions > 1 ? 2 : 1)) + Self.tokensAQuestion)
                distinctJudgeTokens += Int(answerLength) + questions * Self.tokensAQuestion
            }
            promptTokens += line.promptTokens
            distinctPromptTokens += line.distinctPromptTokens
            lines.append(line)
        }
        logitRequests = 0
        for cell in try study.logitGapCells(for: SubjectIdentity(name: "", digest: "")) {
            logitRequests += cell.scenario.openings.compliant.count + cell.scenario.openings.refusing.count
        }
        answerTokens = Int((answerLength * Double(answers)).rounded())
        maximumAnswerTokens = definition.sampling.maximumTokens * answers
        self.assumptions = assumptions
        self.counting = counting
        mainPairs = lines.filter { $0.role == .main && $0.tiers > 1 }.map { $0.answers / $0.tiers }.min() ?? 0
        let registered = definition.preregistration
        looks = registered.looks?.looks(prompts: study.mainPrompts ?? 0, alpha: registered.rule.alpha) ?? []
        var rule = registered.rule
        var hypotheses = registered.hypotheses
        if let last = looks.last {
            (hypotheses, rule) = (hypotheses.at(last, of: rule), rule.at(last))
        }
        tests =
            PowerPlan(
                conditions: lines.map { PlannedCondition(id: $0.condition, role: $0.role, prompts: $0.prompts) },
                samples: definition.samplesPerPrompt, rule: rule, hypotheses: hypotheses,
                expected: assumptions.rates ?? ExpectedRates()
            ).tests
        if let read = assumptions.readPerSecond, let written = assumptions.writtenPerSecond, read > 0, written > 0 {
            // Openings share everything before them.
            seconds = Double(distinctPromptTokens + distinctJudgeTokens) / read + Double(answerTokens) / written
        }
        if let input = assumptions.inputPrice, let output = assumptions.outputPrice {
            cost = (Double(promptTokens + judgeTokens) * input + Double(answerTokens + judgeRequests) * output) / 1e6
        }
    }

    /// A question to a judge with what stands around it, in tokens; its instructions are shared by all and read once.
    static let tokensAQuestion = 45

    /// What the rough rule is, for readers.
    public static let roughCounting = "a token for every four bytes of text"
    /// Counts a token for every four bytes of UTF-8, which is a little much for English.
    public static func roughTokenCount(_ text: String) -> Int { (text.utf8.count + 3) / 4 }
}
