internal import FoundationEssentials
public import GygesFiles

/// What `POST /v1/embeddings` answers.
public struct EmbeddingReply: Sendable, Equatable {
    /// The model as the server names it.
    public var model: String?
    /// A vector for each text, in the texts' order.
    public var vectors: [[Float]]
    /// How many tokens were used, if the server says.
    public var usage: Usage?

    /// Creates a reply.
    public init(model: String?, vectors: [[Float]], usage: Usage? = nil) {
        self.model = model
        self.vectors = vectors
        self.usage = usage
    }

    /// Reads a reply, its vectors as numbers or in base64.
    ///
    /// - Parameter source: names the reply in errors.
    /// - Throws: `FileError` naming the member that is missing or of the wrong type, or a place that has no vector or two.
    public init(_ json: JSON, source: String) throws(FileError) {
        let root = JSONField(json, source: source, remedy: wrongAPIRemedy)
        model = try root.optional("model")?.text()
        usage = try root.optional("usage").map { value throws(FileError) in try Usage(value) }
        let elements = try root.required("data").elements()
        var placed = [[Float]?](repeating: nil, count: elements.count)
        for (place, element) in elements.enumerated() {
            let field = try element.optional("index")
            let index = try field?.count() ?? place
            guard placed.indices.contains(index), placed[index] == nil else {
                throw (field ?? element).fault("there is no place \(index), or it has a vector")
            }
            placed[index] = try Self.vector(element.required("embedding"))
        }
        vectors = placed.compactMap { $0 }
    }

    private static func vector(_ value: JSONField) throws(FileError) -> [Float] {
        guard let text = value.json.string else {
            return try value.elements().reading { element throws(FileError) in Float(try element.number()) }
        }
        guard let data = Data(base64Encoded: text), data.count % 4 == 0 else {
            throw value.mismatch("numbers, or 32-bit numbers in base64")
        }
        return [UInt8](data).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { start in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
            }
        }
    }

    /// The reply's body.
    ///
    /// - Parameter encoding: how vectors are written.
    public func json(encoding: EmbeddingRequest.Encoding) -> JSON {
        let data = vectors.enumerated().map { index, vector -> JSON in
            ["object": "embedding", "index": .integer(index), "embedding": Self.json(vector, encoding)]
        }
        var body = JSONObject([("object", "list"), ("data", .array(data))])
        body["model"] = model.map(JSON.string)
        // Nothing is generated, and clients expect no count of it.
        body["usage"] = usage.map {
            ["prompt_tokens": .integer($0.promptTokens), "total_tokens": .integer($0.totalTokens)]
        }
        return .object(body)
    }

    private static func json(_ vector: [Float], _ encoding: EmbeddingRequest.Encoding) -> JSON {
        switch encoding {
        case .numbers: .array(vector.map { .double(Double($0)) })
        case .base64:
            .string(vector.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }.base64EncodedString())
        }
    }
}
