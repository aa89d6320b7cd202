public import GygesBulk
import GygesCheckpoints
public import GygesFiles
public import GygesInference
import GygesKernels
public import GygesWire

/// A model that a server offers under a name.
public struct ServedModel: Sendable {
    /// What answers.
    public enum Engine: Sendable {
        /// A decoder, and what turns requests into those of its engine.
        case decoder(BulkGenerator)
        /// An encoder.
        case encoder(TextEncoder)
    }

    /// The name that requests call it by.
    public let name: String
    /// What answers.
    public let engine: Engine
    /// What is added to a decoder's weights for requests by this name; `nil` for the model as it was loaded.
    public let adapter: LoadedAdapter?
    /// When it was loaded, in seconds since 1970.
    public let created: Int
    /// Tells apart what decides answers besides requests, as OpenAI's `system_fingerprint` does; `nil` for encoders.
    let fingerprint: String?

    /// Offers a decoder.
    ///
    /// - Parameters:
    ///   - adapter: What is added to its weights for requests by this name.
    ///   - created: When it was loaded, in seconds since 1970.
    /// - Throws: `FileError` if the model's files cannot be read any more.
    public init(name: String, decoder: LanguageModel, adapter: LoadedAdapter? = nil, created: Int) throws {
        self.name = name
        var defaults = BulkGenerator.Defaults()
        let advice = decoder.generationDefaults
        // What OpenAI's API does where nothing is said, but for what the model's publisher advises.
        defaults.sampling = SamplingParameters(
            temperature: advice.temperature ?? 1, topK: advice.topK ?? 0, topP: advice.topP ?? 1,
            repetitionPenalty: advice.repetitionPenalty ?? 1)
        engine = .decoder(try BulkGenerator(model: decoder, defaults: defaults))
        self.adapter = adapter
        self.created = created
        fingerprint = "fp_" + (try decoder.fingerprint(with: adapter)).prefix(12)
    }

    /// Offers an encoder.
    public init(name: String, encoder: TextEncoder, created: Int) {
        self.name = name
        engine = .encoder(encoder)
        adapter = nil
        self.created = created
        fingerprint = nil
    }

    /// All that decides answers besides requests, so that a file is only gone on with by what began it.
    ///
    /// - Throws: `FileError` if the model's files cannot be read any more.
    /// - Complexity: O(size of the model's files), which are digested.
    public func identity() throws(FileError) -> JSONObject {
        switch engine {
        case .decoder(let generator):
            // Answers say the model's name.
            var identity = try generator.identity()
            identity["name"] = .string(name)
            return identity
        case .encoder(let encoder):
            return JSONObject([
                ("name", .string(name)), ("model", .string(try encoder.digest())),
                ("precision", .string(encoder.precision.rawValue)),
            ])
        }
    }

    /// Whether it generates text.
    var isDecoder: Bool { if case .decoder = engine { true } else { false } }

    /// What `GET /v1/models` says of it.
    var entry: ModelList.Model {
        var facts = ["object": "model", "owned_by": "gyges"]
        facts["max_model_len"] = "\(contextLimit)"
        if let base = name.split(separator: ":").first, adapter != nil { facts["parent"] = String(base) }
        return .init(id: name, facts: facts, created: created)
    }

    /// The most tokens of a request.
    var contextLimit: Int {
        switch engine {
        case .decoder(let generator): generator.model.contextLimit
        case .encoder(let encoder): encoder.contextLimit
        }
    }
}

/// The models of a server by their names.
public struct ModelShelf: Sendable {
    /// The models in the order in which they were named; the first answers requests that name none where a protocol allows it.
    public let models: [ServedModel]

    /// Creates a shelf.
    ///
    /// - Throws: `FileError` if there is no model, or two have one name.
    public init(_ models: [ServedModel]) throws(FileError) {
        guard !models.isEmpty else { throw FileError("the server", "has no model", remedy: "Name one.") }
        var names: Set<String> = []
        for model in models where !names.insert(model.name).inserted {
            throw FileError(model.name, "is the name of two models", remedy: "Give one another: NAME=PATH.")
        }
        self.models = models
    }

    /// What `GET /v1/models` answers.
    public var list: ModelList { ModelList(models: models.map(\.entry)) }

    /// A model by its name.
    ///
    /// - Parameter name: `nil` for the first.
    /// - Throws: ``ServingFault`` with status 404 if there is none.
    func model(_ name: String?) throws(ServingFault) -> ServedModel {
        guard let name else { return models[0] }
        guard let model = models.first(where: { $0.name == name }) else {
            throw ServingFault(
                status: 404,
                ErrorReply(
                    message:
                        "There is no model “\(String(name.prefix(100)))” here, but \(models.map(\.name).joined(separator: ", ")).",
                    type: "invalid_request_error", parameter: "model", code: "model_not_found"))
        }
        return model
    }

    /// A decoder by its name.
    ///
    /// - Throws: ``ServingFault`` if there is none, or it is an encoder.
    func decoder(_ name: String?) throws(ServingFault) -> (model: ServedModel, generator: BulkGenerator) {
        let model = try model(name)
        guard case .decoder(let generator) = model.engine else {
            throw .unfit(model, "is an encoder, and generates no text")
        }
        return (model, generator)
    }

    /// An encoder by its name; the first that can do what is asked if it has none.
    ///
    /// - Parameter suits: Whether an encoder can do what is asked. One that is named need not: it says itself what it lacks.
    /// - Throws: ``ServingFault`` if there is none, or it is a decoder.
    func encoder(
        _ name: String?, _ suits: (TextEncoder) -> Bool
    ) throws(ServingFault) -> (model: ServedModel, encoder: TextEncoder) {
        let encoders = models.filter { if case .encoder = $0.engine { true } else { false } }
        let fitting = encoders.first { if case .encoder(let encoder) = $0.engine { suits(encoder) } else { false } }
        let model = try name == nil ? fitting ?? encoders.first ?? models[0] : model(name)
        guard case .encoder(let encoder) = model.engine else {
            throw .unfit(model, "is a decoder, and gives neither vectors nor labels")
        }
        return (model, encoder)
    }

    /// The model that answers requests about decoders' texts which name none: the first decoder.
    ///
    /// - Throws: ``ServingFault`` if it is named and there is none, or it is an encoder.
    func firstDecoder(_ name: String?) throws(ServingFault) -> (model: ServedModel, generator: BulkGenerator) {
        try decoder(name ?? models.first(where: \.isDecoder)?.name)
    }
}
