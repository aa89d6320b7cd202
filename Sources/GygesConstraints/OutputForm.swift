public import GygesFiles

/// What an answer is held to, as it is asked for: what ``OutputGrammar`` is compiled from.
public enum OutputForm: Sendable, Equatable {
    /// Any JSON object.
    case jsonObject
    /// A document of a JSON schema.
    case schema(JSON)
    /// One of these texts.
    case answers([String])

    /// The form as a document, by which two can be told apart.
    public var json: JSON {
        switch self {
        case .jsonObject: "json_object"
        case .schema(let schema): ["schema": schema]
        case .answers(let texts): ["answers": .array(texts.map(JSON.string))]
        }
    }
}

extension OutputGrammar {
    /// The grammar of a form.
    ///
    /// - Throws: ``ConstraintError`` if it cannot be enforced.
    public init(_ form: OutputForm) throws(ConstraintError) {
        switch form {
        case .jsonObject: self = .jsonObject
        case .schema(let schema): try self.init(schema: schema)
        case .answers(let texts): try self.init(answers: texts)
        }
    }
}
