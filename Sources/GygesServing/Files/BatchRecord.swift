import GygesFiles
import GygesWire

/// A batch and how it stands.
struct BatchRecord: Sendable {
    /// How it stands.
    enum Status: String, Sendable {
        /// Its lines are looked at.
        case validating
        /// Its lines are no requests.
        case failed
        /// Its lines are answered.
        case running = "in_progress"
        /// All are answered, and files are made of the answers.
        case finalizing
        case completed
        case cancelling
        case cancelled

        /// Whether nothing more will happen to it.
        var isOver: Bool { self == .failed || self == .completed || self == .cancelled }

        /// What the time of it is called.
        fileprivate var timeName: String? { self == .validating ? nil : "\(rawValue)_at" }
    }

    var id: String
    /// The name of the key whose it is; `nil` where there are none.
    var key: String?
    var endpoint: String
    var inputFile: String
    var metadata: JSONObject
    /// When it was made, in seconds since 1970.
    var created: Int
    private(set) var status = Status.validating
    /// When it came to stand as it does, by what OpenAI calls the time.
    private var times = JSONObject()
    /// Lines, those that were answered, and those that could not be.
    var counts = (total: 0, completed: 0, failed: 0)
    var outputFile: String?
    var errorFile: String?
    /// What is wrong with its lines.
    var errors: [JSON] = []

    init(_ asked: BatchRequest, key: String?, created: Int) {
        id = FileStore.makeName("batch")
        self.key = key
        endpoint = asked.endpoint.rawValue
        inputFile = asked.inputFile
        metadata = asked.metadata
        self.created = created
    }

    /// Notes how it stands from now on.
    mutating func become(_ status: Status, now: Int) {
        self.status = status
        if let name = status.timeName { times[name] = .integer(now) }
    }

    /// The batch as clients are told of it.
    var json: JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        var body = JSONObject([
            ("id", .string(id)), ("object", "batch"), ("endpoint", .string(endpoint)),
            ("input_file_id", .string(inputFile)), ("completion_window", "24h"), ("status", .string(status.rawValue)),
        ])
        body["errors"] = errors.isEmpty ? .null : ["object": "list", "data": .array(errors)]
        body["output_file_id"] = text(outputFile)
        body["error_file_id"] = text(errorFile)
        body["created_at"] = .integer(created)
        for (name, time) in times { body[name] = time }
        body["request_counts"] = [
            "total": .integer(counts.total), "completed": .integer(counts.completed), "failed": .integer(counts.failed),
        ]
        body["metadata"] = .object(metadata)
        return .object(body)
    }

    /// The batch as it is noted in a folder.
    var record: JSON { ["version": 1, "key": key.map(JSON.string) ?? .null, "batch": json] }

    /// Reads what ``record`` says; `nil` if it says something else.
    init?(record: JSON) {
        guard record["version"]?.integer == 1, let batch = record["batch"], let id = batch["id"]?.string,
            let endpoint = batch["endpoint"]?.string, let file = batch["input_file_id"]?.string,
            let status = batch["status"]?.string.flatMap(Status.init), let created = batch["created_at"]?.integer
        else { return nil }
        self.id = id
        key = record["key"]?.string
        self.endpoint = endpoint
        inputFile = file
        metadata = batch["metadata"]?.object ?? .init()
        self.created = created
        self.status = status
        for (name, value) in batch.object ?? .init() where name.hasSuffix("_at") && name != "created_at" {
            times[name] = value
        }
        let counts = batch["request_counts"]
        self.counts = (
            counts?["total"]?.integer ?? 0, counts?["completed"]?.integer ?? 0, counts?["failed"]?.integer ?? 0
        )
        outputFile = batch["output_file_id"]?.string
        errorFile = batch["error_file_id"]?.string
        errors = batch["errors"]?["data"]?.array ?? []
    }
}
