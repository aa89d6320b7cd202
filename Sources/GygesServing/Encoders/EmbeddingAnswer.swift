import GygesInference
import GygesWire

extension ModelShelf {
    /// Vectors of texts.
    ///
    /// - Throws: ``ServingFault``, or what ``ServingFault/init(of:)`` takes.
    func vectors(
        _ asked: EmbeddingRequest, whenFull: WhenFull = .refuse, record: (String) -> RequestRecord
    ) async throws -> EmbeddingReply {
        let (model, encoder) = try encoder(asked.model) { _ in true }
        let texts: [String]
        switch asked.input {
        case .text(let text): texts = [text]
        case .texts(let list): texts = list
        case .tokens, .tokenLists:
            // Numbers of another vocabulary would give vectors of other texts, in silence.
            throw ServingFault.invalid(
                "input",
                "Send texts: tokens of another program's vocabulary mean other texts here. LangChain's OpenAIEmbeddings sends texts with check_embedding_ctx_length=False."
            )
        }
        guard texts.count <= EncoderLimits.textCount else { throw EncoderLimits.fault("input") }
        let options = EmbeddingOptions(dimension: asked.dimensions)
        let record = record(model.name)
        let vectors = try await record.noting {
            try await encoder.embeddings(of: texts, options: options, whenFull: whenFull)
        }
        let usage = Usage(promptTokens: try encoder.tokenCount(of: texts), completionTokens: 0)
        record.finish(usage)
        return EmbeddingReply(model: model.name, vectors: vectors, usage: usage)
    }
}

/// What a request may ask of an encoder at most.
enum EncoderLimits {
    /// Texts of a request.
    static let textCount = 4096

    static func fault(_ parameter: String) -> ServingFault {
        .invalid(parameter, "“\(parameter)” must be at most \(textCount) texts: send more in several requests.")
    }
}

extension TextEncoder {
    /// The tokens that texts have, cut as they are read.
    func tokenCount(of texts: [String]) throws -> Int { try tokens(of: texts).reduce(0) { $0 + $1.count } }
}
