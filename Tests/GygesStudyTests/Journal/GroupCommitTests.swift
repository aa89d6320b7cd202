import FoundationEssentials
import GRDB
import GygesTestSupport
import Testing

@testable import GygesStudy

/// Rows that share a transaction.
@Suite struct GroupCommitTests {
    private struct Refused: Error {}

    private func insert(_ key: Int) -> @Sendable (Database) throws -> Void {
        { try $0.execute(sql: "INSERT INTO judgeReplies (key, body) VALUES (?, 'text')", arguments: ["\(key)"]) }
    }

    private func count(_ journal: Journal) throws -> Int {
        try journal.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM judgeReplies") ?? 0 }
    }

    @Test("A transaction is on the disk when it ends: a journal's log is confirmed each time")
    func isDurable() async throws {
        try withTemporaryFolder { folder in
            let level = { try Journal(writingTo: folder).read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } }
            #expect(try level() == 2)
            let loose = try Journal(writingTo: folder, isDurable: false)
            #expect(try loose.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 0)
        }
    }

    @Test("Rows written at the same time all arrive, in fewer transactions than rows")
    func shares() async throws {
        try await withTemporaryFolder { folder in
            let journal = try Journal(writingTo: folder)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for key in 0..<64 {
                    group.addTask { try await journal.write(insert(key)) }
                }
                try await group.waitForAll()
            }
            #expect(try count(journal) == 64)
            #expect((1..<32).contains(journal.commitCount))
        }
    }

    @Test("What one write does wrong is undone and thrown to it alone")
    func failsAlone() async throws {
        try await withTemporaryFolder { folder in
            let journal = try Journal(writingTo: folder)
            try await journal.write(insert(1))
            let failures = await withTaskGroup(of: Bool.self) { group in
                for key in 0..<20 {
                    group.addTask {
                        do {
                            try await journal.write { db in
                                try insert(key)(db)
                                if key.isMultiple(of: 5) { throw Refused() }
                            }
                            return false
                        } catch is Refused {
                            return true
                        } catch {
                            // The row that is there already.
                            return key == 1
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(failures == 5)
            #expect(try count(journal) == 16)
        }
    }
}
