import GRDB

extension Journal {
    /// The programs that have written the journal, by version and commit; none in one of a form that did not keep them.
    func programs() throws -> [ProgramIdentity] {
        try read { db in
            guard try db.tableExists("programs") else { return [] }
            var programs: [ProgramIdentity] = []
            let rows = try Row.fetchCursor(db, sql: "SELECT version, revision FROM programs ORDER BY version, revision")
            while let row = try rows.next() {
                programs.append(ProgramIdentity(version: try row.value(at: 0), commit: try row.value(at: 1)))
            }
            return programs
        }
    }

    /// Notes that a program writes the journal; once is enough.
    func record(_ program: ProgramIdentity) throws {
        try Self.reporting(path) {
            try queue.write { db in
                try db.execute(
                    sql: "INSERT OR IGNORE INTO programs (version, revision) VALUES (?, ?)",
                    arguments: [program.version, program.commit])
            }
        }
    }
}
