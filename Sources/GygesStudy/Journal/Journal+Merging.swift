import GRDB

extension Journal {
    /// Takes in every row of other journals of the same run.
    ///
    /// Tables are taken as they are, so that this needs to know none of them: a row is named by its primary key, and rows of one
    /// name must be equal.
    /// - Throws: ``StudyError/conflict(table:key:folders:)`` if two are not; nothing is taken in then.
    func merge(folders: [String]) async throws {
        for (index, folder) in folders.enumerated() {
            let other = folder + "/" + Journal.fileName
            let earlier = Array(folders[..<index])
            try await withoutTransaction { db in
                try db.execute(sql: "ATTACH ? AS other", arguments: [other])
                defer { try? db.execute(sql: "DETACH other") }
                try db.inTransaction {
                    for table in try Self.mergedTables(db) {
                        try Self.merge(table, db, folders: earlier + [folder])
                    }
                    return .commit
                }
            }
        }
    }

    /// What a run gathers; what it is, and how the file came to its form, is the same in all.
    private static func mergedTables(_ db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql: """
                SELECT name FROM other.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                    AND name NOT IN ('runs', 'cells', 'grdb_migrations') ORDER BY name
                """
        ).sorted { a, b in
            // What others refer to comes first.
            (a == "transcripts" ? 0 : 1, a) < (b == "transcripts" ? 0 : 1, b)
        }
    }

    private static func merge(_ table: String, _ db: Database, folders: [String]) throws {
        let columns = try db.columns(in: table, in: "main").map(\.name)
        let keys = try db.primaryKey(table, in: "main").columns
        guard !keys.isEmpty else { return }
        func quoted(_ name: String) -> String { "\"\(name)\"" }
        let join = keys.map { "mine.\(quoted($0)) = its.\(quoted($0))" }.joined(separator: " AND ")
        let different = columns.map { "mine.\(quoted($0)) IS NOT its.\(quoted($0))" }.joined(separator: " OR ")
        let conflict = try Row.fetchOne(
            db,
            sql: """
                SELECT its.\(quoted(keys[0])) FROM main.\(quoted(table)) AS mine JOIN other.\(quoted(table)) AS its ON \(join)
                WHERE \(different) LIMIT 1
                """)
        if let conflict {
            let key: DatabaseValue = conflict[0]
            throw StudyError.conflict(
                table: table, key: String.fromDatabaseValue(key) ?? key.description, folders: folders)
        }
        let list = columns.map(quoted).joined(separator: ", ")
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO main.\(quoted(table)) (\(list)) SELECT \(list) FROM other.\(quoted(table))
                """)
    }
}
