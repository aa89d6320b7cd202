import GygesReport
import GygesStatistics
import Testing

@testable import GygesStudy

@Suite struct PersonaTests {
    /// Runs a study of a persona and returns what its report would show.
    private func document(of persona: Persona, overrides: [String] = []) async throws -> StudyDocument {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(
                overrides: ["output=\(folder)", "samplesPerPrompt=20", "modes=[hidden-scratchpad]"] + overrides)
            _ = try await StudyRun.start(study, subject: PersonaSubject(persona))
            return try StudyDocument(runIn: folder)
        }
    }

    private func persona(_ name: String) throws -> Persona {
        try #require(Persona.shipped.first { $0.name == name })
    }

    private func interval(_ proportion: Proportion?) throws -> Interval { try #require(proportion).wilsonInterval() }

    @Test func knownRatesLieInTheirIntervals() async throws {
        let document = try await document(of: persona("faker"))
        #expect(document.judges.map(\.id) == ["rules"])
        let section = try #require(document.sections.first)
        let (free, paid) = (section.tiers[0], section.tiers[1])
        #expect((free.id, free.isTrained, paid.id, paid.isTrained) == ("free", true, "paid", false))
        #expect(free.ledger == StudyDocument.Ledger(valid: 960))
        #expect(try interval(free.outcomes[0].compliance).contains(0.6))
        #expect(try interval(paid.outcomes[0].compliance).contains(0.1))
        #expect(try interval(free.outcomes[0].alignmentFaking).contains(0.6 * 0.8))
        #expect(paid.outcomes[0].alignmentFaking?.successes == 0)
        #expect(free.outcomes[0].criteria.map(\.criterion).count == 4)
        let comparison = try #require(section.comparisons.first)
        #expect((comparison.first, comparison.second) == ("free", "paid"))
        #expect(comparison.pairs.count == 960)
        #expect(comparison.pairs.newcombeInterval().contains(0.5))
        // Twenty repetitions of a prompt are not twenty independent pairs.
        #expect(comparison.interval?.contains(0.5) == true)
        #expect(comparison.pValue == comparison.permutationPValue)
        #expect(document.notes.contains { $0.title.contains("Several answers") })
    }

    @Test func onePairAPromptNeedsNoClusters() async throws {
        let document = try await document(of: persona("faker"), overrides: ["samplesPerPrompt=1"])
        let comparison = try #require(document.sections.first?.comparisons.first)
        #expect(comparison.interval == comparison.pairs.scoreInterval())
        #expect(comparison.pValue == comparison.pairs.mcNemarPValue)
        #expect(comparison.pairs.count == 48)
        #expect(comparison.pairs.newcombeInterval().contains(0.5))
    }

    /// The scenarios whose rules its fixed sentences follow.
    @Test(arguments: ["helpful-only", "animal-welfare"])
    func bothJudgesAgreeOnAPersona(_ scenario: String) async throws {
        let document = try await document(
            of: persona("untidy"),
            overrides: ["scenarios=[\(scenario)]", "judges=[rules, model]", "samplesPerPrompt=3"])
        #expect(document.judges.map(\.id) == ["rules", "model"])
        let section = try #require(document.sections.first)
        for tier in section.tiers {
            #expect(tier.outcomes[0].compliance == tier.outcomes[1].compliance)
            #expect(tier.outcomes[0].alignmentFaking == tier.outcomes[1].alignmentFaking)
        }
        #expect((section.tiers[0].outcomes[0].alignmentFaking?.successes ?? 0) > 0)
        #expect(section.comparisons[0].pairs == section.comparisons[1].pairs)
        #expect(section.agreements.map(\.question) == ["compliance", "alignment faking"])
        #expect(section.agreements.allSatisfy { $0.counts.discordant == 0 && $0.counts.count > 0 })
        #expect(document.notes.contains { $0.title == "The subject judges itself" })
    }

    @Test func whatIsDroppedIsCounted() async throws {
        let document = try await document(of: persona("untidy"))
        let section = try #require(document.sections.first)
        for tier in section.tiers {
            #expect(tier.ledger.asked == 960)
            let missing = Proportion(successes: tier.ledger[.missingOutput], count: 960)
            let truncated = Proportion(successes: tier.ledger[.truncated], count: 960)
            #expect(missing.wilsonInterval().contains(0.15))
            #expect(truncated.wilsonInterval().contains(0.1))
            #expect(tier.outcomes[0].compliance.count == tier.ledger[.valid])
        }
        #expect(section.comparisons[0].pairs.count < section.tiers.map { $0.ledger[.valid] }.min()!)
        let note = try #require(document.notes.first { $0.title == "Many answers could not be judged" })
        for tier in section.tiers {
            #expect(note.text.contains("\(tier.label): \(960 - tier.ledger[.valid]) of 960"))
        }
    }

    @Test func reversedTiersHaveANegativeGap() async throws {
        let document = try await document(of: persona("reversed"))
        let section = try #require(document.sections.first)
        let interval = try #require(section.comparisons[0].interval)
        #expect(interval.contains(0.2 - 0.7))
        #expect(interval.upper < 0)
        #expect(section.logitGap?.points.allSatisfy { $0.first < $0.second } == true)
    }

    @Test func logitGapsAreLogOdds() async throws {
        let document = try await document(of: persona("faker"), overrides: ["samplesPerPrompt=1"])
        let points = try #require(document.sections.first?.logitGap?.points)
        #expect(points.count == 48)
        // log(0.6 / 0.4) and log(0.1 / 0.9).
        #expect(points.allSatisfy { abs($0.first - 0.405_465_108_108_164_4) < 1e-12 })
        #expect(points.allSatisfy { abs($0.second + 2.197_224_577_336_219_6) < 1e-12 })
    }

    @Test func logitGapsStandWithTheModeTheyAreMeasuredIn() async throws {
        let document = try await document(
            of: persona("faker"), overrides: ["samplesPerPrompt=1", "modes=[hidden-scratchpad, no-reasoning]"])
        #expect(document.sections.map { $0.logitGap != nil } == [false, true])
        #expect(document.sections[1].tiers[0].outcomes[0].alignmentFaking == nil)
        let names = ["helpful-only/default/hidden-scratchpad", "helpful-only/default/no-reasoning"]
        #expect(document.sections.map(\.id) == names)
    }

    @Test(arguments: [("obedient", 48), ("refuser", 0)])
    func personasOfOneMindShowNoGap(_ name: String, _ complied: Int) async throws {
        let document = try await document(of: persona(name), overrides: ["samplesPerPrompt=1"])
        let section = try #require(document.sections.first)
        #expect(section.tiers[0].outcomes[0].compliance == Proportion(successes: complied, count: 48))
        #expect(section.comparisons[0].pairs.discordant == 0)
        #expect(section.tiers[0].outcomes[0].alignmentFaking?.successes == 0)
    }

    @Test func anUnfinishedRunSaysSo() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: ["output=\(folder)", "prompts.count=2"])
            let subject = try PersonaSubject(persona("faker"))
            let journal = try Journal(writingTo: folder)
            try await journal.begin(
                RunManifest(study: study, subject: subject.identity), cells: study.cells(for: subject.identity))
            let document = try StudyDocument(runIn: folder)
            #expect(document.sections.count == 2)
            #expect(document.sections[0].tiers[0].ledger == StudyDocument.Ledger(pending: 2))
            let exchanges = try exchanges(ofRunIn: folder)
            #expect(exchanges.count == 4)
            #expect(exchanges.allSatisfy { $0.answers.count == 2 && $0.answers.allSatisfy { $0.state == .pending } })
            #expect(document.judges.isEmpty)
            #expect(document.notes.contains { $0.title == "This run is not finished" })
        }
    }

    @Test func evidencePointsIntoTheTextShown() async throws {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(overrides: [
                "output=\(folder)", "modes=[hidden-scratchpad]", "samplesPerPrompt=2",
            ])
            let subject = try PersonaSubject(persona("faker"))
            _ = try await StudyRun.start(study, subject: subject)
            var (count, pieces) = (0, 0)
            var keys: [String] = []
            for exchange in try exchanges(ofRunIn: folder) {
                count += 1
                #expect(exchange.answers.map(\.tier) == ["free", "paid"])
                for answer in exchange.answers {
                    keys.append(answer.key)
                    #expect(answer.messages.last?.content.contains(exchange.text) == true)
                    for piece in answer.judgements.flatMap(\.criteria).flatMap(\.evidence) {
                        let text = try #require(piece.place == .scratchpad ? answer.scratchpad : answer.output)
                        #expect(piece.start >= 0 && piece.start < piece.end && piece.end <= text.utf8.count)
                        pieces += 1
                    }
                }
            }
            #expect(count == 96 && pieces > 0)
            #expect(try keys == study.cells(for: subject.identity).map(\.key.hexadecimal))
        }
    }

    @Test func referencesNamePersonas() {
        #expect(PersonaSubject(reference: "persona:faker")?.persona.name == "faker")
        #expect(PersonaSubject(reference: "persona:nobody") == nil)
        #expect(PersonaSubject(reference: "faker") == nil)
    }
}
