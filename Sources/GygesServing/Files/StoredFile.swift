import GygesFiles

/// A file that a client has uploaded, or that a batch has made.
struct StoredFile: Sendable {
    /// What it is for.
    enum Purpose: String, Sendable {
        /// Requests.
        case batch
        /// Answers.
        case batchOutput = "batch_output"
    }

    /// Its name in requests.
    var id: String
    /// The name of the key whose it is; `nil` where there are none.
    var key: String?
    /// What its owner calls it.
    var name: String
    var purpose: Purpose
    var byteCount: Int
    /// When it was made, in seconds since 1970.
    var created: Int

    /// The file as clients are told of it.
    var json: JSON {
        [
            "id": .string(id), "object": "file", "bytes": .integer(byteCount), "created_at": .integer(created),
            "filename": .string(name), "purpose": .string(purpose.rawValue), "status": "processed",
        ]
    }

    /// The file as it is noted in a folder.
    var record: JSON { ["version": 1, "key": key.map(JSON.string) ?? .null, "file": json] }

    init(id: String, key: String?, name: String, purpose: Purpose, byteCount: Int, created: Int) {
        self.id = id
        self.key = key
        self.name = name
        self.purpose = purpose
        self.byteCount = byteCount
        self.created = created
    }

    /// Reads what ``record`` says; `nil` if it says something else.
    init?(record: JSON) {
        guard record["version"]?.integer == 1, let file = record["file"], let id = file["id"]?.string,
            let bytes = file["bytes"]?.integer, let created = file["created_at"]?.integer,
            let name = file["filename"]?.string, let purpose = file["purpose"]?.string.flatMap(Purpose.init)
        else { return nil }
        self.init(
            id: id, key: record["key"]?.string, name: name, purpose: purpose, byteCount: bytes, created: created)
    }
}
