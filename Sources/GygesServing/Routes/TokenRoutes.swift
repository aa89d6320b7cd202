import GygesBulk
import GygesFiles
import GygesInference
import GygesTemplates
import GygesTokenizer
import GygesWire

extension ModelRoutes {
    private func tokenizer(of model: ServedModel) -> Tokenizer {
        switch model.engine {
        case .decoder(let generator): generator.model.tokenizer
        case .encoder(let encoder): encoder.tokenizer
        }
    }

    /// The tokens of a text, in which special tokens are meant, as programs that count and cut texts expect.
    func tokenize(_ asked: TokenizeRequest) throws -> JSON {
        let model = try shelf.model(asked.model)
        let tokens: [Int32]
        switch asked.input {
        case .text(let text):
            tokens = try tokenizer(of: model).encode(
                text, specialTokens: .recognise, addsBeginning: asked.addsSpecialTokens ?? true,
                addsEnd: (asked.addsSpecialTokens ?? true) && !model.isDecoder)
        case .messages(let messages, let addsGenerationPrompt):
            let decoder = try shelf.decoder(asked.model).generator.model
            tokens = try decoder.tokenizer.encode(
                segments: decoder.prompt(of: messages, addsGenerationPrompt: addsGenerationPrompt).segments)
        }
        return [
            "tokens": .array(tokens.map { .integer(Int($0)) }), "count": .integer(tokens.count),
            "max_model_len": .integer(model.contextLimit),
        ]
    }

    /// The text of a conversation as the model's template has it.
    func applyTemplate(_ asked: TemplateRequest) throws -> JSON {
        let model = try shelf.firstDecoder(asked.model).generator.model
        if !asked.tools.isEmpty, let template = model.chatTemplate, !template.showsTools {
            throw ServingFault.invalid("tools", "The model's chat template shows it no tools: leave “tools” out.")
        }
        let prompt = try model.prompt(
            of: asked.messages, tools: asked.tools, addsGenerationPrompt: asked.addsGenerationPrompt,
            variables: asked.variables)
        return ["prompt": .string(prompt.text)]
    }

    /// The text of tokens.
    func detokenize(_ asked: DetokenizeRequest) throws -> JSON {
        let tokenizer = tokenizer(of: try shelf.model(asked.model))
        return ["prompt": .string(try tokenizer.decode(asked.tokens, skipsSpecialTokens: false))]
    }

    /// What programs that work with tokens ask first.
    func tokenizerInfo(_ name: String?) throws -> JSON {
        let model = try shelf.model(name)
        let tokenizer = tokenizer(of: model)
        func text(_ token: Int32?) -> JSON {
            token.map { .string(String(decoding: tokenizer.bytes(of: $0), as: UTF8.self)) } ?? .null
        }
        var info = JSONObject([
            ("bos_token", text(tokenizer.beginningOfText)), ("eos_token", text(tokenizer.endOfText)),
            ("pad_token", text(tokenizer.endOfText)),
        ])
        if case .decoder(let generator) = model.engine {
            info["chat_template"] = generator.model.chatTemplate.map { .string($0.source) } ?? .null
        }
        return .object(info)
    }
}
