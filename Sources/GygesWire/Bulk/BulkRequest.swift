public import GygesFiles
public import GygesTemplates

/// A row of a file of requests: what is asked, and how it is answered, by the names that OpenAI's API has for it.
///
/// Members that are missing follow what the run was begun with. `{"prompt": "Why?"}` is a whole row.
public struct BulkRequest: Sendable, Equatable {
    /// What is asked.
    public enum Question: Sendable, Equatable {
        /// A message of the user, or a text to continue.
        case prompt(String)
        /// A conversation that the assistant goes on with.
        case messages([ChatMessage])
    }

    /// What the row calls itself (`id`, or `custom_id` as OpenAI's batches have it): a string or an integer.
    public var id: JSON?
    /// What is asked (`prompt` or `messages`).
    public var question: Question
    /// What follows the text that is filled in (`suffix`).
    public var suffix: String?
    /// What the answer begins with (`response_prefix`).
    public var responsePrefix: String?
    /// How tokens are drawn, and when the answer ends.
    public var settings: GenerationSettings
    /// The form of the answer (`response_format`, or a `schema` by itself).
    public var responseFormat: ChatRequest.ResponseFormat?
    /// The texts that the answer is one of (`answers`); empty for any text.
    public var answers: [String]
    /// The tools that the answer may call (`tools`); `nil` for those of the run.
    public var tools: [JSON]?
    /// What the chat template can name besides (`chat_template_kwargs`, as vLLM calls it).
    public var variables: JSONObject

    /// Creates a request.
    public init(
        id: JSON? = nil, question: Question, suffix: String? = nil, responsePrefix: String? = nil,
        settings: GenerationSettings = .init(), responseFormat: ChatRequest.ResponseFormat? = nil,
        answers: [String] = [], tools: [JSON]? = nil, variables: JSONObject = .init()
    ) {
        self.id = id
        self.question = question
        self.suffix = suffix
        self.responsePrefix = responsePrefix
        self.settings = settings
        self.responseFormat = responseFormat
        self.answers = answers
        self.tools = tools
        self.variables = variables
    }

    /// What a row calls itself, read by itself, so that even a row that cannot be read is answered by its name.
    public static func id(of json: JSON) -> JSON? {
        let id = json["id"] ?? json["custom_id"]
        return id?.string != nil || id?.integer != nil ? id : nil
    }

    /// Reads a row: an object, or a text for a prompt alone.
    ///
    /// - Throws: ``ErrorReply`` naming the member that is missing, unknown, of another type or beyond its bounds.
    public init(_ json: JSON) throws(ErrorReply) {
        if let text = json.string {
            self.init(question: .prompt(text))
            return
        }
        var reader = try RequestReader(json)
        let id = try Self.id(&reader)
        let question = try Self.question(&reader)
        let settings = try GenerationSettings(&reader)
        guard settings.choiceCount == 1, !settings.isStreamed else {
            throw .unsupported(
                settings.isStreamed ? "stream" : "n",
                "A row has one answer, written as a whole: leave “n” and “stream” out."
            )
        }
        let answers = try Self.texts(&reader, "answers")
        let format = try Self.form(&reader, answers)
        self.init(
            id: id, question: question, suffix: try reader.text("suffix"),
            responsePrefix: try reader.text("response_prefix"), settings: settings, responseFormat: format,
            answers: answers, tools: reader.value("tools") == nil ? nil : try ChatRequest.tools(&reader),
            variables: try Self.variables(&reader))
        try reader.finish()
    }

    private static func id(_ reader: inout RequestReader) throws(ErrorReply) -> JSON? {
        let (own, custom) = (reader.value("id"), reader.value("custom_id"))
        guard let id = own ?? custom else { return nil }
        guard id.string != nil || id.integer != nil else {
            throw reader.mismatch(own == nil ? "custom_id" : "id", "a string or a whole number", id)
        }
        return id
    }

    private static func question(_ reader: inout RequestReader) throws(ErrorReply) -> Question {
        let prompt = try reader.text("prompt")
        guard reader.value("messages") != nil else { return .prompt(try reader.required(prompt, "prompt")) }
        guard prompt == nil else {
            throw .invalid("messages", "A row has a “prompt” or “messages”, not both.")
        }
        return .messages(try ChatRequest.messages(&reader))
    }

    private static func form(
        _ reader: inout RequestReader, _ answers: [String]
    ) throws(ErrorReply) -> ChatRequest.ResponseFormat? {
        let format = try ChatRequest.responseFormat(&reader)
        let schema = reader.value("schema")
        guard [format != nil, schema != nil, !answers.isEmpty].filter(\.self).count <= 1 else {
            throw .invalid("schema", "A row has one of “response_format”, “schema” and “answers”.")
        }
        return schema.map { .jsonSchema(name: "answer", schema: $0) } ?? format
    }

    private static func texts(_ reader: inout RequestReader, _ key: String) throws(ErrorReply) -> [String] {
        guard let value = reader.value(key) else { return [] }
        let texts = value.array?.compactMap(\.string) ?? []
        guard !texts.isEmpty, texts.count == value.array?.count else {
            throw reader.mismatch(key, "an array of strings", value)
        }
        return texts
    }

    private static func variables(_ reader: inout RequestReader) throws(ErrorReply) -> JSONObject {
        guard let value = reader.value("chat_template_kwargs") else { return JSONObject() }
        guard let object = value.object else { throw reader.mismatch("chat_template_kwargs", "an object", value) }
        return object
    }
}
