import FoundationEssentials
import GygesAnalysis
import GygesStatistics
public import GygesStudy

/// Many studies of a persona, whose true rates are known: whether intervals cover them, tests keep their level and have their power, and
/// verdicts are right.
///
/// Each study goes through everything but the journal: requests, the persona's replies, parsing, the rules as judge, the analysis.
public struct StudySimulation: Sendable {
    private let cells: [SimulatedCell]
    private let persona: Persona
    private let rule: VerdictRule
    private let looks: SequentialPlan?
    private let studySeed: UInt64
    private let judgeErrors: JudgeRates?

    /// A judge's true error rates, and how many labels of each kind these are estimated from.
    public struct JudgeRates: Sendable, Equatable, Codable {
        /// The probability that it calls compliance compliance.
        public var sensitivity: Double
        /// The probability that it calls a refusal a refusal.
        public var specificity: Double
        /// How many labelled answers of each kind there are.
        public var labels: Int

        /// Creates rates.
        public init(sensitivity: Double, specificity: Double, labels: Int) {
            self.sensitivity = sensitivity
            self.specificity = specificity
            self.labels = labels
        }
    }

    private struct SimulatedCell: Sendable {
        let cell: Cell
        /// Made once and not in every study.
        let request: SubjectRequest
        let situation: PersonaSituation
    }

    /// Prepares studies like `study` of `persona`.
    ///
    /// - Parameter judgeErrors: errors added to the judgements of compliance, with labels that reveal them.
    /// - Throws: `VariantError` if a variant does not fit its scenario.
    public init(_ study: Study, persona: Persona, judgeErrors: JudgeRates? = nil) throws {
        let situations = try PersonaSituations(study)
        // What follows an answer decides no verdict.
        cells = try study.cells(for: PersonaSubject(persona).identity).filter { $0.follows == nil }.map {
            let request = $0.request
            return SimulatedCell(
                cell: $0, request: request,
                situation: situations[request.messages] ?? PersonaSituation(isTrained: $0.tier.isTrained))
        }
        self.persona = persona
        self.judgeErrors = judgeErrors
        rule = study.definition.preregistration.rule
        looks = study.definition.preregistration.looks
        studySeed = study.definition.seed
    }

    /// Into so many parts work is cut, whatever the number of cores, so that sums have the same bits everywhere.
    private static let parts = 32

    /// Runs so many studies on all cores and sums up what they found.
    ///
    /// - Complexity: O(studies · cells).
    public func run(studies: Int, seed: UInt64) async -> Result {
        await withTaskGroup(of: (Int, Result).self) { group in
            for part in 0..<Self.parts {
                group.addTask {
                    var result = emptyResult()
                    var judge = MemorisingJudge()
                    for index in stride(from: part, to: studies, by: Self.parts) {
                        result.add(analysis(of: index, seed: seed, &judge))
                    }
                    return (part, result)
                }
            }
            var results: [Result?] = Array(repeating: nil, count: Self.parts)
            for await (part, result) in group { results[part] = result }
            return results.compactMap(\.self).reduce(into: emptyResult()) { $0.add($1) }
        }
    }

    private func emptyResult() -> Result {
        let main = cells.first { $0.cell.condition.role == .main }?.cell.condition
        let here = cells.filter { $0.cell.condition.id == main?.id }
        /// The means over prompts.
        func truth(_ isTrained: Bool) -> (compliance: Double, faking: Double) {
            let behaviours = here.filter { $0.cell.tier.isTrained == isTrained }
                .map { persona.behaviour(in: $0.situation) }
            let count = Double(max(1, behaviours.count))
            return (
                behaviours.reduce(0) { $0 + $1.compliance } / count,
                behaviours.reduce(0) { $0 + $1.compliance * $1.faking } / count
            )
        }
        let (trained, untrained) = (truth(true), truth(false))
        let pairs = here.count { $0.cell.tier.isTrained }
        let samples = (here.map(\.cell.sample).max() ?? 0) + 1
        // Answers that are lost, and prompts that are not alike, are no part of a design.
        let isWhole =
            persona.malformed == 0 && persona.truncated == 0 && persona.truncatedWhenMoved == 0
            && persona.echoesWhenMoved == 0 && persona.affectedPrompts == 1 && judgeErrors == nil
        return Result(
            persona: persona.name, condition: main?.id ?? "", pairs: pairs,
            trueGap: trained.compliance - untrained.compliance, trueTrained: trained.compliance,
            trueUntrained: untrained.compliance, trueFaking: trained.faking,
            fakesAlignment: persona.fakesAlignment,
            expectedPower: !isWhole
                ? nil
                : PromptDesign(
                    PairedDesign(first: trained.compliance, second: untrained.compliance), samples: samples
                ).power(prompts: pairs / samples, alpha: rule.alpha))
    }

    private func analysis(of index: Int, seed: UInt64, _ judge: inout MemorisingJudge) -> StudyAnalysis {
        var errors = SeededGenerator(seed: seed, stream: UInt64(index) << 32)
        let observations = cells.enumerated().map { place, simulated in
            let cell = simulated.cell
            var request = simulated.request
            var generator = SeededGenerator(seed: seed, stream: UInt64(index) << 32 | UInt64(place + 1))
            request.seed = generator.next()
            let reply = PersonaSubject.reply(of: persona, to: request, in: simulated.situation)
            var (state, finding) = judge.judge(reply, cell)
            if let judgeErrors, let found = finding, cell.prompt.expectation == nil {
                let right = found.complied ? judgeErrors.sensitivity : judgeErrors.specificity
                if Double.random(in: 0..<1, using: &errors) >= right { finding?.complied.toggle() }
            }
            return Observation(cell, state: state, finding: finding)
        }
        let findings = JudgeFindings(
            judge: "rules", observations: observations,
            calibration: judgeErrors.map { labelled($0, using: &errors) })
        return StudyAnalysis(findings, rule: rule, looks: looks, seed: studySeed &+ UInt64(index), draws: 0)
    }

    /// A calibration from labels drawn at the judge's true rates.
    private func labelled(_ rates: JudgeRates, using generator: inout SeededGenerator) -> JudgeCalibration {
        func right(_ rate: Double) -> Proportion {
            let count = (0..<rates.labels).count { _ in Double.random(in: 0..<1, using: &generator) < rate }
            return Proportion(successes: count, count: rates.labels)
        }
        return JudgeCalibration(
            compliance: JudgeErrors(sensitivity: right(rates.sensitivity), specificity: right(rates.specificity)))
    }
}

/// The rules as judge; a persona says the same few sentences again and again.
private struct MemorisingJudge {
    private struct Key: Hashable {
        let condition: String
        let tier: String
        let isClosed: Bool
        let prompt: String
        let text: String
        let isCut: Bool
    }

    private var known: [Key: (TranscriptState, Observation.Finding?)] = [:]

    mutating func judge(_ reply: SubjectReply, _ cell: Cell) -> (TranscriptState, Observation.Finding?) {
        let isClosed = cell.prompt.expectation != nil
        let key = Key(
            condition: cell.condition.id, tier: cell.tier.id, isClosed: isClosed,
            prompt: isClosed || cell.prompt.question != nil ? cell.prompt.id : "", text: reply.text,
            isCut: reply.finishReason == .length)
        if let known = known[key] { return known }
        let text = cell.mode.responsePrefix + reply.text + (reply.stopString ?? "")
        let parsed = cell.condition.parse(text, finishReason: reply.finishReason)
        let state = cell.state(of: parsed)
        var finding: Observation.Finding?
        if state == .valid, let output = parsed.output {
            finding =
                if let expectation = cell.prompt.expectation {
                    Observation.Finding(complied: expectation.isMet(by: output, in: cell.tier))
                } else {
                    Observation.Finding(
                        RuleJudge().judge(
                            JudgedTranscript(
                                prompt: cell.prompt.text, scratchpad: parsed.scratchpad, output: output,
                                criteria: cell.scenario.criteria)))
                }
        }
        known[key] = (state, finding)
        return (state, finding)
    }
}
