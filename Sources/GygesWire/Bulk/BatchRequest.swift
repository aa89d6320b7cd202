public import GygesFiles

/// What `POST /v1/batches` is sent: a file of requests that are to be answered.
public struct BatchRequest: Sendable, Equatable {
    /// The name of the file.
    public var inputFile: String
    /// What all its lines ask.
    public var endpoint: BatchLine.URL
    /// What the sender notes about the batch, for itself.
    public var metadata: JSONObject

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown or of another type.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        inputFile = try reader.required(reader.text("input_file_id"), "input_file_id")
        endpoint = try reader.required(reader.choice("endpoint", BatchLine.URL.self), "endpoint")
        let window = try reader.required(reader.text("completion_window"), "completion_window")
        guard window == "24h" else { throw reader.mismatch("completion_window", "“24h”", .string(window)) }
        metadata = try reader.object("metadata") ?? JSONObject()
        guard metadata.count <= 16, metadata.allSatisfy({ $1.string.map { $0.count <= 512 } ?? false }) else {
            throw .invalid("metadata", "“metadata” must be at most 16 texts of at most 512 characters.")
        }
        try reader.finish()
    }
}
