import GRDB
import GygesFiles
import GygesTestSupport
import GygesWire
import GygesWorkers
import Testing

@testable import GygesServing

/// What was used is noted once for each request, and survives whoever wrote it.
@Suite struct UsageBookTests {
    private func row(_ model: String, key: String?, ended: Int, _ tokens: Int) -> UsageBook.Row {
        UsageBook.Row(
            ended: ended, key: key, model: model, status: 200,
            usage: .init(promptTokens: tokens, completionTokens: 2 * tokens, cachedTokens: 1), firstToken: 0.5,
            duration: 2)
    }

    @Test func rowsAreSummedByGroup() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/usage.sqlite"
        do {
            let book = try UsageBook(path: path)
            book.append(row("a", key: "ada", ended: 0, 10))
            book.append(row("b", key: "ada", ended: 86_400, 20))
            book.append(row("a", key: nil, ended: 86_401, 40))
        }
        // Another process reads it.
        let book = try UsageBook(path: path)
        let all = try #require(try book.sums(by: []).first)
        #expect(
            all["requests"] == 3 && all["prompt_tokens"] == 70 && all["completion_tokens"] == 140
                && all["seconds"]?.double == 6)
        let days = try book.sums(by: [.day])
        #expect(days.map { $0["day"] } == ["1970-01-01", "1970-01-02"] && days.map { $0["requests"] } == [1, 2])
        let keys = try book.sums(by: [.key, .model])
        #expect(keys.map { $0["key"] } == [.null, "ada", "ada"] && keys.map { $0["model"] } == ["a", "a", "b"])
    }

    @Test func whatIsNoBookIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "no database, but text that is long enough to be looked at as one", to: "usage.sqlite")
        #expect(throws: FileError.self) { try UsageBook(path: path) }
        #expect(throws: FileError.self) { try UsageBook(path: folder.path + "/nowhere/usage.sqlite") }
    }

    @Test func booksOfEarlierVersionsAreGoneOnWith() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/usage.sqlite"
        try DatabaseQueue(path: path).write { db in
            try db.execute(
                sql: """
                    CREATE TABLE request (
                      id INTEGER PRIMARY KEY, ended INTEGER NOT NULL, key TEXT, model TEXT NOT NULL, status INTEGER NOT NULL,
                      prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
                      first_token_seconds REAL, seconds REAL NOT NULL);
                    INSERT INTO request VALUES (1, 0, NULL, 'a', 200, 1, 2, 0, NULL, 1)
                    """)
        }
        let book = try UsageBook(path: path)
        var named = row("a", key: nil, ended: 1, 10)
        named.requestID = "mine"
        book.append(named)
        #expect(try book.sums(by: []).first?["prompt_tokens"] == 11)
        let names = try DatabaseQueue(path: path).read { db in
            try String?.fetchAll(db, sql: "SELECT request_id FROM request ORDER BY id")
        }
        #expect(names == [nil, "mine"])
    }

    @Test func phasesAreNotedOnceAndRoundedUpOneByOne() throws {
        let folder = try TemporaryFolder()
        let book = try UsageBook(
            path: folder.path + "/usage.sqlite", prices: [.init(model: "a", prompt: 0, completion: 0, second: 0.5)])
        func phase(_ number: Int, _ kind: WorkerPhase.Kind, _ seconds: Double) -> WorkerPhase {
            WorkerPhase(worker: 1, number: number, kind: kind, began: 10, seconds: seconds)
        }
        book.note([phase(1, .starting, 0.25), phase(2, .executing, 0.5)], of: "a")
        // The second goes on, and is told again.
        book.note([phase(2, .executing, 1.25), phase(3, .executing, 2), phase(4, .parked, 7.5)], of: "a")
        book.note([phase(1, .starting, 1.5)], of: "b")
        let sums = try book.workerSums()
        #expect(sums.map { $0["phase"] } == ["executing", "parked", "starting", "starting"])
        #expect(sums.map { $0["seconds"]?.double } == [3.25, 7.5, 0.25, 1.5])
        #expect(sums.map { $0["billed_seconds"] } == [4, 8, 1, 2] && sums.map { $0["count"] } == [2, 1, 1, 1])
        // What has no price has no cost.
        #expect(sums.map { $0["cost"]?.double } == [2, 0, 0.5, nil])
    }

    @Test func costsFollowPrices() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/usage.sqlite"
        let book = try UsageBook(
            path: path,
            prices: [
                .init(model: "a", prompt: 1e5, completion: 2e5), .init(model: "a:free", prompt: 0, completion: 0),
            ])
        for model in ["a", "a:own", "a:free", "ab", "b"] { book.append(row(model, key: nil, ended: 0, 10)) }
        let sums = try book.sums(by: [.model])
        #expect(sums.map { $0["model"] } == ["a", "a:free", "a:own", "ab", "b"])
        #expect(sums.map { $0["cost"]?.double } == [5, 0, 5, nil, nil])
        #expect(try book.sums(by: [.day]).first?["cost"]?.double == 10)
        #expect(try UsageBook(path: path).sums(by: [.model]).allSatisfy { $0["cost"] == nil })
    }
}
