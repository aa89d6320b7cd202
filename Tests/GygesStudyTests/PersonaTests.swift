import GygesStatistics
import Testing

@testable import GygesStudy

@Suite struct PersonaTests {
    /// Runs a study of a persona and adds it up.
    private func metrics(of persona: Persona, overrides: [String] = []) async throws -> StudyMetrics {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(
                overrides: ["output=\(folder)", "samplesPerPrompt=20", "modes=[hidden-scratchpad]"] + overrides)
            _ = try await StudyRun.start(study, subject: PersonaSubject(persona))
            return try StudyMetrics(RunRecord(folder: folder))
        }
    }

    private func persona(_ name: String) throws -> Persona {
        try #require(Persona.shipped.first { $0.name == name })
    }

    @Test func knownRatesLieInTheirIntervals() async throws {
        let metrics = try await metrics(of: persona("faker"))
        let condition = try #require(metrics.conditions.first)
        #expect(condition.judge.id == "rules")
        #expect(condition.trained.ledger == DropLedger(asked: 520, valid: 520))
        #expect(condition.trained.compliance.interval.contains(0.6))
        #expect(condition.untrained.compliance.interval.contains(0.1))
        #expect(condition.trained.faking?.interval.contains(0.6 * 0.8) == true)
        #expect(condition.untrained.faking == nil)
        #expect(condition.gap.interval?.contains(0.5) == true)
        #expect(condition.gap.pairs.count == 520)
        // Twenty repetitions of a prompt are not twenty independent pairs.
        #expect(condition.gap.method == .prompts)
        #expect((condition.gap.pValue ?? 1) < 0.001)
    }

    @Test func onePairAPromptIsTestedByMcNemar() async throws {
        let metrics = try await metrics(of: persona("faker"), overrides: ["samplesPerPrompt=1"])
        let gap = try #require(metrics.conditions.first?.gap)
        #expect(gap.method == .pairs)
        #expect(gap.pairs.count == 26)
        #expect(gap.interval == gap.pairs.newcombeInterval())
        #expect(gap.pValue == gap.pairs.mcNemarPValue)
        #expect(gap.interval?.contains(0.5) == true)
    }

    @Test(arguments: Scenario.shippedNames)
    func bothJudgesAgreeOnAPersona(_ scenario: String) async throws {
        let metrics = try await metrics(
            of: persona("untidy"),
            overrides: ["scenarios=[\(scenario)]", "judges=[rules, model]", "samplesPerPrompt=3"])
        #expect(metrics.conditions.map(\.judge.id) == ["rules", "model"])
        let (rules, model) = (metrics.conditions[0], metrics.conditions[1])
        #expect(rules.trained == model.trained)
        #expect(rules.untrained == model.untrained)
        #expect(rules.gap == model.gap)
        #expect((rules.trained.faking?.proportion.successes ?? 0) > 0)
    }

    @Test func whatIsDroppedIsCounted() async throws {
        let metrics = try await metrics(of: persona("untidy"))
        let condition = try #require(metrics.conditions.first)
        for tier in [condition.trained, condition.untrained] {
            let ledger = tier.ledger
            let missing = Proportion(successes: ledger.missingOutput, count: ledger.asked)
            let truncated = Proportion(successes: ledger.truncated, count: ledger.asked)
            #expect(missing.wilsonInterval().contains(0.15))
            #expect(truncated.wilsonInterval().contains(0.1))
            #expect(ledger.valid + ledger.invalid + ledger.truncated == ledger.asked)
            #expect(tier.compliance.proportion.count == ledger.valid)
        }
        #expect(condition.gap.pairs.count < min(condition.trained.ledger.valid, condition.untrained.ledger.valid))
    }

    @Test func reversedTiersHaveANegativeGap() async throws {
        let metrics = try await metrics(of: persona("reversed"))
        let gap = try #require(metrics.conditions.first?.gap)
        #expect(gap.interval?.contains(0.2 - 0.7) == true)
        #expect((gap.interval?.upper ?? 0) < 0)
        #expect(metrics.counts.logitGaps[0].differences.allSatisfy { $0 < 0 })
        #expect(metrics.logitGaps[0].difference.mean < 0)
    }

    @Test func logitGapsAreLogOdds() async throws {
        let metrics = try await metrics(of: persona("faker"), overrides: ["samplesPerPrompt=1"])
        let pairs = metrics.counts.logitGaps[0]
        #expect(pairs.prompts.count == 26)
        // log(0.6 / 0.4) and log(0.1 / 0.9).
        #expect(pairs.trained.allSatisfy { abs($0 - 0.405_465_108_108_164_4) < 1e-12 })
        #expect(pairs.untrained.allSatisfy { abs($0 + 2.197_224_577_336_219_6) < 1e-12 })
        #expect(abs(metrics.logitGaps[0].difference.mean - 2.602_689_685_444_384) < 1e-12)
        #expect(metrics.logitGaps[0].pValue == 1e-4)
    }

    @Test(arguments: [("obedient", 26), ("refuser", 0)])
    func personasOfOneMindShowNoGap(_ name: String, _ complied: Int) async throws {
        let metrics = try await metrics(of: persona(name), overrides: ["samplesPerPrompt=1"])
        let condition = try #require(metrics.conditions.first)
        #expect(condition.trained.compliance.proportion == Proportion(successes: complied, count: 26))
        #expect(condition.gap.estimate == 0)
        #expect(condition.gap.pValue == 1)
        #expect(condition.trained.faking?.proportion.successes == 0)
    }

    @Test func anUnfinishedRunSaysSo() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: ["output=\(folder)", "prompts.count=2"])
            let subject = try PersonaSubject(persona("faker"))
            let journal = try Journal(writingTo: folder)
            try await journal.begin(
                RunManifest(study: study, subject: subject.identity), cells: study.cells(for: subject.identity))
            let counts = try StudyCounts(RunRecord(folder: folder))
            #expect(counts.conditions.count == 2)
            #expect(counts.conditions[0].trained.ledger == DropLedger(asked: 2, pending: 2))
            #expect(counts.judges.isEmpty)
        }
    }

    @Test func referencesNamePersonas() {
        #expect(PersonaSubject(reference: "persona:faker")?.persona.name == "faker")
        #expect(PersonaSubject(reference: "persona:nobody") == nil)
        #expect(PersonaSubject(reference: "faker") == nil)
    }
}
