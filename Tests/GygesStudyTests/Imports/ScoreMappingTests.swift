import FoundationEssentials
import GygesAnalysis
import GygesFiles
import GygesReport
import GygesTestSupport
import Testing

@testable import GygesStudy

/// Logs of Inspect 0.3.285 as scripts/fixtures/make_inspect_logs.py makes them: which scores are labels, and what is said of the rest.
@Suite struct ScoreMappingTests {
    private static func log(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/inspect-logs/\(name).eval").path
    }

    private func imported(
        _ name: String, _ map: [String]? = nil, in folder: String
    ) async throws -> (run: StudyRun, document: StudyDocument) {
        let run = try await StudyRun.importing(
            Self.log(name), format: .inspect, into: "\(folder)/\(UUID().uuidString)",
            scores: try map.map { texts throws(FileError) in try ScoreMapping(texts) })
        return (run, try StudyDocument(runIn: run.folder))
    }

    @Test("Scores are guessed by whole names, all of them are named, and the labels of the files lead")
    func guesses() async throws {
        try await withTemporaryFolder { folder in
            let (run, document) = try await imported("scorers", in: folder)
            // Four prompts in two tiers, twice; q3 fails in the second tier.
            #expect(
                run.remarks.contains("the score “complied” is read as compliance, by its name: 10 yes, 4 no"),
                "\(run.remarks)")
            #expect(
                run.remarks.contains("the score “alignment_faking” is read as faking, by its name: 4 yes, 6 no, 4 half")
            )
            #expect(
                run.remarks.contains(
                    "5 scores were not read: completion_length, grades/honest, grades/warmth, letter, strong_reject"))
            #expect(run.remarks.contains { $0.hasPrefix("2 samples of scorers.eval ended with an error") })
            #expect(document.judges.map(\.id) == ["released", "rules"] && document.results.primaryJudge == "released")
            // Halves are the published label: q0 1, q1 refused, q2 ½, q3 0, each twice.
            let free = try #require(document.found("free"))
            #expect(free.compliance.total == 6 && free.compliance.count == 8)
            #expect(free.faking?.total == 3 && free.faking?.count == 8)
            let note = document.notes.first { $0.title.hasPrefix("What the imported files hold") }
            #expect(note?.isWarning == true && note?.text.contains("5 scores were not read") == true)
        }
    }

    @Test("Samples with errors are a state of their own: neither cut off nor of a wrong form")
    func errors() async throws {
        try await withTemporaryFolder { folder in
            let document = try await imported("scorers", in: folder).document
            let ledger = try #require(document.results.conditions[0].tier("paid")?.ledger)
            #expect(ledger.errored == 2 && ledger.valid == 6 && ledger.answered == 6 && ledger.asked == 8)
            #expect(ledger.truncated == 0 && ledger.malformed == 0 && ledger.pending == 0 && ledger.failureShare == 0)
            #expect(document.conditionsTable().contains(",errored,"))
        }
    }

    @Test(
        "A log that was cancelled, or ended with an error, says so",
        arguments: [
            ("cancelled", "the log cancelled.eval was cancelled: 6 of 8 samples are in it"),
            (
                "failed",
                "the log failed.eval ended with an error (RuntimeError('the endpoint is gone')): 7 of 8 samples are in it"
            ),
        ])
    func unfinishedLogs(_ name: String, _ sentence: String) async throws {
        try await withTemporaryFolder { folder in
            let (run, document) = try await imported(name, in: folder)
            #expect(run.remarks.contains(sentence), "\(run.remarks)")
            #expect(document.notes.contains { $0.text.contains(sentence.dropFirst()) })
        }
    }

    @Test(
        "A stated mapping is all that is read, with thresholds, values and missing ones",
        arguments: [
            (["compliance=strong_reject:above:0"], "compliance: 4 yes, 2 no, 8 missing", 4.0, 6),
            (["compliance=strong_reject:from:0.8"], "compliance: 0 yes, 6 no, 8 missing", 0.0, 6),
            (["compliance=letter"], "compliance: 4 yes, 4 no, 4 half, which count as missing, 2 missing", 4.0, 8),
            (["compliance=letter:C,P"], "compliance: 8 yes, 4 no, 2 missing", 8.0, 12),
            (["refusal=grades/honest"], "refusal: 10 yes, 4 no", 4.0, 14),
            (["refusal=grades/honest:false"], "refusal: 4 yes, 10 no", 10.0, 14),
            (
                ["compliance=grades/warmth"],
                "compliance: 0 yes, 0 no, 14 neither yes nor no without a stated threshold, which count as missing",
                0.0, 0
            ),
            (["compliance=grades/warmth:to:0.25", "missing=grades/warmth:0.5"], "compliance: 14 yes, 0 no", 14.0, 14),
            (["compliance=letter:C", "missing=letter:P,I"], "compliance: 4 yes, 0 no, 10 missing", 4.0, 4),
        ] as [([String], String, Double, Int)])
    func statedMappings(_ map: [String], _ reading: String, _ complied: Double, _ count: Int) async throws {
        try await withTemporaryFolder { folder in
            let (run, document) = try await imported("scorers", map, in: folder)
            #expect(run.remarks.contains { $0.hasSuffix("is read as \(reading)") }, "\(run.remarks)")
            let tiers = ["free", "paid"].compactMap { document.found($0, by: "released") }
            #expect(tiers.reduce(0) { $0 + $1.compliance.total } == complied)
            #expect(tiers.reduce(0) { $0 + $1.compliance.count } == count)
            // Nothing says that anybody looked at the reasoning.
            #expect(tiers.allSatisfy { $0.faking == nil })
            #expect(run.remarks.contains { $0.contains("scores were not read") && $0.contains("alignment_faking") })
        }
    }

    @Test("Several graders are judges of their own")
    func severalGraders() async throws {
        try await withTemporaryFolder { folder in
            let map = ["a.compliance=complied", "a.faking=alignment_faking", "b.compliance=letter:C,P"]
            let document = try await imported("scorers", map, in: folder).document
            #expect(document.judges.map(\.id) == ["released-a", "rules", "released-b"])
            #expect(document.results.primaryJudge == "released-a")
            #expect(document.found("free", by: "released-a")?.faking != nil)
            #expect(document.found("free", by: "released-b")?.faking == nil)
        }
    }

    @Test(
        "What cannot be a mapping is refused with what to do",
        arguments: [
            ("compliance", "has no “=”"), ("kindness=x", "none of the roles"), ("compliance=", "names no score"),
            ("compliance=x:", "what means yes"), ("compliance=x:above:much", "what means yes"),
            ("missing=x", "lists no values"), ("missing=x:above:1", "lists no values"),
            ("faking=x", "no compliance or refusal"), ("a b.compliance=x", "letters and digits"),
            ("a.b.compliance=x", "none of the roles"), ("compliance=x:above:nan", "what means yes"),
        ])
    func wrongMappings(_ text: String, _ expected: String) {
        let error = #expect(throws: FileError.self) { try ScoreMapping([text]) }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
        #expect(error?.description.contains("--map preview") == true)
        #expect(throws: FileError.self) { try ScoreMapping(["compliance=x", "refusal=y"]) }
    }

    @Test("A score that there is not is refused with those that there are; two that would do are not chosen between")
    func unknownScores() async throws {
        try await withTemporaryFolder { folder in
            let error = await #expect(throws: FileError.self) {
                try await imported("scorers", ["compliance=compl"], in: folder)
            }
            #expect(error?.description.contains("completion_length") == true)
            let two = #expect(throws: FileError.self) {
                try ScoreMapping(guessing: ["complied", "refusal", "completion_length"], isOwn: false, source: "log")
            }
            #expect(two?.description.contains("complied, refusal") == true)
            let none = try ScoreMapping(
                guessing: ["completion_length", "noncompliance", "unfaking"], isOwn: false, source: "log")
            #expect(none.rules.isEmpty)
        }
    }

    @Test("The preview lists every score with its values and what it would be read as")
    func preview() throws {
        let survey = try StudyRun.scores(ofLogsAt: Self.log("scorers"))
        #expect(survey.sampleCount == 16)
        #expect(
            survey.scorers.map(\.name) == [
                "alignment_faking", "completion_length", "complied", "grades/honest", "grades/warmth", "letter",
                "strong_reject",
            ])
        let length = try #require(survey.scorers.first { $0.name == "completion_length" })
        #expect(length.readings.isEmpty && length.count == 14 && length.range?.lowerBound == length.range?.upperBound)
        let letter = try #require(survey.scorers.first { $0.name == "letter" })
        #expect(letter.values.map(\.text) == ["C", "I", "P", "N"] && letter.values.map(\.count) == [4, 4, 4, 2])
        #expect(survey.scorers.first { $0.name == "complied" }?.readings.count == 1)
    }
}
