import GygesBulk
import GygesConstraints
import GygesFiles
import GygesInference
import GygesTemplates
import GygesWire

/// What a chat's request asks of an engine: as many generations as answers are wanted.
struct ChatPlan: Sendable {
    /// The request.
    let asked: ChatRequest
    /// The model.
    let model: ServedModel
    /// What turned it into tokens, and computes it.
    let generator: BulkGenerator
    /// An answer each.
    let generations: [GenerationRequest]
    /// How calls of tools are found in answers.
    let calls: Calls

    /// How calls of tools are found in answers.
    enum Calls {
        /// There are none: everything is text.
        case none
        /// Between tags, among text.
        case tagged
        /// The answer is one.
        case whole
    }

    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    init(_ asked: ChatRequest, on shelf: ModelShelf) throws {
        self.asked = asked
        (model, generator) = try shelf.decoder(asked.model)
        guard asked.promptLogProbabilities == nil else {
            throw ServingFault.invalid(
                "prompt_logprobs",
                "“prompt_logprobs” is for completions: ask /v1/completions with “echo” and “logprobs”.")
        }
        let offersTools = !asked.tools.isEmpty && asked.toolChoice != ChatRequest.ToolChoice.none
        var request = BulkRequest(
            question: .messages(asked.messages), settings: asked.settings, responseFormat: asked.responseFormat,
            tools: offersTools ? asked.tools : [])
        if asked.continuesLastMessage, let last = asked.messages.last {
            request.question = .messages(Array(asked.messages.dropLast()))
            request.responsePrefix = last.text
        }
        var prefixesCall = false
        switch asked.toolChoice {
        case .required?, .function?:
            guard asked.responseFormat == nil, !asked.continuesLastMessage else {
                throw ServingFault.invalid(
                    "tool_choice",
                    "A call that must be made leaves no room for “response_format” or a message to continue.")
            }
            // The call's tag is put there, and what follows is held to the tools' schemas.
            request.responsePrefix = ToolCallReader.opening + "\n"
            request.responseFormat = .jsonSchema(name: "call", schema: try Self.callSchema(asked))
            prefixesCall = true
            calls = .whole
        default: calls = offersTools && asked.responseFormat == nil ? .tagged : .none
        }
        if calls == .tagged, asked.callsToolsInParallel == false {
            // The first call is the last.
            request.settings.stop.append(ToolCallReader.closing)
        }
        if offersTools, let template = generator.model.chatTemplate, !template.showsTools {
            throw ServingFault.invalid("tools", "The model's chat template shows it no tools: leave “tools” out.")
        }
        var first = try generator.request(request, trustsPrefix: prefixesCall)
        if asked.settings.maximumTokens == nil {
            // As much as there is room for.
            first.maximumTokenCount = max(1, generator.model.contextLimit - first.prompt.count)
        }
        first.topLogProbabilityCount = asked.logProbabilities ?? 0
        first.adapter = model.adapter
        generations = first.drawn(asked.settings.choiceCount, seed: asked.settings.seed)
        try generator.model.engine.check(first)
    }

    /// The schema of a call of one of the tools that may be called.
    private static func callSchema(_ asked: ChatRequest) throws(ServingFault) -> JSON {
        var forms: [JSON] = []
        for tool in asked.tools {
            guard let function = tool["function"], let name = function["name"]?.string else { continue }
            if case .function(let wanted)? = asked.toolChoice, wanted != name { continue }
            forms.append([
                "type": "object", "additionalProperties": false, "required": ["name", "arguments"],
                "properties": [
                    "name": ["const": .string(name)],
                    "arguments": function["parameters"] ?? ["type": "object"],
                ],
            ])
        }
        guard let first = forms.first else { throw .invalid("tool_choice", "There is no such tool.") }
        return forms.count == 1 ? first : ["anyOf": .array(forms)]
    }
}

extension GenerationRequest {
    /// The same request several times, each drawn with a seed of its own that follows from the first one's.
    func drawn(_ count: Int, seed: Int?) -> [GenerationRequest] {
        let seed = seed.map { UInt64(bitPattern: Int64($0)) } ?? .random(in: .min ... .max)
        return (0..<count).map { index in
            var request = self
            // Far from each other: the seeds of requests are often neighbours.
            request.sampling.seed = seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
            return request
        }
    }
}
