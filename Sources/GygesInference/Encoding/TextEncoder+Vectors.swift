import GygesTokenizer
public import GygesCheckpoints

/// How vectors are made.
public struct EmbeddingOptions: Sendable {
    /// A text put before each.
    public enum Prompt: Sendable, Equatable {
        /// The model's default prompt, if it names one.
        case automatic
        /// The model's prompt of a name.
        case named(String)
        /// This text; an empty one for none.
        case text(String)
    }

    /// What is put before each text.
    public var prompt: Prompt
    /// How rows become one; `nil` for what the folder says, or the mean.
    public var pooling: EmbeddingConfiguration.Pooling?
    /// Keep so many dimensions; `nil` for all. For models trained so (Matryoshka).
    public var dimension: Int?
    /// Whether vectors are scaled to length 1.
    public var normalizes: Bool
    /// How texts become tokens.
    public var text: TextOptions

    /// Creates options.
    public init(
        prompt: Prompt = .automatic, pooling: EmbeddingConfiguration.Pooling? = nil, dimension: Int? = nil,
        normalizes: Bool = true, text: TextOptions = .init()
    ) {
        self.prompt = prompt
        self.pooling = pooling
        self.dimension = dimension
        self.normalizes = normalizes
        self.text = text
    }
}

/// What a late-interaction model takes a text for.
public enum TextRole: String, Sendable {
    case query
    case document
}

/// A text's tokens and a vector for each.
public struct TokenVectors: Sendable, Equatable {
    /// The tokens, the model's own among them.
    public var tokens: [Int32]
    /// `[tokens.count, dimension]`
    public var vectors: RowMatrix
}

extension TextEncoder {
    /// One vector for each text.
    ///
    /// - Parameter progress: Told how many texts are done; may throw to stop.
    /// - Returns: Vectors of ``embeddingDimension`` channels, or of as many as the options say, in the order of the texts.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func embeddings(
        of texts: [String], options: EmbeddingOptions = .init(), progress: ((Int) throws -> Void)? = nil
    ) throws -> [[Float]] {
        let (work, texts) = try embeddingWork(of: texts, options: options)
        return try runner.results(of: work, texts, progress: progress).map(\.vector)
    }

    /// One vector for each text, in passes with what others ask for; the same bits as without `await`.
    ///
    /// - Parameter whenFull: What happens while as many texts as may are waiting.
    /// - Throws: ``EncoderError``, about these texts alone.
    public func embeddings(
        of texts: [String], options: EmbeddingOptions = .init(), whenFull: WhenFull = .wait
    ) async throws -> [[Float]] {
        let (work, texts) = try embeddingWork(of: texts, options: options)
        return try await runner.results(of: work, texts, whenFull: whenFull).map(\.vector)
    }

    private func embeddingWork(
        of texts: [String], options: EmbeddingOptions
    ) throws -> (EncoderWork, [EncoderText]) {
        switch embedding?.kind {
        case .lateInteraction:
            throw EncoderError.wrongVectors("the model gives a vector for each token, not one a text: ask for those")
        case .sparse: throw EncoderError.wrongVectors("the model gives sparse vectors: ask for those")
        case .classifier, .scores:
            throw EncoderError.wrongVectors("the model scores pairs of texts and gives no vectors: use it to re-rank")
        case .single, nil: break
        }
        let prompt = try promptText(options.prompt)
        let tokens = try tokens(of: prompt.isEmpty ? texts : texts.map { prompt + $0 }, options: options.text)
        var skippedCount = 0
        if !prompt.isEmpty, embedding?.poolsPrompts == false {
            // The prompt with the text's beginning, but not its end.
            let end = max(tokenizer.endTokens.count, configuration.tokens.separator == nil ? 0 : 1)
            skippedCount = max(0, try self.tokens(of: [prompt], options: options.text)[0].count - end)
        }
        let work = EncoderWork.embeddings(
            options.pooling, dimension: options.dimension ?? embedding?.dimension, normalizes: options.normalizes)
        return (work, tokens.map { EncoderText(tokens: $0, skippedCount: skippedCount) })
    }

    /// The channels of a text's vector.
    ///
    /// - Throws: ``EncoderError/badDimension(_:width:)`` if more are asked for than there are.
    public func width(_ options: EmbeddingOptions) throws(EncoderError) -> Int {
        let work = EncoderWork.embeddings(options.pooling, dimension: options.dimension, normalizes: false)
        try runner.check(work)
        if let dimension = options.dimension ?? embedding?.dimension { return dimension }
        guard options.pooling != nil, embedding?.pooling?.count ?? 1 > 1 else { return embeddingDimension }
        return embedding?.tokenWidth ?? embeddingDimension
    }

    /// The channels of a token's vector.
    ///
    /// - Throws: ``EncoderError/badDimension(_:width:)`` if more are asked for than there are.
    public func tokenWidth(_ options: EmbeddingOptions) throws(EncoderError) -> Int {
        let dimension = options.dimension ?? embedding?.dimension
        try runner.check(EncoderWork.tokenVectors(dimension: dimension, normalizes: false))
        return dimension ?? embedding?.tokenWidth ?? configuration.hiddenSize
    }

    /// The text that is put before others.
    ///
    /// - Throws: ``EncoderError/unknownPrompt(_:known:)``
    public func promptText(_ prompt: EmbeddingOptions.Prompt) throws(EncoderError) -> String {
        switch prompt {
        case .automatic: return embedding.flatMap { own in own.defaultPrompt.flatMap(own.prompt(named:)) } ?? ""
        case .named(let name):
            guard let text = embedding?.prompt(named: name) else {
                throw .unknownPrompt(name, known: embedding?.prompts.map(\.name) ?? [])
            }
            return text
        case .text(let text): return text
        }
    }

    /// A vector of length 1 for each token of each text, to be compared by MaxSim: for each of a query's vectors the largest
    /// inner product with a document's, added up.
    ///
    /// A late-interaction model's prefixes, lengths and query expansion are followed; from any other model's folder come the
    /// hidden states. Leaving out ``skippedTokens`` of documents is left to the caller.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func tokenVectors(
        of texts: [String], as role: TextRole, options: EmbeddingOptions = .init(),
        progress: ((Int) throws -> Void)? = nil
    ) throws -> [TokenVectors] {
        let (tokens, attendedCounts) = try lateInteractionTokens(of: texts, as: role, options: options)
        let vectors = try runner.tokenVectors(
            of: tokens, attendedCounts: attendedCounts, dimension: options.dimension ?? embedding?.dimension,
            normalizes: options.normalizes, progress: progress)
        return zip(tokens, vectors).map { TokenVectors(tokens: $0, vectors: $1) }
    }

    /// A vector for each token of each text, in passes with what others ask for; the same bits as without `await`.
    ///
    /// - Throws: ``EncoderError``, about these texts alone.
    public func tokenVectors(
        of texts: [String], as role: TextRole, options: EmbeddingOptions = .init(), whenFull: WhenFull = .wait
    ) async throws -> [TokenVectors] {
        let (tokens, attendedCounts) = try lateInteractionTokens(of: texts, as: role, options: options)
        let work = EncoderWork.tokenVectors(
            dimension: options.dimension ?? embedding?.dimension, normalizes: options.normalizes)
        let results = try await runner.results(of: work, encoderTexts(tokens, attendedCounts), whenFull: whenFull)
        return zip(tokens, results).map { TokenVectors(tokens: $0, vectors: $1.rows) }
    }

    /// The tokens whose vectors a late-interaction model leaves out of documents: punctuation, mostly.
    public var skippedTokens: Set<Int32> {
        guard case .lateInteraction(let settings) = embedding?.kind else { return [] }
        return Set(settings.skippedWords.compactMap(tokenizer.id(of:)))
    }

    /// Whether ``skippedTokens`` are left out of texts of a role.
    public func skipsTokens(of role: TextRole) -> Bool {
        guard case .lateInteraction(let settings) = embedding?.kind else { return role == .document }
        return role == .document || settings.skipsInQueries
    }

    /// The tokens, and how many of each text's are seen by others.
    private func lateInteractionTokens(
        of texts: [String], as role: TextRole, options embeddingOptions: EmbeddingOptions
    ) throws -> (tokens: [[Int32]], attendedCounts: [Int]?) {
        let options = embeddingOptions.text
        guard case .lateInteraction(let settings) = embedding?.kind else {
            return (try tokens(of: texts, options: options), nil)
        }
        var choice = embeddingOptions.prompt
        if choice == .automatic, settings.promptsByRole, embedding?.prompt(named: role.rawValue) != nil {
            choice = .named(role.rawValue)
        }
        let prompt = try promptText(choice)
        var texts = prompt.isEmpty ? texts : texts.map { prompt + $0 }
        if settings.stripsTexts { texts = texts.map(\.stripped) }
        let isQuery = role == .query
        let prefix = isQuery ? settings.queryPrefix : settings.documentPrefix
        // The prefix is a token of its own in PyLate's folders; the place after the first token is its.
        let prefixToken = prefix.isEmpty ? nil : tokenizer.id(of: prefix)
        if !prefix.isEmpty, prefixToken == nil { throw EncoderError.missingToken("'\(prefix)'") }
        let ownLimit = isQuery ? settings.queryLength : settings.documentLength
        let limit = min(options.maximumLength ?? ownLimit ?? contextLimit, contextLimit)
        var shorter = options
        shorter.maximumLength = limit - (prefixToken == nil ? 0 : 1)
        var result = try tokens(of: texts, options: shorter)
        let filling = settings.expansionToken.map { tokenizer.id(of: $0) } ?? tokenizer.maskToken
        guard let mask = filling ?? tokenizer.id(of: "[MASK]") ?? configuration.tokens.padding else {
            throw EncoderError.missingToken(settings.expansionToken ?? "[MASK]")
        }
        for index in result.indices {
            if let prefixToken { result[index].insert(prefixToken, at: min(1, result[index].count)) }
        }
        let ownCounts = result.map(\.count)
        for index in result.indices {
            let length = min(options.maximumLength ?? settings.expandedLength ?? 0, contextLimit)
            if isQuery, settings.expandsQueries, result[index].count < length {
                result[index] += [Int32](repeating: mask, count: length - result[index].count)
            }
        }
        // PyLate's attention mask leaves the filling out unless the folder says otherwise: it sees, and is not seen.
        return (result, settings.attendsToExpansion ? nil : ownCounts)
    }

    /// A sparse vector over the vocabulary for each text (SPLADE).
    ///
    /// - Throws: ``EncoderError`` if the model is no masked language model; what `progress` throws.
    public func sparseVectors(
        of texts: [String], options: TextOptions = .init(), progress: ((Int) throws -> Void)? = nil
    ) throws -> [SparseVector] {
        try runner.sparseVectors(of: tokens(of: texts, options: options), as: sparseSettings, progress: progress)
    }

    /// A sparse vector for each text, in passes with what others ask for; the same bits as without `await`.
    ///
    /// - Throws: ``EncoderError``, about these texts alone.
    public func sparseVectors(
        of texts: [String], options: TextOptions = .init(), whenFull: WhenFull = .wait
    ) async throws -> [SparseVector] {
        let tokens = try tokens(of: texts, options: options)
        return try await runner.results(of: .sparse(sparseSettings), encoderTexts(tokens), whenFull: whenFull)
            .map(\.sparse)
    }

    private var sparseSettings: EmbeddingConfiguration.Sparse {
        if case .sparse(let own) = embedding?.kind { own } else { EmbeddingConfiguration.Sparse() }
    }
}

extension String {
    /// The text without white space at its ends, by Python's notion of it: Unicode's and the separators U+001C to U+001F.
    fileprivate var stripped: String {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(scalar)
        }
        guard let first = unicodeScalars.firstIndex(where: { !isSpace($0) }),
            let last = unicodeScalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(unicodeScalars[first...last])
    }
}
