public import GygesFiles

/// What `/rerank` is asked in the forms of Cohere's and of text-embeddings-inference's interface.
public struct RankingRequest: Sendable, Equatable {
    /// The model's name; `nil` for the first encoder.
    public var model: String?
    /// The query.
    public var query: String
    /// The texts that are ranked.
    public var texts: [String]
    /// How many of the best are wanted; `nil` for all.
    public var topCount: Int?
    /// Whether the answer repeats the texts.
    public var returnsTexts: Bool
    /// Whether scores stay as the model gives them.
    public var keepsScores: Bool
    /// Whether the request was Cohere's (`documents`), or the other's (`texts`).
    public var isCohere: Bool

    /// Reads a request as clients send it.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown or of another type.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.text("model")
        query = try reader.required(reader.text("query"), "query")
        let (documents, others) = (try reader.array("documents"), try reader.array("texts"))
        isCohere = documents != nil
        let elements = try reader.required(documents ?? others, "documents")
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string ?? element["text"]?.string else {
                throw reader.mismatch("\(isCohere ? "documents" : "texts")[\(index)]", "a text", element)
            }
            texts.append(text)
        }
        self.texts = texts
        topCount = try reader.integer("top_n", in: 1...Int(Int32.max))
        let returned = try reader.truth("return_documents")
        returnsTexts = try reader.truth("return_text") ?? returned ?? false
        keepsScores = try reader.truth("raw_scores") ?? false
        // Texts are always cut at their ends, as both do where nothing else is said.
        if try reader.truth("truncate") == false {
            throw .unsupported("truncate", "Texts that are too long are cut here; “truncate” cannot be false.")
        }
        reader.skip("truncation_direction", "max_chunks_per_doc", "max_tokens_per_doc", "user")
        try reader.finish()
    }
}
