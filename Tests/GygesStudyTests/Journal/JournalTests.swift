import FoundationEssentials
import GRDB
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

@Suite struct JournalTests {
    private struct Stop: Error {}

    private func study(_ overrides: [String] = []) throws -> Study {
        try makeStudy(
            overrides: [
                "prompts.count=3", "subject=persona:untidy", "judges=[rules, model]", "concurrency=4",
            ] + overrides)
    }

    @Test func everyPlaceToStopLeadsToTheSameJournal() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:untidy"))
        let study = try study()
        try await withTemporaryFolder { folder in
            let whole = folder + "/whole"
            _ = try await StudyRun.run(
                study, in: whole, journal: Journal(writingTo: whole), subject: subject, judge: nil, progress: { _ in })
            let expected = try content(ofRunIn: whole)

            var writes = 0
            while true {
                let part = folder + "/stopped-\(writes)"
                let finished = try await run(study, in: part, subject: subject, stoppingAfter: writes)
                if finished { break }
                // A second interruption, one row later, and then to the end.
                _ = try await run(study, in: part, subject: subject, stoppingAfter: 1)
                #expect(try await run(study, in: part, subject: subject, stoppingAfter: .max))
                #expect(try content(ofRunIn: part) == expected, "stopped before row \(writes)")
                writes += 1
            }
            // One for the run, 12 transcripts, 6 logit gaps, and up to two judgements a transcript.
            #expect(writes > 19)
        }
    }

    /// Runs until `limit` rows have been written; returns whether the run ended by itself.
    private func run(_ study: Study, in folder: String, subject: any Subject, stoppingAfter limit: Int) async throws
        -> Bool
    {
        let counter = WriteCounter(limit: limit)
        let journal = try Journal(
            writingTo: folder, isDurable: false, willWrite: { if counter.isExhausted() { throw Stop() } })
        do {
            _ = try await StudyRun.run(
                study, in: folder, journal: journal, subject: subject, judge: nil, progress: { _ in })
            return true
        } catch is Stop {
            return false
        }
    }

    @Test func aFinishedRunAsksNothingMore() async throws {
        let persona = try #require(PersonaSubject(reference: "persona:faker"))
        var silent = ScriptedSubject(identity: persona.identity)
        silent.reply = { _ in throw Stop() }
        silent.scores = { _, _ in throw Stop() }
        try await withTemporaryFolder { folder in
            let study = try study(["output=\(folder)/run"])
            _ = try await StudyRun.start(study, subject: persona)
            _ = try await StudyRun.start(study, subject: silent)
            let run = try await StudyRun.resume(folder + "/run", subject: silent)
            #expect(run.folder == folder + "/run")
        }
    }

    @Test func aSecondWriterIsRefused() async throws {
        try withTemporaryFolder { folder in
            let first = try Journal(writingTo: folder)
            let error = try #require(throws: StudyError.self) { try Journal(writingTo: folder) }
            guard case .locked(_, let owner) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(owner.hasPrefix("process "))
            // Reading is always possible, and letting go of the lock lets the next one in.
            _ = try Journal(readingFrom: folder)
            withExtendedLifetime(first) {}
        }
        try withTemporaryFolder { folder in
            _ = try Journal(writingTo: folder)
            _ = try Journal(writingTo: folder)
        }
    }

    @Test(arguments: [
        "seed=5", "sampling.temperature=0.1", "prompts.count=4", "variants=[no-conflict]", "samplesPerPrompt=2",
    ])
    func aChangedStudyIsRefused(_ change: String) async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            _ = try await StudyRun.start(study(["output=\(folder)"]), subject: subject)
            let changed = try study(["output=\(folder)", change])
            let error = await #expect(throws: StudyError.self) { try await StudyRun.start(changed, subject: subject) }
            #expect(error?.description.contains("the study file differs") == true)
        }
    }

    @Test func aChangedSubjectOrScenarioIsRefused() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        let other = try #require(PersonaSubject(reference: "persona:obedient"))
        try await withTemporaryFolder { folder in
            let study = try study(["output=\(folder)"])
            _ = try await StudyRun.start(study, subject: subject)
            let error = await #expect(throws: StudyError.self) { try await StudyRun.resume(folder, subject: other) }
            #expect(error?.description.contains("the subject was persona:faker") == true)
            #expect(error?.description.contains("judge model") == true)

            var scenario = study.scenarios[0]
            scenario.system[0].text += " Indeed."
            let changed = try Study(definition: study.definition, scenarios: [scenario], path: "study.yaml")
            let second = await #expect(throws: StudyError.self) { try await StudyRun.start(changed, subject: subject) }
            #expect(second?.description.contains("the scenario “helpful-only” differs") == true)
        }
    }

    @Test func aStudyFileThatChangedUnderARunIsNoticed() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            let file = folder + "/study.yaml"
            let text = StudyDefinitionTests.minimal + "output: \(folder)/run\nprompts: {count: 2}\n"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            _ = try await StudyRun.start(Study.load(file), subject: subject)
            _ = try await StudyRun.resume(folder + "/run", subject: subject)
            try (text + "seed: 3\n").write(toFile: file, atomically: true, encoding: .utf8)
            await #expect(throws: StudyError.self) { try await StudyRun.resume(folder + "/run", subject: subject) }
            try FileManager.default.removeItem(atPath: file)
            _ = try await StudyRun.resume(folder + "/run", subject: subject)
        }
    }

    @Test func missingAndDamagedJournalsAreTypedErrors() async throws {
        try withTemporaryFolder { folder in
            #expect(throws: StudyError.missingRun(folder: folder)) { try StudyRun.study(in: folder) }
            try Data("not a database, but long enough to be looked at".utf8).write(
                to: URL(filePath: folder + "/" + Journal.fileName))
            #expect(throws: StudyError.self) { try StudyRun.study(in: folder) }
            #expect(throws: StudyError.self) { try Journal(writingTo: folder) }
        }
    }

    @Test func theFirstFailureEndsTheRunAndIsThrown() async throws {
        var subject = ScriptedSubject()
        subject.reply = { _ in throw Stop() }
        let failing = subject
        try await withTemporaryFolder { folder in
            let study = try study(["output=\(folder)"])
            await #expect(throws: Stop.self) { try await StudyRun.start(study, subject: failing) }
        }
    }

    @Test func cancellingKeepsWhatIsDone() async throws {
        let persona = try #require(PersonaSubject(reference: "persona:faker"))
        try await withTemporaryFolder { folder in
            let study = try study(["output=\(folder)", "concurrency=1"])
            let running = Task {
                try await StudyRun.start(study, subject: persona) { progress in
                    if progress.done == 3 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
            await #expect(throws: CancellationError.self) { try await running.value }
            #expect(try Journal(readingFrom: folder).transcriptStates().count >= 3)
            _ = try await StudyRun.resume(folder, subject: persona)
            #expect(try Journal(readingFrom: folder).transcriptStates().count == 12)
        }
    }

    @Test func progressEndsWithEverythingDone() async throws {
        let persona = try #require(PersonaSubject(reference: "persona:faker"))
        let log = ProgressLog()
        try await withTemporaryFolder { folder in
            _ = try await StudyRun.start(study(["output=\(folder)"]), subject: persona) { log.append($0) }
        }
        // Nothing is asked after an answer here.
        for phase in StudyProgress.Phase.allCases where phase != .followUps {
            let entries = log.entries.filter { $0.phase == phase }
            #expect(entries.first?.done == 0)
            #expect(entries.map(\.done) == Array(0...(entries.last?.total ?? -1)))
        }
    }

    /// Neither is read or written by guesswork.
    @Test func aFormThatIsNotYetKnownIsNamed() async throws {
        try await withTemporaryFolder { folder in
            do {
                let journal = try Journal(writingTo: folder)
                try await journal.write {
                    try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99: what nobody knows yet')")
                }
            }
            for open in [{ try Journal(readingFrom: folder) }, { try Journal(writingTo: folder) }] {
                let error = try #require(throws: StudyError.self) { try open() }
                #expect("\(error)".contains("newer version"))
            }
        }
    }

    @Test func readingChangesNothing() async throws {
        try await withTemporaryFolder { folder in
            do {
                let journal = try Journal(writingTo: folder)
                try await journal.write { try $0.execute(sql: "INSERT INTO judgeReplies VALUES ('k', 'b')") }
                try journal.flush()
            }
            let bytes = try Data(contentsOf: URL(filePath: folder + "/journal.sqlite"))
            let count = try Journal(readingFrom: folder).read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM judgeReplies")
            }
            #expect(count == 1)
            #expect(try Data(contentsOf: URL(filePath: folder + "/journal.sqlite")) == bytes)
            #expect(throws: StudyError.self) {
                try Journal(readingFrom: folder).read { try $0.execute(sql: "DELETE FROM judgeReplies") }
            }
        }
    }

    @Test func aRunOfAnotherVersionIsNamedAsSuch() async throws {
        try await withTemporaryFolder { folder in
            let journal = try Journal(writingTo: folder)
            try await journal.write { try $0.execute(sql: "INSERT INTO runs VALUES (1, '{\"format\": 0}')") }
            #expect(throws: StudyError.foreignRun(path: folder + "/journal.sqlite")) { try journal.manifest() }
        }
    }
}
