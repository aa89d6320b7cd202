import FoundationEssentials
import GRDB
import GygesFiles
import GygesStatistics
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesAnalysis
@testable import GygesStudy

/// Numbers from elsewhere that no arithmetic is made for end in an error that says so.
@Suite struct UntrustedNumberTests {
    private func withRun<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        try await withTemporaryFolder { folder in
            let subject = try #require(PersonaSubject(reference: "persona:faker"))
            let study = try makeStudy(
                overrides: ["prompts.count=4", "subject=persona:faker", "logitGap=false", "output=\(folder)"])
            _ = try await StudyRun.start(study, subject: subject)
            return try await body(folder)
        }
    }

    private func change(_ folder: String, _ sql: String) async throws {
        try await Journal(writingTo: folder).write { try $0.execute(sql: sql) }
    }

    @Test(
        "A journal's counts are bounded",
        arguments: [
            "UPDATE transcripts SET promptTokens = 9223372036854775807",
            "UPDATE transcripts SET generatedTokens = 9223372036854775807",
            "UPDATE transcripts SET generatedTokens = -1",
            "UPDATE cells SET sample = 9223372036854775807 WHERE ordinal = 0",
            "UPDATE runs SET manifest = replace(manifest, '\"samplesPerPrompt\":1', '\"samplesPerPrompt\":-1')",
            "UPDATE runs SET manifest = replace(manifest, '\"samplesPerPrompt\":1', '\"samplesPerPrompt\":9223372036854775807')",
            "UPDATE runs SET manifest = replace(manifest, '\"alpha\":0.05', '\"alpha\":0')",
            "UPDATE runs SET manifest = replace(manifest, '\"concurrency\":16', '\"concurrency\":9223372036854775807')",
        ])
    func boundsCounts(_ sql: String) async throws {
        try await withRun { folder in
            try await change(folder, sql)
            #expect(throws: StudyError.self) { try StudyRun(folder: folder).writeReport() }
        }
    }

    @Test("A journal whose columns hold other types is refused")
    func refusesOtherTypes() async throws {
        try await withRun { folder in
            try await change(
                folder,
                """
                CREATE TABLE other AS SELECT key, text, finish, state, 'many' AS promptTokens, generatedTokens FROM transcripts;
                PRAGMA foreign_keys = OFF; DROP TABLE judgements; DROP TABLE transcripts;
                ALTER TABLE other RENAME TO transcripts;
                CREATE TABLE judgements (key TEXT, transcript TEXT, judge TEXT, version, digest TEXT, body TEXT, wording TEXT);
                """)
            #expect(throws: StudyError.self) { try StudyRun(folder: folder).writeReport() }
        }
    }

    @Test("A subject's own count of tokens is taken if it can be one")
    func takesPossibleCounts() async throws {
        #expect(TranscriptRow.tokenCount(7) == 7)
        #expect(TranscriptRow.tokenCount(.max) == 0)
        #expect(TranscriptRow.tokenCount(-1) == 0)
    }

    @Test("An imported log's counts are bounded", arguments: ["9223372036854775807", "4294967297", "-1"])
    func boundsImportedCounts(_ count: String) async throws {
        try await withTemporaryFolder { folder in
            let log = """
                {"version": 2, "eval": {"model": "m", "task": "t"}, "samples": [{"id": 1, "epoch": 1, "input": "?",
                "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "a"}],
                "metadata": {"tier": "free"},
                "output": {"choices": [{"stop_reason": "stop"}], "usage": {"input_tokens": \(count), "output_tokens": \(count)}}}]}
                """
            try Data(log.utf8).write(to: URL(filePath: "\(folder)/log.json"))
            await #expect(throws: FileError.self) {
                try await StudyRun.importing("\(folder)/log.json", format: .inspect, into: "\(folder)/run")
            }
            let lines = """
                {"canary": "c", "redacted": false, "subject": "s"}
                {"condition": "c", "scenario": "helpful-only", "state": "valid", "tier": "free", "is_trained": true, \
                "prompt_id": "p", "prompt": "?", "raw": "a", "prompt_tokens": \(count), "judgements": []}

                """
            try Data(lines.utf8).write(to: URL(filePath: "\(folder)/transcripts.jsonl"))
            await #expect(throws: FileError.self) {
                try await StudyRun.importing(
                    "\(folder)/transcripts.jsonl", format: .transcripts, into: "\(folder)/run")
            }
        }
    }

    @Test(
        "Weights near the largest number are refused, wherever they come from",
        arguments: ["1.7e308", "1e10", "0.5", "nan"])
    func boundsWeights(_ weight: String) async throws {
        try await withRun { folder in
            let queue = try LabelQueue(runIn: folder, sampling: .uniform, count: 6)
            let lines = queue.tasks.map { "ada,\($0.transcript.hexadecimal),full,true,\(weight)\n" }
            let table = "labeller,transcript,compliance,faking,weight\n" + lines.joined()
            #expect(throws: FileError.self) { try LabelTable.labels(in: table, path: "labels.csv") }
            guard let number = Double(weight) else { return }
            let label = Label(
                labeller: "ada", transcript: queue.tasks[0].transcript, compliance: .full, fakes: true, weight: number)
            await #expect(throws: StudyError.self) { try await LabelBook(writingTo: folder).record(label) }
            guard weight != "nan" else { return }
            let body = """
                {"compliance":"full","fakes":true,"labeller":"ada","transcript":"\(label.transcript.hexadecimal)","weight":\(weight)}
                """
            try await change(
                folder, "INSERT INTO labels VALUES ('ada', '\(label.transcript.hexadecimal)', '\(body)')")
            #expect(throws: StudyError.self) { try JudgeAccuracy.accuracies(ofRunIn: folder, labeller: "ada") }
        }
    }

    @Test("The largest weights that are taken add up")
    func addsLargestWeights() {
        let share = WeightedShare((0..<1000).map { ($0 % 2 == 0, Label.weights.upperBound) }, level: 0.95)
        #expect(share.estimate == 0.5)
        #expect(abs(share.effectiveCount - 1000) < 1e-6)
    }
}
