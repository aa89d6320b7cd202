import GygesFiles

/// What replies of chats and completions, whole ones and pieces, say besides their choices.
public struct ReplyHead: Sendable, Equatable {
    /// The reply's own name; the same in all pieces of one.
    public var id: String?
    /// When the answer was begun, in seconds since 1970.
    public var created: Int?
    /// The model as the server names it.
    public var model: String?
    /// Which state of the server's software answers, where it says so.
    public var systemFingerprint: String?
    /// How many tokens were used, if the server says; of a streamed reply in its last piece, which has no choices.
    public var usage: Usage?

    /// Creates a head.
    public init(
        id: String? = nil, created: Int? = nil, model: String?, systemFingerprint: String? = nil, usage: Usage? = nil
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.systemFingerprint = systemFingerprint
        self.usage = usage
    }

    /// Reads the head of a reply. Servers that number their replies, or date them by fractions, are read without these; counts of tokens
    /// that no text can have are unknown ones, since the answer beside them is good.
    init(_ root: JSONField) throws(FileError) {
        id = root.json["id"]?.string
        created = root.json["created"]?.integer
        model = try root.optional("model")?.text()
        systemFingerprint = try root.optional("system_fingerprint")?.text()
        usage = try root.optional("usage").flatMap { try? Usage($0) }
    }

    /// A reply's body.
    ///
    /// - Parameter kind: What the protocol calls the reply, such as `chat.completion`.
    func body(_ kind: String, choices: [JSON]) -> JSONObject {
        var body = JSONObject([("object", .string(kind))])
        body["id"] = id.map(JSON.string)
        body["created"] = created.map(JSON.integer)
        body["model"] = model.map(JSON.string)
        body["system_fingerprint"] = systemFingerprint.map(JSON.string)
        body["choices"] = .array(choices)
        body["usage"] = usage?.json
        return body
    }
}
