public import GygesTokenizer

/// How texts longer than a model reads at once are read in windows.
public struct WindowOptions: Sendable, Equatable {
    /// The most tokens of a window; `nil` for as many as the model reads.
    public var maximumTokenCount: Int?
    /// How many tokens of the text a window shares with the one before; less where a window has no room for that.
    public var overlap: Int

    /// Creates options.
    public init(maximumTokenCount: Int? = nil, overlap: Int = 128) {
        self.maximumTokenCount = maximumTokenCount
        self.overlap = overlap
    }
}

extension TextEncoder {
    /// Finds tagged spans in texts of any length; special tokens spelled out in them are text.
    ///
    /// - Parameters:
    ///   - texts: texts, or words, each of which gets a space in front.
    ///   - reader: reads the spans; ``labels`` are the model's.
    ///   - progress: told how many windows are done.
    /// - Returns: for each text its spans, in order.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func tags(
        of texts: [TextInput], reader: TagReader, windows: WindowOptions = .init(),
        progress: ((Int) throws -> Void)? = nil
    ) throws -> [[TaggedSpan]] {
        let parts = try cut(texts.map { ($0, nil) }, windows)
        let scores = try runner.tokenScores(of: parts.map(\.tokens.ids), progress: progress)
        return zip(texts, grouped(parts, scores, count: texts.count)).map { reader.spans(of: $1, in: $0) }
    }

    /// Finds tagged spans, in passes with what others ask for; the same as without `await`.
    ///
    /// - Throws: ``EncoderError``, about these texts alone.
    public func tags(
        of texts: [TextInput], reader: TagReader, windows: WindowOptions = .init(), whenFull: WhenFull = .wait
    ) async throws -> [[TaggedSpan]] {
        let parts = try cut(texts.map { ($0, nil) }, windows)
        let scores = try await runner.results(
            of: .tokenScores, encoderTexts(parts.map(\.tokens.ids)), whenFull: whenFull
        ).map(\.rows)
        return zip(texts, grouped(parts, scores, count: texts.count)).map { reader.spans(of: $1, in: $0) }
    }

    /// Finds answers to questions in texts of any length; special tokens spelled out in them are text.
    ///
    /// - Parameters:
    ///   - pairs: a question and the text that may answer it.
    ///   - windows: the reference's windows have 384 tokens, as models were tuned with.
    ///   - progress: told how many windows are done.
    /// - Returns: for each pair the answers, the likeliest first.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func answers(
        to pairs: [(question: String, text: String)], reader: AnswerReader = .init(),
        windows: WindowOptions = .init(maximumTokenCount: 384), progress: ((Int) throws -> Void)? = nil
    ) throws -> [[FoundAnswer]] {
        let parts = try cut(pairs.map { (.text($0.question), .text($0.text)) }, windows)
        let texts = parts.map { EncoderText($0.tokens) }
        let scores = try runner.results(of: .answerScores, texts, progress: progress).map(\.rows)
        return zip(pairs, grouped(parts, scores, count: pairs.count)).map { reader.answers(of: $1, in: $0.text) }
    }

    /// Finds answers to questions, in passes with what others ask for; the same as without `await`.
    ///
    /// - Throws: ``EncoderError``, about these texts alone.
    public func answers(
        to pairs: [(question: String, text: String)], reader: AnswerReader = .init(),
        windows: WindowOptions = .init(maximumTokenCount: 384), whenFull: WhenFull = .wait
    ) async throws -> [[FoundAnswer]] {
        let parts = try cut(pairs.map { (.text($0.question), .text($0.text)) }, windows)
        let scores = try await runner.results(
            of: .answerScores, parts.map { EncoderText($0.tokens) }, whenFull: whenFull
        ).map(\.rows)
        return zip(pairs, grouped(parts, scores, count: pairs.count)).map { reader.answers(of: $1, in: $0.text) }
    }

    /// All windows of all texts, each with the number of its text.
    private func cut(
        _ texts: [(TextInput, TextInput?)], _ windows: WindowOptions
    ) throws(EncoderError) -> [(text: Int, tokens: EncodedText)] {
        var encoder = TokenEncoder(tokenizer)
        var parts: [(text: Int, tokens: EncodedText)] = []
        for (index, (first, second)) in texts.enumerated() {
            parts += try cut(first, second, index, windows, &encoder).map { (index, $0) }
        }
        return parts
    }

    /// The windows of each text and their scores.
    private func grouped(
        _ parts: [(text: Int, tokens: EncodedText)], _ scores: [RowMatrix], count: Int
    ) -> [[(tokens: EncodedText, scores: RowMatrix)]] {
        var grouped = [[(tokens: EncodedText, scores: RowMatrix)]](repeating: [], count: count)
        for (part, scores) in zip(parts, scores) { grouped[part.text].append((part.tokens, scores)) }
        return grouped
    }

    /// Cuts a text, or the second of two, into windows.
    private func cut(
        _ first: TextInput, _ second: TextInput?, _ index: Int, _ windows: WindowOptions, _ encoder: inout TokenEncoder
    ) throws(EncoderError) -> [EncodedText] {
        let limit = min(windows.maximumTokenCount ?? contextLimit, contextLimit)
        var isWords = false
        if case .words = first { isWords = true }
        let options = EncodingOptions(
            addsPrefixSpace: isWords ? true : nil, truncation: Truncation(maximumTokenCount: limit))
        do throws(TokenizerError) {
            do throws(TokenizerError) {
                return try encoder.windows(of: first, and: second, overlap: max(0, windows.overlap), options: options)
            } catch .overlapTooGreat(_, let room) {
                return try encoder.windows(of: first, and: second, overlap: room / 2, options: options)
            }
        } catch {
            throw .badText(index: index, error.description)
        }
    }

    /// Where the masks of a text stand, in the order of their tokens: in scalars and in bytes, the space that a mask takes in
    /// front of it included.
    ///
    /// - Throws: ``EncoderError``
    public func maskPlaces(in text: String) throws(EncoderError) -> [(scalars: Range<Int>, bytes: Range<Int>)] {
        do throws(TokenizerError) {
            let encoded = try tokenizer.tokens(
                of: .text(text), options: EncodingOptions(specialTokens: .recognise, addsFrame: false))
            return zip(encoded.ids, encoded.origins).filter { id, _ in id == maskToken }
                .map { ($1.scalars, $1.bytes) }
        } catch {
            throw .badText(index: 0, error.description)
        }
    }
}
