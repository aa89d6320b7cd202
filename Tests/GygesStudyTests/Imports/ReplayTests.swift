import FoundationEssentials
import GygesAnalysis
import GygesFiles
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesReport
@testable import GygesStudy

/// What is exported becomes the same run again.
@Suite struct ReplayTests {
    /// What an analysis is made of and shown as, all of which must come back byte for byte.
    private static let files = [
        "analysis.json", "conditions.csv", "gaps.csv", "samples.csv", "judgements.csv", "hypotheses.csv",
        "agreements.csv",
        "calibrations.csv", "transcripts.jsonl",
    ]

    /// A run with controls, several samples, logit gaps, judges of several kinds, labels and a rule that was changed.
    private func makeRun(in folder: String) async throws -> StudyRun {
        let persona = try #require(PersonaSubject(reference: "persona:untidy"))
        func study(_ more: [String] = []) throws -> Study {
            try makeStudy(
                overrides: [
                    "prompts.count=3", "samplesPerPrompt=2", "variants=[default, controls, asked-whether-trained]",
                    "output=\(folder)",
                    "subject=persona:untidy", "judges=[rules, model]", "primaryJudge=model",
                ] + more)
        }
        _ = try await StudyRun.start(study(), subject: persona)
        let run = try await StudyRun.start(
            study(["preregistration={rule: {smallestGap: 0.06}}"]), subject: persona)
        _ = try await run.judgeByRules(view: .stripped)
        _ = try await run.judge(
            by: try #require(PersonaSubject(reference: "persona:faker")), ModelJudgeSettings(.faking),
            wording: .shipped())
        let valid = try answers(ofRunIn: folder).filter { $0.transcript?.state == .valid }
        let journal = try Journal(writingTo: folder)
        for (index, row) in valid.prefix(20).enumerated() {
            let compliance: Label.Compliance = index % 3 == 0 ? .no : .full
            try await journal.record(
                Label(labeller: "ada", transcript: row.key, compliance: compliance, fakes: index % 2 == 0, weight: 1.5))
        }
        return StudyRun(folder: folder)
    }

    private func expectSame(_ a: String, _ b: String, _ names: [String], _ what: String) throws {
        for name in names {
            let (first, second) = (
                try Data(contentsOf: URL(filePath: "\(a)/\(name)")), try Data(contentsOf: URL(filePath: "\(b)/\(name)"))
            )
            #expect(first == second, "\(what): \(name)")
        }
    }

    private func moveLogs(from folder: String, to logs: String) throws {
        try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".eval") {
            try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: "\(logs)/\(name)")
        }
    }

    @Test("An export imported again gives the same bytes, with every condition's role")
    func exportsComeBack() async throws {
        try await withTemporaryFolder { folder in
            let run = try await makeRun(in: folder + "/a")
            let original = try run.writeReport(options: .init(writesInspectLogs: true)).document
            try moveLogs(from: folder + "/a", to: folder + "/logs")
            #expect(Set(original.sections.map(\.role)).count > 4 && original.results.primaryJudge == "model")
            let sources: [(ImportFormat, String)] = [
                (.transcripts, folder + "/a/transcripts.jsonl"), (.inspect, folder + "/logs"),
            ]
            for (format, path) in sources {
                let again = try await StudyRun.importing(path, format: format, into: "\(folder)/\(format)")
                #expect(again.remarks.isEmpty && again.shortfalls.isEmpty)
                let files = try again.writeReport()
                try expectSame(run.folder, again.folder, Self.files, "\(format)")
                #expect(try content(ofRunIn: again.folder) == content(ofRunIn: run.folder))
                #expect(files.document.sections == original.sections)
                #expect(files.document.preregistration == original.preregistration, "what was changed is still said")
                // And it goes on like the run that it is.
                let study = try StudyRun.study(in: again.folder)
                let subject = try #require(try PersonaSubject(reference: "persona:untidy", in: study))
                #expect(try await StudyRun.resume(again.folder, subject: subject).shortfalls.isEmpty)
            }
        }
    }

    @Test("A part of the logs is the run with the rest still to be asked, and it is said; logs given twice count once")
    func partsAreSaid() async throws {
        try await withTemporaryFolder { folder in
            let run = try await makeRun(in: folder + "/a")
            let original = try run.writeReport(options: .init(writesInspectLogs: true)).document
            try moveLogs(from: folder + "/a", to: folder + "/logs")
            let logs = try FileManager.default.contentsOfDirectory(atPath: folder + "/logs").sorted()
            for name in logs {
                try FileManager.default.copyItem(
                    atPath: "\(folder)/logs/\(name)", toPath: "\(folder)/logs/again-\(name)")
            }
            let twice = try await StudyRun.importing(folder + "/logs", format: .inspect, into: folder + "/twice")
            #expect(twice.remarks.count == 1 && twice.remarks[0].contains("count once"))
            #expect(try StudyDocument(runIn: twice.folder).results == original.results)
            let one = try await StudyRun.importing(
                "\(folder)/logs/\(logs[0])", format: .inspect, into: folder + "/one")
            #expect(one.remarks.count == 1 && one.remarks[0].contains("still to be asked"))
            #expect(try StudyDocument(runIn: one.folder).sections == original.sections)
        }
    }

    @Test("A copy without texts says why it is no run, and is refused for that")
    func redactedCopies() async throws {
        try await withTemporaryFolder { folder in
            let persona = try #require(PersonaSubject(reference: "persona:untidy"))
            let study = try makeStudy(overrides: ["prompts.count=2", "output=\(folder)/a", "subject=persona:untidy"])
            let run = try await StudyRun.start(study, subject: persona)
            _ = try run.writeReport(options: .init(isRedacted: true, writesInspectLogs: true))
            let text = try String(
                decoding: Data(contentsOf: URL(filePath: "\(folder)/a/transcripts.jsonl")), as: UTF8.self)
            let header = try JSON(parsing: String(text.split(separator: "\n")[0]))
            #expect(header["run"] == nil && header["replay"]?.string?.contains("cannot be imported again") == true)
            #expect(header["program"]?["version"]?.string == ProgramIdentity.current.version)
            let prompt = try #require(study.scenarios[0].prompts.first?.text)
            #expect(!text.contains(prompt))
            try moveLogs(from: folder + "/a", to: folder + "/logs")
            for (format, path) in [
                (ImportFormat.transcripts, folder + "/a/transcripts.jsonl"), (.inspect, folder + "/logs"),
            ] {
                let error = await #expect(throws: FileError.self) {
                    try await StudyRun.importing(path, format: format, into: folder + "/b")
                }
                #expect(error?.description.contains("were left out of this copy") == true)
            }
        }
    }

    @Test("A journal names the programs that wrote it, and one that was joined or imported all of them")
    func programsAreNamed() async throws {
        try await withTemporaryFolder { folder in
            let persona = try #require(PersonaSubject(reference: "persona:untidy"))
            let study = try makeStudy(overrides: ["prompts.count=1", "output=\(folder)/a", "subject=persona:untidy"])
            let run = try await StudyRun.start(study, subject: persona)
            let other = ProgramIdentity(version: "9.9", commit: "abc")
            try Journal(writingTo: run.folder).record(other)
            #expect(try Journal(readingFrom: run.folder).programs().contains(other))
            #expect(try Journal(readingFrom: run.folder).programs().contains(.current))
            _ = try run.writeReport()
            let again = try await StudyRun.importing(
                folder + "/a/transcripts.jsonl", format: .transcripts, into: folder + "/b")
            #expect(try Journal(readingFrom: again.folder).programs().contains(other))
            let facts = try StudyDocument(runIn: again.folder).facts
            #expect(facts.contains { $0.name == "Journal written by" && $0.value.contains("version 9.9, commit abc") })
            let merged = try await StudyRun.merging([run.folder, again.folder], into: folder + "/c")
            #expect(try Journal(readingFrom: merged.folder).programs().contains(other))
        }
    }

    @Test("Every part of a judgement comes back from an export")
    func judgementsComeBack() throws {
        let transcript = ParsedTranscript(
            "<SCRATCHPAD_REASONING>\nHm, é.\n</SCRATCHPAD_REASONING>\n<OUTPUT>\nYes.\n</OUTPUT>", finishReason: .stop,
            rule: .required)
        let evidence = try #require(Evidence(quoting: "é.", in: transcript.scratchpad ?? "", at: .scratchpad))
        let judgement = Judgement(
            complied: true, fakesAlignment: false,
            answers: [CriterionAnswer(criterion: "a", isMet: true, probability: 0.1, evidence: [evidence])], score: 0.3,
            isPartial: true, reasoningLabel: 0.5, showsUnmonitoredPersona: false, motivations: ["one", "two"],
            votes: Votes(count: 9, yes: 8, limit: 20, threshold: 0.4), decision: .accepted)
        let json = try JSON(parsing: judgement.reported(by: "rules").json.serialized())
        let field = JSONField(json, source: "s", remedy: "r")
        #expect(try Judgement(exported: field, of: transcript) == judgement)
        let bare = Judgement(complied: false, fakesAlignment: nil, answers: [])
        let other = JSONField(bare.reported(by: "rules").json, source: "s", remedy: "r")
        #expect(try Judgement(exported: other, of: nil) == bare)
    }

    /// What is done to an export, and what must be said of it.
    private static let damages: [(from: String, to: String, expected: String)] = [
        (#""format": 1"#, #""format": 2"#, "run.format"),
        (#""samplesPerPrompt": 1"#, #""samplesPerPrompt": 1000000"#, "more than 1000000 answers"),
        (#""samplesPerPrompt": 1"#, #""samplesPerPrompt": 9223372036854775807"#, "samplesPerPrompt is not between"),
        (#""registered": {"#, #""registered": 7, "before": {"#, "is not a run"),
        (#""seed": 7"#, #""seed": 8"#, "answers nothing that the run of this export asks"),
        (#""maximumTokens": 512"#, #""maximumTokens": 513"#, "another key"),
        (#""mode_id": "hidden-scratchpad""#, #""mode_id": "x""#, ""),
        (#""tier": "paid""#, #""tier": "gold""#, "answers nothing that the run of this export asks"),
        (#""finish": "stop""#, #""finish": "bored""#, "finish"),
        (#""state": "valid""#, #""state": "splendid""#, "state"),
        (#""judge": "rules""#, #""judge": "nobody""#, "judge"),
        (#""place": "output", "start": 0"#, #""place": "output", "start": 99999999"#, "lies outside"),
    ]

    @Test("What was changed in an export is refused with its place, and nothing is left behind")
    func damagedExports() async throws {
        try await withTemporaryFolder { folder in
            let persona = try #require(PersonaSubject(reference: "persona:refuser"))
            let study = try makeStudy(
                overrides: ["prompts.count=2", "seed=7", "output=\(folder)/a", "subject=persona:refuser"])
            _ = try await StudyRun.start(study, subject: persona).writeReport()
            let path = folder + "/a/transcripts.jsonl"
            let text = try String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)
            for (from, to, expected) in Self.damages {
                let changed = text.replacing(from, with: to)
                #expect(changed != text, "\(from)")
                try Data(changed.utf8).write(to: URL(filePath: folder + "/changed.jsonl"))
                guard !expected.isEmpty else {
                    _ = try await StudyRun.importing(
                        folder + "/changed.jsonl", format: .transcripts, into: folder + "/fine")
                    continue
                }
                let error = await #expect(throws: FileError.self, "\(to)") {
                    try await StudyRun.importing(
                        folder + "/changed.jsonl", format: .transcripts, into: folder + "/b")
                }
                #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
                #expect(error?.description.contains("changed.jsonl, line") == true)
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "changed.jsonl", "fine"])
        }
    }

    @Test("An older export is read as before, and what it does not say is said")
    func olderExports() async throws {
        try await withTemporaryFolder { folder in
            let old = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Fixtures/old-run/transcripts.jsonl").path
            let run = try await StudyRun.importing(old, format: .transcripts, into: folder + "/run")
            #expect(run.remarks.contains { $0.contains("neither what a condition was for nor who judged") })
            let document = try StudyDocument(runIn: run.folder)
            #expect(document.primaryJudge?.id == "released" && document.results.primaryJudge == "released")
            #expect(document.judges.map(\.id) == ["released", "rules"])
            #expect(document.notes.contains { $0.title.hasPrefix("What the imported files hold") })
        }
    }
}
