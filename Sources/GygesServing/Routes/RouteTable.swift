import GygesFiles
import GygesServer

extension ModelRoutes {
    /// Every route of ``all``, described. A route that is not here is found by a test.
    static let table: [RouteDescription] = general + decoding + encoding + keeping

    private static let general: [RouteDescription] = [
        .init(.get, "/health", "Whether the server lives."),
        .init(.get, "/ready", "Whether it answers."),
        .init(.get, "/openapi.json", "This document."),
        .init(.get, "/metrics", "Counts for Prometheus.", answer: .text),
        .init(
            .get, "/v1/usage", "Sums of what requests have used.",
            query: [("group_by", ["type": "string", "pattern": "^(key|day|model|status)$"])], faults: [400, 404]),
        .init(.get, "/v1/requests/:id/trace", "What happened to a request, and when."),
        .init(.get, "/v1/models", "The models."),
        .init(.get, "/v1/models/:name", "A model."),
    ]

    private static let decoding: [RouteDescription] =
        [
            .init(.post, "/v1/chat/completions", "Answers a chat.", body: .json("ChatRequest"), answer: .stream),
            .init(
                .post, "/v1/responses", "Answers a conversation of items.", body: .json("ResponseRequest"),
                answer: .stream),
            .init(.post, "/v1/completions", "Goes on with texts.", body: .json("CompletionRequest"), answer: .stream),
            .init(.post, "/apply-template", "The text of a conversation.", body: .json("TemplateRequest")),
            .init(
                .get, "/tokenizer_info", "The special tokens and the template.",
                query: [("model", ["$ref": "#/components/schemas/Model"])], faults: [404]),
        ]
        + ["/tokenize", "/v1/tokenize"].map {
            .init(.post, $0, "The tokens of a text.", body: .json("TokenizeRequest"))
        }
        + ["/detokenize", "/v1/detokenize"].map {
            .init(.post, $0, "The text of tokens.", body: .json("DetokenizeRequest"))
        }

    private static let encoding: [RouteDescription] =
        [
            .init(.post, "/v1/embeddings", "Vectors of texts.", body: .json("EmbeddingRequest")),
            .init(.post, "/v1/classify", "The label of each text.", body: .json("LabelRequest")),
            .init(.post, "/predict", "All labels of each text.", body: .json("LabelRequest")),
        ]
        + ["/rerank", "/v1/rerank", "/v2/rerank"].map {
            .init(.post, $0, "Texts by how well they answer a query.", body: .json("RankingRequest"))
        }
        + ["/score", "/v1/score"].map {
            .init(.post, $0, "How alike the texts of pairs are.", body: .json("PairScoreRequest"))
        }

    private static let page: [(name: String, schema: JSON)] = [
        ("after", ["type": "string"]), ("limit", ["type": "integer", "minimum": 1, "maximum": 10_000]),
    ]

    private static let keeping: [RouteDescription] = [
        .init(.post, "/v1/files", "Keeps a file of requests.", body: .form("FileForm")),
        .init(
            .get, "/v1/files", "The files.",
            query: page + [("order", ["enum": ["asc", "desc"]]), ("purpose", ["type": "string"])], faults: [400, 404]),
        .init(.get, "/v1/files/:id", "What a file is."),
        .init(.delete, "/v1/files/:id", "Removes a file.", faults: [409]),
        .init(.get, "/v1/files/:id/content", "What is in a file.", answer: .bytes),
        .init(.post, "/v1/batches", "Begins a batch.", body: .json("BatchRequest")),
        .init(.get, "/v1/batches", "The batches.", query: page, faults: [400, 404]),
        .init(.get, "/v1/batches/:id", "How a batch stands."),
        .init(.post, "/v1/batches/:id/cancel", "Ends a batch early.", faults: [409]),
    ]

    /// The server's interface as OpenAPI 3.1 describes it, with the names of the models that are here.
    ///
    /// - Throws: `FileError`, of which the program's own schemas cause none.
    func openAPI() throws(FileError) -> JSON {
        let text = Array(PackageResources.schemas_json)
        var schemas = try JSON.parse(text, path: "schemas.json").object ?? .init()
        func choice(_ models: [ServedModel], orNone: Bool) -> JSON {
            ["enum": .array(models.map { .string($0.name) } + (orNone ? [.null] : []))]
        }
        let decoders = shelf.models.filter(\.isDecoder)
        let encoders = shelf.models.filter { !$0.isDecoder }
        // Where there are none, requests name one that cannot answer, and are told so.
        for (name, models) in [
            ("Model", shelf.models), ("Decoder", decoders.isEmpty ? shelf.models : decoders),
            ("Encoder", encoders.isEmpty ? shelf.models : encoders),
        ] {
            schemas[name] = choice(models, orNone: false)
            schemas["\(name)OrNone"] = choice(models, orNone: true)
        }
        var paths = JSONObject()
        for description in Self.table {
            var operations = paths[description.template]?.object ?? .init()
            operations[description.method.rawValue.lowercased()] = description.operation
            paths[description.template] = .object(operations)
        }
        let key: JSON = ["type": "http", "scheme": "bearer"]
        return [
            "openapi": "3.1.0",
            "info": ["title": "Gyges", "version": "1", "description": "Language models at OpenAI's interface."],
            "paths": .object(paths),
            "components": ["schemas": .object(schemas), "securitySchemes": ["key": key]],
            // Keys are asked for where the server has some.
            "security": [[:], ["key": []]],
        ]
    }
}
