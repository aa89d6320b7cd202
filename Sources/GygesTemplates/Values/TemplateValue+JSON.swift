import GygesFiles

extension TemplateValue {
    /// Takes over a document; its texts are trusted only if all of it is, or where they are one of some words (as UTF-8).
    init(_ json: JSON, isTrusted: Bool, trusting words: [[UInt8]] = []) throws(TemplateError) {
        try self.init(json, isTrusted: isTrusted, words, level: 0)
    }

    private init(_ json: JSON, isTrusted: Bool, _ words: [[UInt8]], level: Int) throws(TemplateError) {
        // Checked on the way down, since a deep document must not exhaust the stack before its depth is known.
        guard level < TemplateLimits.valueDepth else {
            throw TemplateError(
                .conversation, "the conversation is nested deeper than \(TemplateLimits.valueDepth)")
        }
        switch json {
        case .null: self = .none
        case .bool(let bool): self = .bool(bool)
        case .integer(let integer): self = .integer(integer)
        case .bigInteger(let digits): self = .bigInteger(digits)
        case .double(let double): self = .double(double)
        case .string(let string):
            self = .string(
                words.isEmpty ? TemplateText(string, isTrusted: isTrusted) : TemplateText(string, trusting: words))
        case .array(let array):
            var elements: [TemplateValue] = []
            elements.reserveCapacity(array.count)
            for element in array {
                elements.append(try TemplateValue(element, isTrusted: isTrusted, words, level: level + 1))
            }
            self = .sequence(try TemplateSequence(elements))
        case .object(let object):
            var dictionary = TemplateDictionary()
            for (key, value) in object {
                try dictionary.set(
                    .string(TemplateText(key, isTrusted: isTrusted)),
                    try TemplateValue(value, isTrusted: isTrusted, words, level: level + 1))
            }
            self = .dictionary(dictionary)
        }
    }

    /// The value as a document, as Python's `json` module takes it. Its depth is bounded as all values' is.
    func json() throws(TemplateError) -> JSON {
        switch self {
        case .none: return .null
        case .bool(let bool): return .bool(bool)
        case .integer(let integer): return .integer(integer)
        case .bigInteger(let digits): return .bigInteger(digits)
        case .double(let double): return .double(double)
        case .string(let text): return .string(text.text)
        case .sequence(let sequence) where sequence.kind == .list || sequence.kind == .tuple:
            var array: [JSON] = []
            for element in sequence.elements { array.append(try element.json()) }
            return .array(array)
        case .dictionary(let dictionary):
            var object = JSONObject()
            for (key, value) in dictionary.members { object[try key.jsonKey()] = try value.json() }
            return .object(object)
        default: throw TemplateError(self.isUndefined ? .undefined : .type, "\(typeName) cannot be written as JSON")
        }
    }

    private func jsonKey() throws(TemplateError) -> String {
        switch self {
        case .string(let text): return text.text
        case .none, .bool, .integer, .bigInteger, .double: return try json().serialized(.python)
        default: throw TemplateError(.type, "\(typeName) cannot be a key in JSON")
        }
    }

    /// Whether every text in it is the template's.
    var isTrusted: Bool {
        switch self {
        case .string(let text): text.isTrusted
        case .sequence(let sequence): sequence.elements.allSatisfy(\.isTrusted)
        case .dictionary(let dictionary):
            dictionary.keys.allSatisfy(\.isTrusted) && dictionary.values.allSatisfy(\.isTrusted)
        default: true
        }
    }
}
