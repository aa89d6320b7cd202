public import GygesFiles

/// What `POST /v1/classify` and `POST /predict` are sent: texts, or pairs of texts, to label.
public struct LabelRequest: Sendable, Equatable {
    /// What is labelled.
    public enum Input: Sendable, Equatable {
        /// Texts.
        case texts([String])
        /// Pairs of texts, which the model reads together.
        case pairs([Pair])

        /// How many there are.
        public var count: Int {
            switch self {
            case .texts(let texts): texts.count
            case .pairs(let pairs): pairs.count
            }
        }
    }

    /// Two texts that are read together.
    public struct Pair: Sendable, Equatable {
        /// What is read first.
        public var first: String
        /// What is read after it.
        public var second: String
    }

    /// The model's name; `nil` for the server's first that has labels.
    public var model: String?
    /// What is labelled.
    public var input: Input
    /// Whether the request was one text, or one pair, by itself.
    public var isSingle: Bool

    /// Reads a request as clients send it: `input`, a text or several, as vLLM has it, or `inputs` as text-embeddings-inference has it: a text,
    /// two texts for a pair, or an array of arrays of one text or two.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown or of another type.
    public init(_ json: JSON) throws(ErrorReply) {
        var reader = try RequestReader(json)
        model = try reader.text("model")
        let value: JSON
        if let inputs = reader.value("inputs") {
            value = inputs
            (input, isSingle) = try Self.nested(inputs, reader)
            guard reader.value("input") == nil else {
                throw .invalid("input", "A request has “input” or “inputs”, not both.")
            }
        } else {
            value = try reader.required(reader.value("input"), "input")
            let texts = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
            guard !texts.isEmpty, texts.count == value.array?.count ?? 1 else {
                throw reader.mismatch("input", "a text or an array of texts", value)
            }
            input = .texts(texts)
            isSingle = value.string != nil
        }
        reader.skip("user")
        if try reader.truth("raw_scores") == true {
            throw .unsupported("raw_scores", "Labels come with probabilities here; “raw_scores” cannot be true.")
        }
        // Texts are always cut at their ends, as both do where nothing else is said.
        if try reader.truth("truncate") == false {
            throw .unsupported("truncate", "Texts that are too long are cut here; “truncate” cannot be false.")
        }
        try reader.finish()
    }

    private static func nested(_ value: JSON, _ reader: RequestReader) throws(ErrorReply) -> (Input, isSingle: Bool) {
        let fault = reader.mismatch(
            "inputs", "a text, a pair [\"a\", \"b\"], or an array of [\"a\"] or of [\"a\", \"b\"]", value)
        if let text = value.string { return (.texts([text]), true) }
        guard let rows = value.array, let first = rows.first else { throw fault }
        if first.string != nil {
            guard rows.count == 2, let one = rows[0].string, let other = rows[1].string else { throw fault }
            return (.pairs([Pair(first: one, second: other)]), true)
        }
        let texts = rows.map { $0.array?.compactMap(\.string) ?? [] }
        guard zip(rows, texts).allSatisfy({ $0.array?.count == $1.count }),
            let width = texts.first?.count, (1...2).contains(width), texts.allSatisfy({ $0.count == width })
        else { throw fault }
        return (
            width == 1 ? .texts(texts.map { $0[0] }) : .pairs(texts.map { Pair(first: $0[0], second: $0[1]) }), false
        )
    }
}
