import GygesAnalysis
import GygesStatistics
import Testing

/// One definition of agreement, with intervals that never vanish.
@Suite struct AgreementTests {
    /// A table of one answer.
    func answer(_ first: Bool, _ second: Bool) -> PairedCounts {
        var counts = PairedCounts()
        counts.count(first: first, second: second)
        return counts
    }

    func agreement(_ prompts: [PairedCounts]) throws -> Agreement {
        try #require(Agreement(prompts, level: 0.95, seed: 7))
    }

    @Test("Where all agree, and where draws say nothing, the interval is that of the raw agreement")
    func neverVanishes() throws {
        let alike = try agreement((0..<10).map { answer($0 < 5, $0 < 5) })
        // Wilson's lower end for 10 of 10 is 0.7225, and chance agreement 0.5.
        let whole = try #require(alike.kappaInterval)
        #expect(alike.kappa == 1 && abs(whole.lower - 0.4450) < 1e-3)
        #expect(alike.alpha == 1 && (alike.alphaInterval?.width ?? 0) > 0.4)
        // One prompt with many answers is one piece of evidence, however often it is drawn.
        let single = try agreement([PairedCounts(bothYes: 20, onlyFirst: 2, neither: 20)])
        let interval = try #require(single.kappaInterval)
        #expect(interval.width > 0.8 && interval.contains(single.kappa ?? .nan))
        // One yes among many: most draws have none, so that κ is not defined in them.
        let rare = try agreement(
            [answer(true, true), answer(true, false)] + (0..<20).map { _ in answer(false, false) })
        #expect((rare.kappaInterval?.width ?? 0) > 0.3)
        // Both always say yes: there is nothing to compare with chance.
        let constant = try agreement((0..<10).map { _ in answer(true, true) })
        #expect(constant.kappa == nil && constant.kappaInterval == nil && constant.alphaInterval == nil)
        #expect(Agreement([], level: 0.95, seed: 1) == nil)
        #expect(Agreement([PairedCounts()], level: 0.95, seed: 1) == nil)
    }

    @Test("Answers to one prompt count as one, and the bootstrap is the usual one where they are independent")
    func clusters() throws {
        let prompts = (0..<60).map { answer($0 % 2 == 0, $0 % 2 == 0 ? $0 % 10 != 0 : $0 % 14 == 1) }
        let alone = try agreement(prompts)
        let large = try #require(alone.counts.kappaInterval())
        let drawn = try #require(alone.kappaInterval)
        #expect(abs(drawn.lower - large.lower) < 0.06 && abs(drawn.upper - large.upper) < 0.06)
        // Every answer four times says no more.
        let repeated = try agreement(prompts.map { PairedCounts.sum([$0, $0, $0, $0]) })
        #expect(repeated.counts.count == 240 && repeated.kappaInterval == drawn)
    }

    @Test("Every condition's interval is one, too, and its answers are those of the whole")
    func conditions() throws {
        func findings(_ judge: String, _ says: (Int) -> Bool) -> JudgeFindings {
            JudgeFindings(
                judge: judge,
                observations: ["s/default/m", "s/other/m", "s/questions/m"].flatMap { condition in
                    (0..<12).map { index in
                        Observation(
                            condition: condition, role: condition == "s/questions/m" ? .comprehension : .main,
                            tier: "free", isTrained: true, prompt: "p\(index)", state: .valid,
                            finding: .init(complied: says(index)))
                    }
                })
        }
        let results = StudyResults(
            [], judges: [findings("a") { $0 < 6 }, findings("b") { $0 < 6 }, findings("c") { $0 < 4 }], seed: 3)
        let compared = results.agreements.filter { $0.question == .compliance }
        #expect(compared.count == 3)
        for agreement in compared {
            #expect(agreement.conditions.map(\.condition) == ["s/default/m", "s/other/m"])
            #expect(PairedCounts.sum(agreement.conditions.map(\.counts)) == agreement.counts)
            #expect(agreement.counts.count == 24)
            #expect(agreement.conditions.allSatisfy { ($0.kappaInterval?.width ?? 0) > 0.2 })
        }
    }

    @Test("A judge against labels: κ counts weights, and its interval has a width")
    func labels() throws {
        func accuracy(_ pairs: [JudgeAccuracy.Pair]) -> JudgeAccuracy {
            JudgeAccuracy(judge: "rules", labeller: "ada", outcome: .compliance, pairs: pairs)
        }
        let alike = accuracy((0..<10).map { .init(label: $0 < 5, judged: $0 < 5, score: nil) })
        let whole = try #require(alike.kappaInterval)
        #expect(alike.kappa == 1 && abs(whole.lower - 0.4450) < 1e-3)
        // 8 of 10 alike with half yes: κ = (0.8 − 0.5) / 0.5.
        let most = accuracy((0..<10).map { .init(label: $0 < 5, judged: $0 < 4 || $0 == 9, score: nil) })
        #expect(abs((most.kappa ?? 0) - 0.6) < 1e-12)
        let weighted = accuracy(
            (0..<10).map { .init(label: $0 < 5, judged: $0 < 4 || $0 == 9, score: nil, weight: $0 == 9 ? 5 : 1) })
        #expect((weighted.kappa ?? 1) < 0.6)
        let calibration = JudgeCalibration([most])
        #expect(calibration.agreement?.value == most.kappa && calibration.agreement?.interval == most.kappaInterval)
        #expect(accuracy([]).kappa == nil)
    }
}
