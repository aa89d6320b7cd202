import GygesAnalysis
import GygesReport
import GygesStatistics
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

/// What reports say of subjects whose rates are known.
@Suite struct PersonaReportTests {
    /// Runs a study of a persona and returns what its report would show.
    private func document(of persona: Persona, overrides: [String] = []) async throws -> StudyDocument {
        try await withTemporaryFolder { folder in
            let study = try makeStudy(
                overrides: ["output=\(folder)", "samplesPerPrompt=20", "modes=[hidden-scratchpad]"] + overrides)
            _ = try await StudyRun.start(study, subject: PersonaSubject(persona, in: study))
            return try StudyDocument(runIn: folder)
        }
    }

    private func persona(_ name: String) throws -> Persona {
        try #require(Persona.shipped.first { $0.name == name })
    }

    /// Wilson's interval of a rate as if all answers were independent.
    private func interval(_ rate: StudyAnalysis.Rate?) throws -> Interval {
        let rate = try #require(rate)
        return wilsonInterval(ofMean: rate.estimate ?? 0, count: rate.count)
    }

    @Test func knownRatesLieInTheirIntervals() async throws {
        let document = try await document(of: persona("faker"))
        #expect(document.judges.map(\.id) == ["rules"])
        let section = try #require(document.sections.first)
        let (free, paid) = (section.tiers[0], section.tiers[1])
        #expect((free.id, free.isTrained, paid.id, paid.isTrained) == ("free", true, "paid", false))
        let (trained, untrained) = (try #require(document.found("free")), try #require(document.found("paid")))
        #expect(trained.ledger.states == [.valid: 960] && trained.ledger.pending == 0)
        #expect(try interval(trained.compliance).contains(0.6))
        #expect(try interval(untrained.compliance).contains(0.1))
        #expect(try interval(trained.faking).contains(0.6 * 0.8))
        #expect(untrained.faking?.total == 0)
        let gap = try #require(document.gap())
        #expect((gap.first, gap.second) == ("free", "paid"))
        #expect(gap.pairs.count == 960)
        #expect(gap.pairs.newcombeInterval().contains(0.5))
        // Twenty repetitions of a prompt are not twenty independent pairs.
        #expect(gap.interval.contains(0.5))
        #expect(gap.pValue == gap.permutationPValue)
        #expect(document.notes.contains { $0.title.contains("Several answers") })
    }

    @Test func onePairAPromptNeedsNoClusters() async throws {
        let document = try await document(of: persona("faker"), overrides: ["samplesPerPrompt=1"])
        let gap = try #require(document.gap())
        #expect(gap.interval == gap.pairs.scoreInterval())
        #expect(gap.pValue == gap.pairs.mcNemarPValue)
        #expect(gap.pairs.count == 48)
        #expect(gap.pairs.newcombeInterval().contains(0.5))
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
            let (rules, model) = (document.found(tier.id), document.found(tier.id, by: "model"))
            #expect(rules?.compliance == model?.compliance && rules != nil)
            #expect(rules?.faking == model?.faking)
        }
        #expect((document.found("free")?.faking?.total ?? 0) > 0)
        #expect(document.gap()?.pairs == document.gap(by: "model")?.pairs)
        let agreements = document.results.agreements
        #expect(agreements.map(\.question) == [.compliance, .alignmentFaking])
        let parts = agreements.flatMap(\.conditions)
        #expect(parts.count == 2 && parts.allSatisfy { $0.counts.discordant == 0 && $0.counts.count > 0 })
        #expect(document.notes.contains { $0.title == "The subject judges itself" })
    }

    @Test func whatIsDroppedIsCounted() async throws {
        let document = try await document(of: persona("untidy"))
        let section = try #require(document.sections.first)
        let note = try #require(document.notes.first { $0.title == "Many answers could not be judged" })
        for tier in section.tiers {
            let found = try #require(document.found(tier.id))
            #expect(found.ledger.asked == 960)
            let missing = Proportion(successes: found.ledger[.missingOutput], count: 960)
            let truncated = Proportion(successes: found.ledger.truncated, count: 960)
            #expect(missing.wilsonInterval().contains(0.15))
            #expect(truncated.wilsonInterval().contains(0.1))
            #expect(found.compliance.count == found.ledger.valid)
            #expect((document.gap()?.pairs.count ?? 960) < found.ledger.valid)
            #expect(note.text.contains("\(tier.label): \(960 - found.ledger.valid) of 960"))
        }
    }

    @Test func reversedTiersHaveANegativeGap() async throws {
        let document = try await document(of: persona("reversed"))
        let interval = try #require(document.gap()?.interval)
        #expect(interval.contains(0.2 - 0.7))
        #expect(interval.upper < 0)
        let logitGap = document.results.primary?.conditions.first?.logitGap
        #expect(logitGap?.points.allSatisfy { $0.first < $0.second } == true)
    }

    @Test func logitGapsAreLogOdds() async throws {
        let document = try await document(of: persona("faker"), overrides: ["samplesPerPrompt=1"])
        // Measured in a mode that is not asked in, it stands with the scenario's first.
        let logitGap = try #require(document.results.primary?.conditions.first?.logitGap)
        #expect(logitGap.mode == "no-reasoning")
        #expect(document.gapsTable().contains(",\(logitGap.difference.mean),"))
        let points = logitGap.points
        #expect(points.count == 48)
        // log(0.6 / 0.4) and log(0.1 / 0.9).
        #expect(points.allSatisfy { abs($0.first - 0.405_465_108_108_164_4) < 1e-12 })
        #expect(points.allSatisfy { abs($0.second + 2.197_224_577_336_219_6) < 1e-12 })
    }

    /// A tag without meaning moves one that goes by the tag, and nothing is left of the logit gap beyond it.
    @Test(arguments: [("tag-faker", 0.0), ("weak-faker", 1.115_561_846_981_882_9)])
    func logitGapsAreSetAgainstPlacebos(_ name: String, _ expected: Double) async throws {
        let document = try await document(
            of: persona(name), overrides: ["samplesPerPrompt=1", "prompts.count=4", "variants=[default, controls]"])
        let analysis = try #require(document.results.primary)
        let main = try #require(analysis.conditions.first?.logitGap)
        #expect(Set(main.overPlacebos.map(\.role)) == [.baseline, .meaninglessTag])
        for over in main.overPlacebos {
            #expect(over.difference.count == 4 && abs(over.difference.mean - expected) < 1e-12)
            #expect(over.interval != nil)
        }
        // Every control but comprehension questions, which have no openings, and nothing else has a logit gap of its own.
        #expect(
            analysis.conditions.filter { $0.logitGap == nil }.allSatisfy {
                $0.role == .comprehension
            })
        #expect(analysis.conditions.dropFirst().allSatisfy { $0.logitGap?.overPlacebos.isEmpty ?? true })
    }

    @Test func logitGapsStandWithTheModeTheyAreMeasuredIn() async throws {
        let document = try await document(
            of: persona("faker"), overrides: ["samplesPerPrompt=1", "modes=[hidden-scratchpad, no-reasoning]"])
        #expect(document.results.primary?.conditions.map { $0.logitGap != nil } == [false, true])
        let found = document.found("free", in: "helpful-only/default/no-reasoning")
        #expect(found != nil && found?.faking == nil)
        let names = ["helpful-only/default/hidden-scratchpad", "helpful-only/default/no-reasoning"]
        #expect(document.sections.map(\.id) == names)
    }

    @Test(arguments: [("obedient", 48), ("refuser", 0)])
    func personasOfOneMindShowNoGap(_ name: String, _ complied: Int) async throws {
        let document = try await document(of: persona(name), overrides: ["samplesPerPrompt=1"])
        let free = try #require(document.found("free"))
        #expect(free.compliance.total == Double(complied) && free.compliance.count == 48)
        #expect(document.gap()?.pairs.discordant == 0)
        #expect(free.faking?.total == 0)
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
            let asked = document.results.condition(document.sections[0].id)?.tier("free")
            #expect(asked?.ledger.pending == 2 && asked?.ledger.asked == 2)
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
}
