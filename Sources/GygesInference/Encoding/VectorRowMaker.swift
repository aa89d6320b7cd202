import GygesCheckpoints
public import GygesFiles
import GygesKernels

/// Makes the rows of a file of vectors, and says by what they are made.
public struct VectorRowMaker: Sendable {
    /// What makes the vectors.
    public let vectorizer: Vectorizer
    /// What the texts are for.
    public let role: TextRole
    /// How vectors are made.
    public let options: EmbeddingOptions
    /// How they are written.
    public let format: VectorRows.Format
    /// What numbers are written as.
    public let numbers: VectorNumbers

    /// Creates a maker of rows.
    ///
    /// - Throws: ``EncoderError/wrongVectors(_:)`` if NumPy's format is to hold other than one vector for each text, its archive one, or
    ///   if numbers that need a scale for each vector are to be of others.
    public init(
        vectorizer: Vectorizer, role: TextRole, options: EmbeddingOptions, format: VectorRows.Format,
        numbers: VectorNumbers = .float32
    ) throws(EncoderError) {
        guard format != .numpy || vectorizer.kind == .single else {
            throw .wrongVectors(
                "the model gives other than one vector for each text, which .npy cannot hold: write .npz or JSON Lines"
            )
        }
        guard format != .records || vectorizer.kind != .single else {
            throw .wrongVectors("one vector for each text is written to .npy or JSON Lines, not to .npz")
        }
        guard vectorizer.kind == .single || numbers == .float32 || (numbers == .float16 && vectorizer.kind == .tokens)
        else {
            throw .wrongVectors(
                "vectors of tokens are written as f32 or f16, weights of tokens as f32, not as \(numbers.rawValue)")
        }
        self.vectorizer = vectorizer
        self.role = role
        self.options = options
        self.format = format
        self.numbers = numbers
    }

    /// The channels of a row's vector.
    ///
    /// - Throws: ``EncoderError/badDimension(_:width:)`` if more are asked for than there are.
    public func width() throws(EncoderError) -> Int {
        try vectorizer.model.width(options)
    }

    /// The heading of NumPy's format for so many rows.
    ///
    /// - Throws: As ``width()``.
    public func numpyHeading(rows: Int) throws(EncoderError) -> [UInt8] {
        NumpyHeader.bytes(rows: rows, columns: numbers.count(ofChannels: try width()), of: numbers.element)
    }

    /// The rows of texts, end to end.
    ///
    /// - Parameters:
    ///   - first: The place of the first text, which names it if it has no name.
    ///   - progress: Told how many of the texts are done.
    /// - Throws: ``FileError`` naming the line of a text that the model refuses; ``EncoderError`` about all of them.
    public func rows(
        of records: [NamedText], from first: Int, progress: ((Int) -> Void)? = nil
    ) throws -> [UInt8] {
        var rows = VectorRows(format: format, numbers: numbers)
        let ids = records.enumerated().map { $1.id ?? .integer(first + $0) }
        do {
            switch try vectorizer.vectors(of: records.map(\.text), as: role, options: options, progress: progress) {
            case .single(let vectors): for (id, vector) in zip(ids, vectors) { try rows.append(id: id, vector: vector) }
            case .tokens(let texts):
                for (id, text) in zip(ids, texts) {
                    try rows.append(id: id, tokens: text.tokens, vectors: text.vectors)
                }
            case .sparse(let texts): for (id, text) in zip(ids, texts) { try rows.append(id: id, sparse: text) }
            }
        } catch let error as EncoderError {
            guard let (index, problem) = error.textProblem, records.indices.contains(index) else { throw error }
            throw FileError(
                "line \(records[index].line)", problem,
                remedy: "Change the text, or leave it out; what precedes its window is done.")
        }
        return rows.bytes
    }

    /// All that decides the rows' bytes apart from the texts and how they are read, so that a file is only continued by what
    /// began it.
    ///
    /// - Throws: ``FileError`` if the model's files cannot be read any more; ``EncoderError`` if it has no such prompt.
    /// - Complexity: O(size of the model's files), which are digested.
    public func identity() throws -> JSONObject {
        let model = vectorizer.model
        var identity = JSONObject()
        identity["model"] = .string(try model.digest())
        identity["precision"] = .string(model.precision.rawValue)
        identity["instruction set"] = .string(InstructionSet.current.rawValue)
        identity["arithmetic"] = .integer(arithmeticRevision)
        identity["vectors"] = .string(vectorizer.kind.rawValue)
        identity["role"] = .string(role.rawValue)
        identity["prompt"] = .string(try model.promptText(options.prompt))
        identity["pooling"] = options.pooling.map { .string($0.rawValue) } ?? .null
        identity["dimensions"] = options.dimension.map { .integer($0) } ?? .null
        identity["scaled"] = .bool(options.normalizes)
        identity["most tokens"] = options.text.maximumLength.map { .integer($0) } ?? .null
        identity["truncation"] = .string(model.truncation(options.text).rawValue)
        identity["encoding"] = .string(format.rawValue)
        if numbers != .float32 { identity["numbers"] = .string(numbers.rawValue) }
        return identity
    }
}
