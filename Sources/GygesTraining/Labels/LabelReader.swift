import GygesCheckpoints
import GygesTokenizer

/// Turns rows with labels into documents: the text as the model reads it when it is used, and what is asked of it as numbers.
///
/// ``Document/labels`` is the number of the right class; for each label 0 or 1 where several may be right; the values of a regression; or, of
/// tokens, a class for each, -1 where none is asked: of frames, and of all tokens of a word but its first.
struct LabelReader {
    private let settings: HeadSettings
    private let numbers: [String: Int]
    private let options: EncodingOptions

    /// - Parameters:
    ///   - settings: The head, whose labels are known.
    ///   - lengthLimit: The most tokens of a text, its frame included; longer ones lose their end.
    ///   - truncatesBeginning: Whether they lose their beginning instead.
    init(_ settings: HeadSettings, lengthLimit: Int, truncatesBeginning: Bool) {
        self.settings = settings
        numbers = Dictionary(settings.labels.enumerated().map { ($1, $0) }) { first, _ in first }
        options = EncodingOptions(
            specialTokens: .recognise,
            truncation: Truncation(
                maximumTokenCount: lengthLimit, strategy: .longestFirst, side: truncatesBeginning ? .beginning : .end))
    }

    /// The document of a text, or of two.
    func document(
        _ text: String, _ pair: String?, _ label: RowLabel, _ encoder: inout TokenEncoder
    ) throws -> (document: Document, isTruncated: Bool) {
        guard settings.task == .sequenceClassification else {
            throw RowError.problem("labels a text, and the run learns labels of tokens: give “tokens” and “tags”")
        }
        let encoded = try encoder.tokens(of: .text(text), and: pair.map(TextInput.text), options: options)
        var document = Document(tokens: encoded.ids)
        document.labels = try values(label)
        if pair != nil { document.firstTextCount = encoded.segments.firstIndex(of: 1) }
        return (document, encoded.isTruncated)
    }

    /// The document of a text whose words have labels: a word's first token is asked for it.
    func document(
        words: [String], tags: [RowLabel], _ encoder: inout TokenEncoder
    ) throws -> (document: Document, isTruncated: Bool) {
        guard settings.task == .tokenClassification else {
            throw RowError.problem("labels words, and the run learns labels of texts: give “text” and “label”")
        }
        guard words.count == tags.count else {
            throw RowError.problem("has \(words.count) tokens and \(tags.count) tags")
        }
        let encoded = try encoder.tokens(of: .words(words), options: options)
        var document = Document(tokens: encoded.ids, supervised: [])
        document.labels = Array(repeating: -1, count: encoded.count)
        var last = -1
        for (place, origin) in encoded.origins.enumerated() {
            guard let word = origin.word, word != last else { continue }
            last = word
            document.labels[place] = Float(try number(tags[word]))
            document.supervised.append(place..<(place + 1))
        }
        return (document, encoded.isTruncated)
    }

    private func values(_ label: RowLabel) throws(RowError) -> [Float] {
        let count = settings.labels.count
        switch settings.problem {
        case .singleLabel:
            guard label.each.count == 1, label == label.each[0] else {
                throw .problem("has several labels, and one is learned; say so (head.problem_type)")
            }
            return [Float(try number(label))]
        case .multipleLabels:
            var values = [Float](repeating: 0, count: count)
            for label in label.each { values[try number(label)] = 1 }
            return values
        case .regression:
            var values: [Float] = []
            for label in label.each {
                guard case .number(let value) = label, value.isFinite else {
                    throw .problem("has a label that is no number, and numbers are learned")
                }
                values.append(Float(value))
            }
            guard values.count == count else {
                throw .problem("has \(values.count) values where \(count) are learned")
            }
            return values
        }
    }

    private func number(_ label: RowLabel) throws(RowError) -> Int {
        switch label {
        case .name(let name):
            guard let number = numbers[name] else {
                throw .problem("has the label “\(name.prefix(60))”, which is none of the head's (head.labels)")
            }
            return number
        case .number(let value):
            guard let number = Int(exactly: value), settings.labels.indices.contains(number) else {
                throw .problem("has the label \(value), and there are the labels 0 to \(settings.labels.count - 1)")
            }
            return number
        case .several: throw .problem("has a list for one label")
        }
    }
}
