import GygesFiles
import GygesServer

/// What a route is for, what it takes and what it answers, for documents that describe the server.
struct RouteDescription: Sendable {
    /// What a request's body is.
    enum Body: Sendable {
        case none
        /// A JSON document after a schema of `Schemas/schemas.json`.
        case json(String)
        /// A form after a schema.
        case form(String)
    }

    /// What an answer is.
    enum Answer: Sendable {
        case json
        /// A JSON document, or a stream of events where the request asks for one.
        case stream
        case text
        case bytes

        fileprivate var types: [String] {
            switch self {
            case .json: ["application/json"]
            case .stream: ["application/json", "text/event-stream"]
            case .text: ["text/plain"]
            case .bytes: ["application/octet-stream"]
            }
        }
    }

    var method: Route.Method
    var path: String
    /// What it is for, in a few words.
    var summary: String
    var body: Body = .none
    var answer: Answer = .json
    /// What may stand behind `?`, with the schema of each.
    var query: [(name: String, schema: JSON)] = []
    /// Statuses of refusals besides those that every route has.
    var faults: [Int] = []

    init(
        _ method: Route.Method, _ path: String, _ summary: String, body: Body = .none, answer: Answer = .json,
        query: [(name: String, schema: JSON)] = [], faults: [Int] = []
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        self.body = body
        self.answer = answer
        self.query = query
        self.faults = faults
    }

    /// The path as OpenAPI has it: `/v1/files/{id}`.
    var template: String { pieces.map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : $0 }.joined(separator: "/") }

    private var pieces: [String] { path.split(separator: "/", omittingEmptySubsequences: false).map(String.init) }

    /// The route as an operation of OpenAPI.
    var operation: JSON {
        let names = pieces.filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
        let parameters =
            names.map { name -> JSON in
                ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]]
            }
            + query.map { name, schema -> JSON in ["name": .string(name), "in": "query", "schema": schema] }
        var operation = JSONObject([("summary", .string(summary)), ("responses", .object(responses))])
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        switch body {
        case .none: break
        case .json(let schema): operation["requestBody"] = Self.body("application/json", schema)
        case .form(let schema): operation["requestBody"] = Self.body("multipart/form-data", schema)
        }
        return .object(operation)
    }

    private static func body(_ type: String, _ schema: String) -> JSON {
        ["required": true, "content": .object(Self.content(type, reference(schema)))]
    }

    private static func content(_ type: String, _ schema: JSON) -> JSONObject {
        var content = JSONObject()
        content[type] = ["schema": schema]
        return content
    }

    private static func reference(_ schema: String) -> JSON { ["$ref": .string("#/components/schemas/\(schema)")] }

    private var responses: JSONObject {
        var content = JSONObject()
        for type in answer.types {
            let schema: JSON = type == "application/json" ? [:] : ["type": "string"]
            content[type] = ["schema": schema]
        }
        var responses = JSONObject()
        responses["200"] = ["description": "What was asked for.", "content": .object(content)]
        let usual = [401, 403] + (path.contains(":") ? [404] : [])
        var taking: [Int] = []
        if case .json = body { taking = [400, 404, 413, 429, 503] }
        if case .form = body { taking = [400, 404, 413, 415, 429] }
        for status in Set(usual + taking + faults).sorted() {
            responses["\(status)"] = [
                "description": .string(Self.words[status] ?? "An error."),
                "content": .object(Self.content("application/json", Self.reference("Error"))),
            ]
        }
        return responses
    }

    private static let words = [
        400: "The request cannot be understood, or asks for what cannot be done.", 401: "A key is missing.",
        403: "The request comes from another site, or names another host.", 404: "There is no such thing here.",
        409: "It stands otherwise than the request takes for granted.", 413: "The request is too large.",
        415: "The request is of another type.", 429: "As many requests wait as may.",
        503: "The server cannot answer now.",
    ]
}
