import GygesTokenizer
import GygesKernels

/// A sentence with a place for a text and a place for a label, by which a masked language model classifies without having been
/// trained to.
public struct LabelTemplate: Sendable, Equatable {
    /// What stands before, between and behind the two places.
    let parts: [String]
    /// Whether the text comes first.
    let textIsFirst: Bool
    /// Whether white space stands in front of the label.
    let hasSpaceBeforeLabel: Bool

    /// The template that is used where none is given.
    public static let standard = LabelTemplate(
        parts: ["", " This text is about ", "."], textIsFirst: true, hasSpaceBeforeLabel: true)

    private init(parts: [String], textIsFirst: Bool, hasSpaceBeforeLabel: Bool) {
        self.parts = parts
        self.textIsFirst = textIsFirst
        self.hasSpaceBeforeLabel = hasSpaceBeforeLabel
    }

    /// Reads a template that has `{text}` once, and `{label}` or `[MASK]` once; `nil` if it has not.
    public init?(_ template: String) {
        var rest = template[...]
        var parts: [String] = []
        var order: [String] = []
        while let place = ["{text}", "{label}", "[MASK]"].compactMap({ rest.firstRange(of: $0) })
            .min(by: { $0.lowerBound < $1.lowerBound })
        {
            parts.append(String(rest[..<place.lowerBound]))
            order.append(rest[place] == "{text}" ? "text" : "label")
            rest = rest[place.upperBound...]
        }
        guard order.sorted() == ["label", "text"] else { return nil }
        parts.append(String(rest))
        self.parts = parts
        textIsFirst = order[0] == "text"
        let before = parts[textIsFirst ? 1 : 0]
        hasSpaceBeforeLabel = before.unicodeScalars.last?.properties.isWhitespace ?? false
    }

    /// The text with masks in the label's place, of which only the masks may become special tokens.
    func segments(_ text: String, mask: String, count: Int) -> [TextSegment] {
        let label = TextSegment(String(repeating: mask, count: count), isTrusted: true)
        let text = TextSegment(text, isTrusted: false)
        let around = parts.map { TextSegment($0, isTrusted: false) }
        return textIsFirst
            ? [around[0], text, around[1], label, around[2]] : [around[0], label, around[1], text, around[2]]
    }
}

/// How well a label fits a text.
public struct LabelScore: Sendable, Equatable {
    /// The label.
    public var label: String
    /// Its share among the labels that were given.
    public var probability: Float
    /// The mean logarithm of its tokens' probabilities in the masked places.
    public var logProbability: Float
}

extension TextEncoder {
    /// Classifies texts by how likely labels are to stand in a sentence's masked place, without training.
    ///
    /// A label of `n` tokens is looked for in `n` masks in a row, all of which are masked at once, and scores the mean
    /// logarithm of its tokens' probabilities, so that labels of different lengths can be compared; probabilities are a
    /// softmax over the labels' scores. Labels of one token each are compared most fairly: choose words that are. Texts
    /// that are too long lose their ends. Special tokens spelled out in texts are text.
    ///
    /// - Returns: for each text the labels, the likeliest first.
    /// - Throws: ``EncoderError``; what `progress` throws.
    public func classify(
        _ texts: [String], labels: [String], template: LabelTemplate = .standard, options: TextOptions = .init(),
        progress: ((Int) throws -> Void)? = nil
    ) throws -> [[LabelScore]] {
        guard let maskToken else { throw EncoderError.missingToken("[MASK]") }
        let wanted = try labels.map { try labelTokens($0, template) }
        let counts = Set(wanted.map(\.count)).sorted()
        var requests: [(text: Int, count: Int)] = []
        var tokens: [[Int32]] = []
        for (index, text) in texts.enumerated() {
            for count in counts {
                requests.append((index, count))
                tokens.append(try self.tokens(of: text, index, masks: count, template, options))
            }
        }
        let positions = tokens.map { ids in ids.indices.filter { ids[$0] == maskToken } }
        var sums = [[Float]](repeating: [Float](repeating: 0, count: labels.count), count: texts.count)
        try runner.vocabularyScores(of: tokens, at: positions, progress: progress) { request, position, scores in
            let (text, count) = requests[request]
            guard let place = positions[request].firstIndex(of: position) else { return }
            let total = logSumExp(scores)
            for (label, ids) in wanted.enumerated() where ids.count == count && place < count {
                sums[text][label] += (scores[Int(ids[place])] - total) / Float(count)
            }
        }
        return sums.map { scores in
            var shares = scores
            var span = shares.mutableSpan
            softmax(&span)
            return labels.indices.map {
                LabelScore(label: labels[$0], probability: shares[$0], logProbability: scores[$0])
            }
            .enumerated().sorted { ($1.element.logProbability, $0.offset) < ($0.element.logProbability, $1.offset) }
            .map(\.element)
        }
    }

    /// A label's tokens as they would stand in the template, with the space in front that a mask swallows.
    private func labelTokens(_ label: String, _ template: LabelTemplate) throws(EncoderError) -> [Int32] {
        let tokens: [Int32]
        do throws(TokenizerError) {
            tokens = try tokenizer.encode((template.hasSpaceBeforeLabel ? " " : "") + label)
        } catch {
            throw .badText(index: 0, error.description)
        }
        guard !tokens.isEmpty else { throw .missingToken("label \"\(label)\"") }
        return tokens
    }

    /// The framed tokens of the template with a text, whose end is left out as far as needed.
    private func tokens(
        of text: String, _ index: Int, masks: Int, _ template: LabelTemplate, _ options: TextOptions
    ) throws(EncoderError) -> [Int32] {
        let limit = min(options.maximumLength ?? contextLimit, contextLimit)
        guard let maskToken else { throw .missingToken("[MASK]") }
        let mask = String(decoding: tokenizer.bytes(of: maskToken), as: UTF8.self)
        var text = text
        var tokenCount = 0
        do throws(TokenizerError) {
            repeat {
                let inner = try tokenizer.encode(segments: template.segments(text, mask: mask, count: masks))
                let tokens = tokenizer.beginningTokens + inner + tokenizer.endTokens
                let excess = tokens.count - limit
                guard excess > 0 else { return tokens }
                tokenCount = tokens.count
                let own = try tokenizer.tokens(of: .text(text), options: EncodingOptions(addsFrame: false))
                guard options.truncation != .refuse, own.count > excess else { break }
                let end = own.origins[own.count - excess - 1].bytes.upperBound
                text = String(decoding: text.utf8.prefix(end), as: UTF8.self)
            } while true
        } catch {
            throw .badText(index: index, error.description)
        }
        throw .textTooLong(index: index, tokenCount: tokenCount, limit: limit)
    }
}
