import FoundationEssentials
import GRDB
import GygesAnalysis
import GygesReport
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

/// Journals that somebody else has written: whatever stands in them, a reader comes back with numbers or with an error that names the file.
@Suite struct HostileJournalTests {
    /// A run with a row in every table.
    private func makeRun(in folder: String) async throws {
        let subject = try #require(PersonaSubject(reference: "persona:faker"))
        let overrides = ["prompts.count=1", "subject=persona:faker", "modes=[hidden-scratchpad]", "output=\(folder)"]
        _ = try await StudyRun.start(makeStudy(overrides: overrides), subject: subject)
        _ = try await StudyRun.start(makeStudy(overrides: overrides + ["name=other"]), subject: subject)
        let run = StudyRun(folder: folder)
        _ = try await run.judge(by: subject, ModelJudgeSettings(.faking), wording: .shipped())
        let queue = try LabelQueue(runIn: folder, sampling: .uniform, count: 2)
        do {
            let book = try LabelBook(writingTo: folder)
            for labeller in ["ada", "ben"] {
                for task in queue.tasks {
                    try await book.record(
                        Label(labeller: labeller, transcript: task.transcript, compliance: .full, fakes: true))
                }
            }
        }
        try Journal(writingTo: folder).flush()
    }

    /// Reads a run by every way there is; throws the last error.
    private func readAll(_ folder: String) throws {
        var failure: (any Error)?
        func attempt(_ read: () throws -> Void) { do { try read() } catch { failure = error } }
        attempt { _ = try StudyRun.study(in: folder) }
        attempt { _ = try StudySummary(StudyDocument(runIn: folder)).markdown }
        attempt { _ = try LabelBook(readingFrom: folder).agreements() }
        attempt { _ = try JudgeAccuracy.accuracies(ofRunIn: folder, labeller: "ada") }
        attempt { _ = try LabelQueue(runIn: folder, sampling: .stratified(judge: "rules"), count: 9) }
        attempt { _ = try exchanges(ofRunIn: folder) }
        if let failure { throw failure }
    }

    /// The tables of a run and their columns.
    private func columns(_ folder: String) throws -> [(table: String, columns: [String])] {
        try Journal(readingFrom: folder).read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                    AND name <> 'grdb_migrations' ORDER BY name
                    """
            ).map { ($0, try db.columns(in: $0).map(\.name)) }
        }
    }

    /// The run with a table as the statement makes it from the one that was there, called `old`.
    private func change(_ folder: String, _ table: String, _ statement: String, into copy: String) throws {
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        let path = copy + "/" + Journal.fileName
        try FileManager.default.copyItem(atPath: folder + "/" + Journal.fileName, toPath: path)
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: "PRAGMA legacy_alter_table = ON; ALTER TABLE \(table) RENAME TO old; \(statement); DROP TABLE old;"
            )
        }
        try queue.close()
    }

    @Test("Columns that are gone or have another name are named as the journal's fault")
    func schemas() async throws {
        try await withTemporaryFolder { folder in
            let run = folder + "/run"
            try await makeRun(in: run)
            var number = 0
            for (table, columns) in try columns(run) where table != "judgeReplies" {
                for column in columns {
                    for replacement in ["", ", \(column) AS renamed"] {
                        let others = columns.filter { $0 != column }.joined(separator: ", ")
                        number += 1
                        let copy = "\(folder)/\(number)"
                        let kept = others.isEmpty ? "1 AS other" : others
                        try change(
                            run, table, "CREATE TABLE \(table) AS SELECT \(kept)\(replacement) FROM old", into: copy)
                        // Numbers of rows are read by nobody.
                        do {
                            try readAll(copy)
                            #expect(["id", "key"].contains(column), "\(table).\(column)")
                        } catch let error as StudyError {
                            #expect(!"\(error)".isEmpty)
                        }
                    }
                }
            }
            #expect(number > 40)
        }
    }

    @Test(
        "Values of other types and out of all range end in numbers or in an error",
        arguments: ["NULL", "x'ff00'", "'text'", "-5", "9223372036854775807", "1e300"])
    func values(_ value: String) async throws {
        try await withTemporaryFolder { folder in
            let run = folder + "/run"
            try await makeRun(in: run)
            var number = 0
            for (table, columns) in try columns(run) where table != "judgeReplies" {
                for column in columns {
                    let list = columns.map { $0 == column ? "\(value) AS \($0)" : $0 }.joined(separator: ", ")
                    number += 1
                    let copy = "\(folder)/\(number)"
                    try change(run, table, "CREATE TABLE \(table) AS SELECT \(list) FROM old", into: copy)
                    do { try readAll(copy) } catch let error as StudyError { #expect(!"\(error)".isEmpty) }
                }
            }
        }
    }

    @Test(
        "Numbers within what is stored as JSON are no trap either",
        arguments: [
            ("labels", #""weight":1"#, #""weight":1e200"#), ("labels", #""weight":1"#, #""weight":-1"#),
            ("labels", #""weight":1"#, #""weight":"NaN""#), ("labels", #""weight":1"#, #""weight":1e999"#),
            ("judgements", #""complied":true"#, #""complied":1e300"#),
            (
                "judgements", #""isMet":true"#,
                #""isMet":true,"evidence":[{"place":"output","start":9223372036854775807,"end":-1,"text":""}],"x":1"#
            ),
            ("judges", #""limit":20"#, #""limit":-1"#), ("judges", #""threshold":0.4"#, #""threshold":1e300"#),
        ])
    func documents(_ table: String, _ text: String, _ other: String) async throws {
        try await withTemporaryFolder { folder in
            let run = folder + "/run"
            try await makeRun(in: run)
            let copy = folder + "/copy"
            let columns = try #require(self.columns(run).first { $0.table == table }).columns
            let list = columns.map {
                $0 == "body"
                    ? "replace(body, '\(text.replacing("'", with: "''"))', '\(other.replacing("'", with: "''"))') AS body"
                    : $0
            }
            try change(
                run, table, "CREATE TABLE \(table) AS SELECT \(list.joined(separator: ", ")) FROM old", into: copy)
            do {
                try readAll(copy)
                _ = try StudyRun(folder: copy).writeReport()
            } catch let error as StudyError {
                #expect(!"\(error)".isEmpty)
            }
        }
    }
}
