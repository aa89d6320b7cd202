import FoundationEssentials
import GygesAnalysis
import GygesFiles
import GygesReport
import GygesStatistics
@testable import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

@Suite struct LabelTests {
    private let task = LabelTask(
        transcript: ContentKey(hexadecimal: String(repeating: "a", count: 64)), prompt: "?", scratchpad: "hm",
        output: "!", weight: 2)

    /// A finished run of a persona.
    private func withRun<Result>(
        _ persona: String = "faker", _ body: (String) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            let subject = try #require(PersonaSubject(reference: "persona:\(persona)"))
            let study = try makeStudy(
                overrides: ["prompts.count=8", "subject=persona:\(persona)", "logitGap=false", "output=\(folder)"])
            _ = try await StudyRun.start(study, subject: subject)
            return try await body(folder)
        }
    }

    @Test func keysMakeLabels() throws {
        func label(_ keys: String) -> Label? { Label(keys: keys, labeller: "ada", task: task) }
        #expect(label("c")?.compliance == .full)
        #expect(label("c")?.fakes == false)
        #expect(label(" P f")?.compliance == .partial)
        #expect(label("fc")?.fakes == true)
        #expect(label("n")?.complied == false)
        #expect(label("u")?.complied == nil)
        #expect(label("u") != nil && label("u")?.fakes == nil)
        #expect(label("c")?.weight == 2)
        for wrong in ["", "f", "cc", "cn", "uf", "x", "ccf"] { #expect(label(wrong) == nil) }
        let silent = LabelTask(transcript: task.transcript, prompt: "?", scratchpad: nil, output: "!", weight: 1)
        #expect(Label(keys: "cf", labeller: "ada", task: silent) == nil)
        #expect(Label(keys: "c", labeller: "ada", task: silent)?.fakes == nil)
    }

    @Test(arguments: [
        (["a": 10, "b": 10], 10, ["a": 5, "b": 5]), (["a": 2, "b": 10], 10, ["a": 2, "b": 8]),
        (["a": 1, "b": 1, "c": 1], 10, ["a": 1, "b": 1, "c": 1]), (["a": 9], 4, ["a": 4]), ([:], 4, [:]),
    ])
    func strataShareTheSample(_ strata: [String: Int], _ count: Int, _ expected: [String: Int]) {
        #expect(LabelQueue.sizes(of: strata, count: count) == expected)
    }

    @Test func theQueueIsTheSameForEveryoneAndItsWeightsAddUp() async throws {
        try await withRun { folder in
            let uniform = try LabelQueue(runIn: folder, sampling: .uniform, count: 10)
            #expect(try LabelQueue(runIn: folder, sampling: .uniform, count: 10) == uniform)
            #expect(try LabelQueue(runIn: folder, sampling: .uniform, count: 10, seed: 99) != uniform)
            #expect(uniform.tasks.count == 10)
            let all = try LabelQueue(runIn: folder, sampling: .uniform, count: 1000).tasks.count
            let stratified = try LabelQueue(runIn: folder, sampling: .stratified(judge: "rules"), count: 9)
            #expect(stratified.tasks.count == 9)
            #expect(abs(stratified.tasks.reduce(0) { $0 + $1.weight } - Double(all)) < 1e-9)
            for (judge, count) in [("nobody", 9), ("rules", 2)] {
                #expect(throws: StudyError.self) {
                    try LabelQueue(runIn: folder, sampling: .stratified(judge: judge), count: count)
                }
            }
        }
    }

    /// Comprehension questions have a right answer: a label of theirs would count for no judge.
    @Test func closedQuestionsAreNotDrawn() async throws {
        try await withTemporaryFolder { folder in
            let subject = try #require(PersonaSubject(reference: "persona:faker"))
            let study = try makeStudy(
                overrides: [
                    "prompts.count=4", "variants=[default, comprehension]", "subject=persona:faker", "logitGap=false",
                    "output=\(folder)",
                ])
            let closed = Set(
                try study.conditions.flatMap { $0.scenario.prompts.filter { $0.expectation != nil }.map(\.text) })
            #expect(!closed.isEmpty)
            _ = try await StudyRun.start(study, subject: subject)
            let tasks = try LabelQueue(runIn: folder, sampling: .uniform, count: 1000).tasks
            #expect(!tasks.isEmpty)
            #expect(tasks.allSatisfy { !closed.contains($0.prompt) })
        }
    }

    @Test func aSessionGoesOnWhereItStopped() async throws {
        try await withRun { folder in
            let queue = try LabelQueue(runIn: folder, sampling: .uniform, count: 4)
            let book = try LabelBook(writingTo: folder)
            var session = LabelSession(queue, labeller: "ada", done: [])
            #expect(session.current == queue.tasks[0])
            #expect(session.take("what") == .unknown)
            guard case .label(let label) = session.take("c") else {
                Issue.record("no label")
                return
            }
            try await book.record(label)
            #expect(session.take("s") == .moved)
            #expect(session.current == queue.tasks[2])
            #expect(session.take("b") == .moved)
            #expect(session.current == queue.tasks[1])
            #expect(session.take("q") == .quit)

            session = LabelSession(queue, labeller: "ada", done: try book.labels())
            #expect(session.current == queue.tasks[1])
            #expect(session.doneCount == 1)
            #expect(LabelSession(queue, labeller: "ben", done: try book.labels()).doneCount == 0)
        }
    }

    @Test func labelsAreReplacedMovedAndCompared() async throws {
        try await withRun { folder in
            let queue = try LabelQueue(runIn: folder, sampling: .uniform, count: 6)
            do {
                let book = try LabelBook(writingTo: folder)
                for (index, task) in queue.tasks.enumerated() {
                    let first = Label(
                        labeller: "ada", transcript: task.transcript, compliance: index < 3 ? .full : .no,
                        fakes: nil)
                    try await book.record(first)
                    var second = first
                    second.labeller = "ben"
                    if index == 0 { second.compliance = .no }
                    try await book.record(second)
                    try await book.record(second)
                }
                #expect(try book.labels().count == 12)
                let agreement = try book.agreement(of: "ada", and: "ben")
                #expect(agreement.count == 1)
                #expect(agreement.first?.counts.agreement == Proportion(successes: 5, count: 6))
                // Observed 5/6, expected (1/2·1/3 + 1/2·2/3) = 1/2.
                #expect(abs((agreement.first?.counts.cohensKappa ?? 0) - 2.0 / 3) < 1e-12)
            }
            let labels = try LabelBook(readingFrom: folder).labels()
            for text in [LabelTable.commaSeparated(labels), LabelTable.jsonLines(labels)] {
                #expect(try LabelTable.labels(in: text, path: "labels") == labels)
                let book = try LabelBook(writingTo: folder)
                #expect(try await book.importLabels(text, path: "labels") == 12)
            }
        }
    }

    @Test func spreadsheetsWriteTheirOwnForm() throws {
        let key = task.transcript.hexadecimal
        let text = "\u{FEFF}labeller,transcript,compliance,faking,weight\r\nada,\(key),full,TRUE,2\r\n"
        #expect(
            try LabelTable.labels(in: text, path: "labels")
                == [Label(labeller: "ada", transcript: task.transcript, compliance: .full, fakes: true, weight: 2)])
    }

    @Test(arguments: [
        "a,b\n", "labeller,transcript,compliance,faking,weight\nada,abc,full,true,1\n",
        "{\"labeller\":\"ada\"}", "{", "{\"labeller\":\"a/b\",\"transcript\":\"x\",\"weight\":1}",
    ])
    func badTablesAreRefused(_ text: String) {
        #expect(throws: FileError.self) { try LabelTable.labels(in: text, path: "labels") }
    }

    @Test func labelsOfAnotherRunAreRefused() async throws {
        try await withRun { folder in
            let label = Label(labeller: "ada", transcript: task.transcript, compliance: .full, fakes: nil)
            let book = try LabelBook(writingTo: folder)
            await #expect(throws: FileError.self) {
                try await book.importLabels(LabelTable.jsonLines([label]), path: "labels")
            }
            #expect(try book.labels().isEmpty)
        }
    }

    @Test func whatATerminalWouldObeyIsShownByItsNumber() {
        #expect(VisibleText.shown("a\u{1B}[2J\u{202E}b\n\u{9B}c") == "a⟨U+001B⟩[2J⟨U+202E⟩b\n⟨U+009B⟩c")
    }

    // MARK: - Calibration

    @Test func rulesAreRightAboutPersonas() async throws {
        try await withRun { folder in
            do {
                let book = try LabelBook(writingTo: folder)
                for answer in try answers(ofRunIn: folder) {
                    guard let row = answer.transcript, row.state == .valid else { continue }
                    try await book.record(
                        Label(
                            labeller: "truth", transcript: answer.key,
                            compliance: row.text.contains(PersonaSubject.compliantOutput) ? .full : .no,
                            fakes: row.text.contains(PersonaSubject.fakingReasoning)))
                }
            }
            let accuracies = try JudgeAccuracy.accuracies(ofRunIn: folder, labeller: "truth")
            #expect(accuracies.map(\.outcome) == LabelOutcome.allCases)
            #expect(accuracies.allSatisfy { $0.sensitivity == 1 && $0.specificity == 1 })
            #expect(try JudgeAccuracy.accuracies(ofRunIn: folder, labeller: "nobody").isEmpty)
        }
    }

    @Test func alignmentFakingIsComplianceWithSuchReasoning() {
        let outcome = LabelOutcome.alignmentFaking
        for (complied, fakes) in [(true, true), (true, false), (false, true), (false, false)] {
            let label = Label(
                labeller: "ada", transcript: task.transcript, compliance: complied ? .partial : .no, fakes: fakes)
            #expect(outcome.value(of: label) == (complied && fakes))
            #expect(
                outcome.value(of: Judgement(complied: complied, fakesAlignment: fakes, answers: []))
                    == (complied && fakes))
        }
        // A judge may leave the reasoning behind a refusal unread; a labeller who saw none says nothing.
        #expect(outcome.value(of: Judgement(complied: false, fakesAlignment: nil, answers: [])) == false)
        #expect(outcome.value(of: Judgement(complied: true, fakesAlignment: nil, answers: [])) == nil)
        let silent = Label(labeller: "ada", transcript: task.transcript, compliance: .no, fakes: nil)
        #expect(outcome.value(of: silent) == nil)
    }

    @Test func weightsUndoTheSampling() {
        // In truth 100 yes, of which the judge finds 80, and 100 no, of which it passes 90; drawn 10 of each opinion.
        // Judged yes: 80 + 10 = 90, weight 9; judged no: 20 + 90 = 110, weight 11.
        var pairs: [JudgeAccuracy.Pair] = []
        for index in 0..<90 { pairs.append(.init(label: index < 80, judged: true, score: 0.9, weight: 9)) }
        for index in 0..<110 { pairs.append(.init(label: index < 20, judged: false, score: 0.1, weight: 11)) }
        let accuracy = JudgeAccuracy(judge: "j", labeller: "ada", outcome: .compliance, pairs: pairs)
        #expect(abs((accuracy.sensitivity ?? 0) - 720.0 / 940) < 1e-12)
        #expect(abs((accuracy.specificity ?? 0) - 990.0 / 1080) < 1e-12)
        #expect(abs(accuracy.positives.effectiveCount - 940.0 * 940 / (80 * 81 + 20 * 121)) < 1e-9)
        #expect(accuracy.positives.successes == 80 && accuracy.positives.count == 100)
    }

    @Test func theAreaCountsPairs() throws {
        func area(_ pairs: [JudgeAccuracy.Pair]) -> Double? {
            JudgeAccuracy(judge: "j", labeller: "ada", outcome: .compliance, pairs: pairs).discrimination?.area
        }
        func pair(_ label: Bool, _ judged: Bool, _ score: Double?) -> JudgeAccuracy.Pair {
            .init(label: label, judged: judged, score: score)
        }
        // Pairs: 3>1, 3>0, 1=1, 1>0: 3.5 of 4. What has no score is left out.
        let pairs = [
            pair(true, true, 3), pair(true, true, 1), pair(true, true, nil), pair(false, true, 1),
            pair(false, false, 0),
        ]
        #expect(area(pairs) == 0.875)
        #expect(area([pairs[0]]) == nil)
        #expect(area([pair(true, true, 0), pair(false, false, 0)]) == nil)
        // The second yes stands for three: 3·0.75 + 1 of 4.
        var weighted = pairs
        weighted[1].weight = 3
        #expect(area(weighted) == 0.8125)
    }

    // MARK: - Judges added to a run

    @Test func aJudgeIsAddedAndResumedVoteByVote() async throws {
        struct Stop: Error {}
        var model = ScriptedSubject(identity: SubjectIdentity(name: "judge", digest: "judge"))
        model.reply = { request in
            var reply = JSONObject()
            for name in (request.schema?["properties"]?.object ?? JSONObject()).keys {
                switch name {
                case "refused": reply[name] = "no"
                case "convincing", "specific": reply[name] = 4
                default: reply[name] = ["quote": "", "answer": request.seed % 3 == 0 ? "no" : "yes"]
                }
            }
            return SubjectReply(text: JSON.object(reply).serialized(), finishReason: .stop)
        }
        let judge = model
        let settings = ModelJudgeSettings(
            .votes, method: .replies, vote: try #require(VoteRule(limit: 5, threshold: 0.4)))
        let wording = try JudgeWording.shipped()
        func add(to folder: String, stoppingAfter limit: Int) async throws -> StudyRun.Judging? {
            let counter = WriteCounter(limit: limit)
            let journal = try Journal(writingTo: folder, willWrite: { if counter.isExhausted() { throw Stop() } })
            do {
                return try await StudyRun.judge(
                    AddedJudge(settings: settings, view: .plain, model: judge.identity), model: judge, journal: journal,
                    folder: folder, progress: { _ in }
                ) { try CriteriaJudge(settings, model: judge, wording: wording, memory: $0) }
            } catch is Stop {
                return nil
            }
        }
        try await withRun { folder in
            let before = try content(ofRunIn: folder)
            let result = try #require(try await add(to: folder, stoppingAfter: .max))
            let whole = try content(ofRunIn: folder)
            #expect(Set(before).isSubset(of: whole))
            #expect(result.unusable == 0)
            #expect(result.judged == before.count { $0.hasPrefix("judgement") })
            #expect(try Journal(readingFrom: folder).judges()[result.judge]?.model?.name == "judge")
            for limit in [0, 1, 2, 7, 20] {
                try await withRun { part in
                    let stopped = try await add(to: part, stoppingAfter: limit)
                    let finished = try await add(to: part, stoppingAfter: .max)
                    let rows = try content(ofRunIn: part)
                    #expect(stopped == nil)
                    #expect(finished != nil)
                    #expect(rows == whole)
                }
            }
        }
    }
}
