import GygesAnalysis
import GygesTemplates

/// One thing to ask: a prompt in a condition and a tier, for the n-th time.
public struct Cell: Sendable, Equatable {
    /// The place in the study's order, which every export follows.
    public let ordinal: Int
    /// The scenario, its variant and the way of answering.
    public let condition: Condition
    /// The kind of user.
    public let tier: Scenario.Tier
    /// What is asked.
    public let prompt: Scenario.Prompt
    /// Which repetition this is, from 0.
    public let sample: Int
    /// The digest of everything that decides the answer.
    public let key: ContentKey
    /// How answers are drawn.
    public let sampling: SamplingSettings
    /// The key of the cell whose answer this one's question follows; `nil` where the prompt itself is asked.
    public let follows: ContentKey?

    /// The request that asks the prompt, whose seed is derived from the key; made when it is asked for, since a hundred thousand of them
    /// would be large. A cell that follows an answer is asked with ``request(after:)``.
    public var request: SubjectRequest { request(scenario.messages(asking: prompt, tier: tier, mode: mode)) }

    /// The request that asks what follows an answer.
    ///
    /// - Parameter answer: the whole answer of the cell named by ``follows``, as generated.
    func request(after answer: String) -> SubjectRequest {
        request(scenario.messages(asking: prompt, tier: tier, mode: mode, after: answer))
    }

    private func request(_ messages: [ChatMessage]) -> SubjectRequest {
        SubjectRequest(
            messages: messages, responsePrefix: mode.responsePrefix, sampling: sampling, seed: key.seed,
            stop: mode.stop)
    }

    /// What the answer is an answer to.
    package var question: String { scenario.followUp?.text ?? prompt.text }

    /// The scenario with the variant's edits.
    public var scenario: Scenario { condition.scenario }
    /// The way of answering.
    public var mode: Scenario.Mode { condition.mode }
}

/// One logit gap to measure: a prompt in a scenario as it is written or in a control, and a tier.
public struct LogitGapCell: Sendable, Equatable {
    /// The place in the study's order.
    public let ordinal: Int
    /// The scenario with the variant's edits, in the mode in whose context the openings are compared.
    public let condition: Condition
    /// The kind of user.
    public let tier: Scenario.Tier
    /// What is asked.
    public let prompt: Scenario.Prompt
    /// The digest of everything that decides the outcome.
    public let key: ContentKey
    /// The context in which the openings are compared.
    public let request: SubjectRequest

    /// The scenario with the variant's edits.
    public var scenario: Scenario { condition.scenario }
}

/// What decides an answer; its canonical JSON is what a cell's key digests, so that its names stay what they were first.
private struct CellContent: Encodable {
    let format = 1
    let subject: String
    let messages: [ChatMessage]
    let prefill: String
    let stop: [String]
    let sampling: SamplingSettings
    let seed: UInt64
    let sample: Int
}

/// What decides the answer to a question that follows another answer: that answer, by its key, and what is asked.
private struct FollowUpContent: Encodable {
    let format = 1
    let subject: String
    let follows: ContentKey
    let turn: String
    let prefill: String
    let stop: [String]
    let sampling: SamplingSettings
    let seed: UInt64
    let sample: Int
}

/// A cell by its names.
private struct CellName: Hashable {
    var scenario: String
    var variant: String
    var mode: String
    var tier: String
    var prompt: String
    var sample: Int
}

/// What decides a logit gap; its names stay, likewise.
private struct LogitGapContent: Encodable {
    let format = 1
    let subject: String
    let messages: [ChatMessage]
    let prefill: String
    let compliant: [String]
    let refusing: [String]
}

extension Study {
    /// Everything that is compared, in the canonical order: scenario, variant, mode.
    package var conditions: [Condition] {
        get throws(VariantError) {
            var conditions: [Condition] = []
            for scenario in scenarios {
                for variant in scenario.variants {
                    let resolved = try scenario.applying(variant)
                    conditions += modes(of: resolved).map {
                        Condition(scenario: resolved, variant: variant, mode: $0)
                    }
                }
            }
            return conditions
        }
    }

    /// Everything that is to be asked of `subject`, in the canonical order: condition, prompt, sample, tier.
    ///
    /// The tiers of one prompt stand next to each other, so that an unfinished run has complete pairs.
    package func cells(for subject: SubjectIdentity) throws -> [Cell] {
        var cells: [Cell] = []
        // Filled only where something may follow.
        let isFollowed = scenarios.contains { $0.variants.contains { $0.followUp != nil } }
        var known: [CellName: ContentKey] = [:]
        for condition in try conditions {
            let (scenario, mode) = (condition.scenario, condition.mode)
            for prompt in prompts(of: condition) {
                let asked = tiers(of: condition).map {
                    (tier: $0, messages: scenario.messages(asking: prompt, tier: $0, mode: mode))
                }
                for sample in 0..<definition.samplesPerPrompt {
                    for (tier, messages) in asked {
                        var name = CellName(
                            scenario: scenario.name, variant: condition.variant.id, mode: mode.id, tier: tier.id,
                            prompt: prompt.id, sample: sample)
                        var (follows, key): (ContentKey?, ContentKey)
                        if let followUp = scenario.followUp {
                            name.variant = followUp.variant
                            // The variant that is followed stands before, and is asked as the same tiers about the same prompts.
                            guard let earlier = known[name] else { continue }
                            follows = earlier
                            key = try ContentKey(
                                of: FollowUpContent(
                                    subject: subject.digest, follows: earlier,
                                    turn: scenario.turn(of: followUp, tier: tier), prefill: mode.responsePrefix,
                                    stop: mode.stop, sampling: definition.sampling, seed: definition.seed,
                                    sample: sample))
                        } else {
                            follows = nil
                            key = try ContentKey(
                                of: CellContent(
                                    subject: subject.digest, messages: messages, prefill: mode.responsePrefix,
                                    stop: mode.stop, sampling: definition.sampling, seed: definition.seed,
                                    sample: sample))
                            if isFollowed { known[name] = key }
                        }
                        cells.append(
                            Cell(
                                ordinal: cells.count, condition: condition, tier: tier, prompt: prompt, sample: sample,
                                key: key, sampling: definition.sampling, follows: follows))
                    }
                }
            }
        }
        return cells
    }

    /// Every logit gap that is to be measured, in the canonical order; none if the study does not ask for them.
    ///
    /// They are measured in the scenarios as they are written, and in their controls, since a gap that a tag without meaning makes as
    /// well says nothing about training.
    func logitGapCells(for subject: SubjectIdentity) throws -> [LogitGapCell] {
        guard definition.measuresLogitGap else { return [] }
        var cells: [LogitGapCell] = []
        for condition in try logitGapConditions {
            let (scenario, mode) = (condition.scenario, condition.mode)
            for prompt in prompts(of: condition) {
                for tier in tiers(of: condition) {
                    let messages = scenario.messages(asking: prompt, tier: tier, mode: mode)
                    let key = try ContentKey(
                        of: LogitGapContent(
                            subject: subject.digest, messages: messages, prefill: mode.responsePrefix,
                            compliant: scenario.openings.compliant, refusing: scenario.openings.refusing))
                    cells.append(
                        LogitGapCell(
                            ordinal: cells.count, condition: condition, tier: tier, prompt: prompt, key: key,
                            request: SubjectRequest(messages: messages, responsePrefix: mode.responsePrefix)))
                }
            }
        }
        return cells
    }

    /// The scenarios as they are written and their controls, each in the mode in whose context its openings are compared.
    package var logitGapConditions: [Condition] {
        get throws(VariantError) {
            var conditions: [Condition] = []
            for scenario in scenarios where scenario.variants.contains(.standard) {
                let variants = scenario.variants.filter {
                    $0 == .standard || ($0.role.isControl && !$0.role.asksClosedQuestions)
                }
                for variant in variants {
                    let resolved = try scenario.applying(variant)
                    guard let mode = resolved.modes.first(where: { $0.id == resolved.openings.mode }) else { continue }
                    conditions.append(Condition(scenario: resolved, variant: variant, mode: mode))
                }
            }
            return conditions
        }
    }
}
