public import GygesFiles

/// What `POST /v1/score` is asked, as vLLM has it: how alike the two texts of each pair are.
public struct PairScoreRequest: Sendable, Equatable {
    /// The model's name; `nil` for the first that can tell.
    public var model: String?
    /// The first texts of pairs: one for all, or as many as there are second ones.
    public var first: [String]
    /// The second texts.
    public var second: [String]

    /// The pairs, in order.
    public var pairs: [(String, String)] { second.indices.map { (first[first.count == 1 ? 0 : $0], second[$0]) } }

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown or of another type, or that does not match the other.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.text("model")
        first = try Self.texts(&reader, "text_1")
        second = try Self.texts(&reader, "text_2")
        guard first.count == 1 || first.count == second.count else {
            throw .invalid(
                "text_2",
                "“text_1” has \(first.count) texts and “text_2” has \(second.count): give one “text_1” for all, or as many of both."
            )
        }
        reader.skip("user")
        try reader.finish()
    }

    private static func texts(_ reader: inout RequestReader, _ key: String) throws(ErrorReply) -> [String] {
        let value = try reader.required(reader.value(key), key)
        let texts = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
        guard !texts.isEmpty, texts.count == value.array?.count ?? 1 else {
            throw reader.mismatch(key, "a text or an array of texts", value)
        }
        return texts
    }
}
