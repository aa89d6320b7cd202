import Foundation
import GygesAnalysis
import GygesStatistics
import Testing

@testable import GygesReport

extension StudyDocument {
    /// A document that has everything a report can show: a verdict with gates, many conditions, three tiers, power, labels.
    static func full() -> StudyDocument {
        let names = [
            "As written", "No RLHF details", "Honesty asked for", "Tiers swapped", "Meaningless tag", "No conflict",
            "Paraphrase 1", "Three tiers",
        ]
        let roles: [ConditionRole] = [
            .main, .variation, .variation, .swappedTiers, .meaninglessTag, .baseline, .paraphrase, .arm,
        ]
        let tiers = [
            Tier(id: "free", label: "Free tier (trained on)", isTrained: true),
            Tier(id: "paid", label: "Paid tier (not trained on)", isTrained: false),
            Tier(id: "enterprise", label: "Enterprise (not trained on)", isTrained: false),
        ]
        var sections = zip(names, roles).enumerated().map { index, pair in
            var section = Section(
                id: "helpful-only/v\(index)/hidden-scratchpad", scenario: "helpful-only",
                variant: index == 0 ? "" : pair.0, mode: "Hidden scratchpad",
                tiers: Array(tiers.prefix(pair.1 == .arm ? 3 : 2)), systemPrompt: "You are.", userTurn: "{{prompt}}")
            section.role = pair.1.rawValue
            section.isMain = pair.1 == .main
            return section
        }
        sections[1].difference = [
            .init(.heading, "System prompt"), .init(.removed, "RLHF changes your values."),
            .init(.added, "RLHF changes you."),
        ]
        let hypothesis = Hypothesis(
            id: "gap", statement: "It complies more when trained on.", conditions: .role(.main), outcome: .compliance)
        var document = StudyDocument(
            title: "A full study", purpose: "What a report can show.", subject: "persona:faker",
            facts: [Fact("Seed", "7"), Fact("Digest", "0123abcd", isVerbatim: true)],
            judges: [Judge(id: "rules", label: "Rules", method: "Phrases."), Judge(id: "model", label: "Model")],
            sections: sections,
            notes: [
                Note(title: "A warning", text: "Read with care."),
                Note(title: "A remark", text: "Fine.", isWarning: false),
            ], results: results(sections, roles, hypothesis))
        document.preregistration = Preregistration(
            isStated: true, terms: [Fact("n", "40 prompts a tier")], hypotheses: [hypothesis],
            deviations: ["prompts.count was 40 and is 52"])
        return document
    }

    private static func results(
        _ sections: [Section], _ roles: [ConditionRole], _ hypothesis: Hypothesis
    ) -> StudyResults {
        let answers = zip(sections, roles).enumerated().flatMap { index, pair in
            // The meaningless tag does nearly what the tiers do.
            Self.cells(
                pair.0, pair.1, trained: pair.1 == .meaninglessTag ? 32 : 30 - 2 * index, untrained: 8 + index)
        }
        let scores = (0...10).flatMap { score in
            (0..<20).map { item in
                JudgeAccuracy.Pair(label: item < 2 * score, judged: score > 4, score: 0.1 * Double(score))
            }
        }
        return StudyResults(
            answers,
            judges: [
                JudgeFindings(judge: "rules", observations: answers),
                JudgeFindings(judge: "model", judgesFaking: false, observations: answers),
            ],
            hypotheses: [hypothesis],
            accuracies: [JudgeAccuracy(judge: "model", labeller: "ada", outcome: .alignmentFaking, pairs: scores)],
            seed: 1, draws: 100)
    }

    /// 48 judged prompts and 4 answers without their form in each tier.
    private static func cells(
        _ section: Section, _ role: ConditionRole, trained: Int, untrained: Int
    ) -> [Observation] {
        (0..<52).flatMap { prompt in
            section.tiers.map { tier in
                let complied = prompt < (tier.isTrained ? trained : untrained)
                let fakes = tier.isTrained && (complied ? prompt % 3 > 0 : prompt % 16 == 15)
                let state: TranscriptState = prompt < 48 ? .valid : prompt < 51 ? .truncated : .missingOutput
                return Observation(
                    condition: section.id, role: role, tier: tier.id, isTrained: tier.isTrained,
                    prompt: "prompt-\(prompt)", state: state,
                    finding: state == .valid
                        ? Observation.Finding(complied: complied, fakes: fakes, seesConflict: prompt % 2 == 0) : nil)
            }
        }
    }
}

/// A report that shows all it can.
@Suite struct FullReportTests {
    @Test(
        "The finding and its picture stand before everything else, then the control panel, with each number and its bounds"
    )
    func showsControls() throws {
        let document = StudyDocument.full()
        let page = try document.html()
        let order = [
            "but not because of training", "id=\"answer-title\"", ">Control panel<", ">Pre-registration<",
            ">Charts</h2>", ">Numbers</h2>",
            ">Materials</h2>",
        ]
        let places = try order.map { try #require(page.range(of: $0)?.lowerBound, "\($0)") }
        #expect(places == places.sorted())
        let gate = try #require(document.results.primary?.verdicts.first?.gate(.meaninglessTag))
        let (value, interval) = (try #require(gate.value), try #require(gate.interval))
        for text in [
            "✗ failed</span>",
            "<td data-label=\"Found\">\(Numbers.points(value))</td><td data-label=\"Interval\">\(Numbers.points(interval))</td>",
            "<td data-label=\"Must be\">≥ \(Numbers.points(gate.bound))</td>",
            "≥ 2.0\u{A0}%", "Controls not run: Comprehension.",
            "prompts.count was 40 and is 52", "<del>− RLHF changes your values.</del>",
        ] { #expect(page.contains(text), "\(text)") }
        if let path = ProcessInfo.processInfo.environment["GYGES_KEEP_PAGE"] {
            try StudyDocument.full().html(
                Exchange.sample().map {
                    var exchange = $0
                    exchange.condition = "helpful-only/v0/hidden-scratchpad"
                    return exchange
                }
            ).write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    @Test("Controls that were not run are one line and no rows")
    func namesMissingControls() throws {
        let document = StudyDocument.full()
        let page = try document.html()
        let verdict = try #require(document.results.primary?.verdicts.first)
        let missing = verdict.gates.filter { $0.status == .missing }
        #expect(!missing.isEmpty && missing.count < verdict.gates.count)
        let panel = try #require(
            page.components(separatedBy: "id=\"controls\"").last?.components(separatedBy: "</section>").first)
        #expect(panel.components(separatedBy: "<tr>").count == 2 + verdict.gates.count - missing.count)
        for gate in missing { #expect(!panel.contains(gate.kind.question) && panel.contains(gate.kind.label)) }
        #expect(panel.components(separatedBy: "Controls not run: ").count == 2)
        // Where nothing was run there is no table at all.
        let bare = try StudyDocument.sample().html()
        #expect(bare.contains("Controls not run: ") && !bare.contains("– not run"))
    }

    @Test("Every chart can be taken as a picture and as its numbers in full precision")
    func givesCharts() throws {
        let page = try StudyDocument.full().html()
        let charts = page.components(separatedBy: "<figure ").dropFirst()
        #expect(page.contains("id=\"control-chart-title\"") && page.contains("id=\"hypothesis-chart-title\""))
        #expect(charts.count > 10)
        for chart in charts {
            #expect(chart.components(separatedBy: "data-take=\"svg\"").count == 2)
            #expect(chart.components(separatedBy: "data-take=\"csv\"").count == 2)
        }
        let conditions = StudyDocument.full().primaryConditions.filter(\.section.isMain)
        let judged = try #require(conditions.first)
        let gap = try #require(judged.condition.gap)
        let lines = ForestChart(gaps: conditions.compactMap(\.gap), judges: conditions.map { _ in "a, \"b\"" })
            .commaSeparated
        #expect(
            lines[0]
                == "Condition,Judge,Pairs,\"Gap, points\",\"Gap's interval, lower\",\"Gap's interval, upper\",p,\"p, Holm\",\"p, BH\""
        )
        #expect(lines.count == conditions.count + 1)
        let estimate = try #require(gap.estimate)
        #expect(
            lines[1].hasSuffix(
                """
                ,"a, ""b""\",\(gap.pairs.count),\(estimate),\(gap.interval.lower),\(gap.interval.upper),\(gap.pValue),\(gap.holmPValue),\
                \(gap.benjaminiHochbergPValue)
                """))
    }

    @Test("Every chart is drawn, says what it shows, and has its numbers as a table")
    func drawsCharts() throws {
        let page = try StudyDocument.full().html()
        for id in [
            "answer", "outcomes", "compliance", "faking", "reasoning", "conditional", "ledger", "pairs", "gap",
            "scatter",
            "power", "prompts-0", "calibration-0",
        ] {
            #expect(page.contains("id=\"\(id)-title\"") && page.contains("id=\"\(id)-desc\""), "\(id)")
        }
        let ids = page.matches(of: /\ id="([^"]+)"/).map { String($0.output.1) }
        #expect(Set(ids).count == ids.count)
        for word in ["NaN", "nan\"", "inf\"", "Infinity", "nil", "Optional("] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(page.contains("sees a conflict, does not fake: complied"))
    }

    @Test("The gaps' marks follow the corrected tests")
    func marksFollowCorrections() throws {
        let judged = try #require(StudyDocument.full().primaryConditions.first?.gap)
        let gaps = [(0.01, 0.01), (0.2, 0.04), (0.5, 0.5)].map { holm, discovery in
            var gap = judged.gap
            (gap.holmPValue, gap.benjaminiHochbergPValue) = (holm, discovery)
            return JudgedGap(section: judged.section, gap: gap, analysis: judged.analysis)
        }
        let picture = ForestChart(gaps: gaps, judges: ["a", "b", "c"]).svg(id: "x", title: "t").html
        // One of each, and one of each in the key.
        #expect(picture.components(separatedBy: "mark gap").count == 3)
        #expect(picture.components(separatedBy: "mark open").count == 3)
    }

    @Test("A redacted document has no text of a difference")
    func redactsDifferences() throws {
        let page = try StudyDocument.full().redacted().html()
        #expect(!page.contains("RLHF changes your values") && page.contains("[removed: 25 characters]"))
    }

    @Test("A training's panels")
    func training() throws {
        let chart = TrainingChart(
            points: (0..<5).map { step in
                .init(step: 100 * step, trained: (0.1 * Double(step), 0.2), untrained: (0, 0.1))
            })
        #expect(
            chart.rows[4].map(\.shown) == ["400", "40.0\u{A0}%", "20.0\u{A0}%", "0.0\u{A0}%", "10.0\u{A0}%", "+50.0"])
        #expect(chart.svg(id: "t", title: "t").html.components(separatedBy: "<polygon").count == 9)
        #expect(TrainingChart(points: []).svg(id: "t", title: "t").html.contains("NaN") == false)
    }
}
