import GygesFiles
import GygesServer
import GygesWire

/// What a job asks for, as the serverless platforms' clients write it: `{"input": {…}, "policy": {…}}`.
///
/// The input is a `prompt` or `messages` with `sampling_params`, or a request of OpenAI's API behind `openai_route` and `openai_input`, as RunPod's worker
/// of vLLM takes them.
struct JobRequest: Sendable {
    /// How the output is written.
    enum Form: Sendable {
        /// `{"choices": [{"tokens": […]}], "usage": {"input", "output"}}`.
        case tokens
        /// As the route answers.
        case route
    }

    /// The route that answers.
    var path: String
    /// What it is asked.
    var body: JSONObject
    /// How the output is written.
    var form: Form
    /// Whether the output comes in pieces.
    var isStreamed: Bool
    /// How long the job may take once it is begun; `nil` for as long as routes let it.
    var executionTimeout: Duration?
    /// How long it may be there before it has ended.
    var timeToLive: Duration

    private static let parameters = ["prompt", "messages", "sampling_params", "stream", "apply_chat_template"]
    /// A day, as on the platforms.
    private static let usualTimeToLive = 86_400_000
    private static let longestTime = 604_800_000

    /// Reads a job.
    ///
    /// - Parameters:
    ///   - endpoint: The model that the job is for.
    ///   - routes: The routes that may be asked for.
    /// - Throws: ``ServingFault`` if it says what cannot be done.
    init(_ json: JSON, endpoint: String, routes: [String]) throws(ServingFault) {
        guard let members = json.object else {
            throw .invalid("input", "A job is an object with “input”.")
        }
        if members["webhook"] != nil {
            throw .invalid(
                "webhook", "This server calls nobody: leave “webhook” out, and ask for the job's status by its id.")
        }
        try Self.check(members, among: ["input", "policy"], in: "a job")
        guard let input = members["input"]?.object else {
            throw .invalid("input", "“input” is missing, or is no object.")
        }
        var policy = JSONObject()
        if let stated = members["policy"] {
            guard let object = stated.object else { throw .invalid("policy", "“policy” is an object.") }
            policy = object
        }
        try Self.check(policy, among: ["executionTimeout", "ttl"], in: "“policy”")
        executionTimeout = try Self.time("executionTimeout", of: policy).map { .milliseconds($0) }
        timeToLive = .milliseconds(try Self.time("ttl", of: policy) ?? Self.usualTimeToLive)
        if input["openai_route"] != nil || input["openai_input"] != nil {
            try Self.check(input, among: ["openai_route", "openai_input"], in: "“input” with “openai_route”")
            guard let route = input["openai_route"]?.string, routes.contains(route) else {
                throw .invalid("openai_route", "“openai_route” is one of \(routes.joined(separator: ", ")).")
            }
            guard let asked = input["openai_input"]?.object else {
                throw .invalid("openai_input", "“openai_input” is missing, or is no object.")
            }
            (path, body, form) = (route, asked, .route)
            isStreamed = asked["stream"]?.bool ?? false
        } else {
            try Self.check(input, among: Self.parameters, in: "“input”")
            (path, body, isStreamed) = try Self.plain(input)
            form = .tokens
        }
        if let model = body["model"] {
            // An adapter or a checkpoint of the model is called by its name and more.
            guard let name = model.string,
                name == endpoint || name.hasPrefix(endpoint + ":") || name.hasPrefix(endpoint + "@")
            else {
                throw .invalid("model", "“model” is another than the endpoint's, “\(endpoint)”: leave it out.")
            }
        } else {
            body["model"] = .string(endpoint)
        }
    }

    /// A prompt or messages as a request of a route.
    private static func plain(_ input: JSONObject) throws(ServingFault) -> (String, JSONObject, Bool) {
        var body = JSONObject()
        if let stated = input["sampling_params"] {
            guard let parameters = stated.object else {
                throw .invalid("sampling_params", "“sampling_params” is an object.")
            }
            for name in ["prompt", "messages", "model", "stream", "stream_options"] where parameters[name] != nil {
                throw .invalid(name, "“\(name)” has no place in “sampling_params”.")
            }
            body = parameters
        }
        func truth(_ name: String) throws(ServingFault) -> Bool {
            guard let value = input[name] else { return false }
            guard let truth = value.bool else { throw .invalid(name, "“\(name)” is true or false.") }
            return truth
        }
        let isStreamed = try truth("stream")
        if isStreamed {
            body["stream"] = true
            body["stream_options"] = ["include_usage": true]
        }
        switch (input["prompt"], input["messages"]) {
        case (let prompt?, nil):
            guard let text = prompt.string else { throw .invalid("prompt", "“prompt” is a text.") }
            guard try truth("apply_chat_template") else {
                body["prompt"] = .string(text)
                return ("/v1/completions", body, isStreamed)
            }
            body["messages"] = [["role": "user", "content": .string(text)]]
        case (nil, let messages?): body["messages"] = messages
        default:
            throw .invalid("input", "“input” has either “prompt” or “messages”, or “openai_route” and “openai_input”.")
        }
        return ("/v1/chat/completions", body, isStreamed)
    }

    private static func check(_ members: JSONObject, among known: [String], in place: String) throws(ServingFault) {
        for (name, _) in members where !known.contains(name) {
            let name = String(name.prefix(60))
            throw .invalid(name, "“\(name)” is not known in \(place): there are \(known.joined(separator: ", ")).")
        }
    }

    private static func time(_ name: String, of policy: JSONObject) throws(ServingFault) -> Int? {
        guard let value = policy[name] else { return nil }
        guard let number = value.integer, (1...longestTime).contains(number) else {
            throw .invalid(name, "“\(name)” is a number of milliseconds from 1 to \(longestTime), a week.")
        }
        return number
    }
}
