public import GygesFiles

/// What `GET /v1/models` answers, as far as it says what a model is.
public struct ModelList: Sendable, Equatable {
    /// A model that the server offers.
    public struct Model: Sendable, Equatable {
        /// Its name.
        public var id: String
        /// What the server says of it that does not change from one start to the next: times and permissions are left
        /// out.
        public var facts: [String: String]
        /// When it was made, in seconds since 1970; no fact, because servers say when they were started.
        public var created: Int?

        /// Creates an entry.
        public init(id: String, facts: [String: String] = [:], created: Int? = nil) {
            self.id = id
            self.facts = facts
            self.created = created
        }
    }

    /// The models in the server's order.
    public var models: [Model]

    /// Creates a list.
    public init(models: [Model]) { self.models = models }

    /// The most models that are looked at, and the longest fact in characters.
    private static let (limit, factLimit) = (10_000, 1000)
    /// The members that are facts.
    private static let factNames = ["object", "owned_by", "root", "parent", "max_model_len"]

    /// Reads a list.
    ///
    /// - Parameter source: names the reply in errors.
    /// - Throws: `FileError` naming the member that is missing or of the wrong type.
    public init(_ json: JSON, source: String) throws(FileError) {
        let data = try JSONField(json, source: source, remedy: wrongAPIRemedy).required("data")
        let elements = try data.elements()
        guard elements.count <= Self.limit else { throw data.fault("there are \(elements.count) models") }
        models = try elements.reading { element throws(FileError) in
            var facts: [String: String] = [:]
            for key in Self.factNames {
                guard let value = try element.optional(key)?.json else { continue }
                facts[key] = String((value.string ?? value.serialized()).prefix(Self.factLimit))
            }
            return Model(
                id: try element.required("id").text(), facts: facts, created: element.json["created"]?.integer)
        }
    }

    /// The reply's body.
    public var json: JSON {
        let data = models.map { model in
            var object = JSONObject([("id", .string(model.id))])
            object["created"] = model.created.map(JSON.integer)
            for key in Self.factNames {
                guard let fact = model.facts[key] else { continue }
                object[key] = key == "max_model_len" ? Int(fact).map(JSON.integer) ?? .string(fact) : .string(fact)
            }
            return JSON.object(object)
        }
        return ["object": "list", "data": .array(data)]
    }
}
