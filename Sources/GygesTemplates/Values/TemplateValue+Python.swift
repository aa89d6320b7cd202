import GygesFiles

extension TemplateValue {
    /// `str(value)`: what `{{ value }}` prints.
    func printed() throws(TemplateError) -> TemplateText {
        switch self {
        case .undefined: return .empty
        case .string(let text): return text
        default: return TemplateText(try representation(), isTrusted: isTrusted)
        }
    }

    /// `repr(value)`.
    func representation() throws(TemplateError) -> String {
        var output = ""
        try write(to: &output)
        return output
    }

    /// Appends `repr(value)`: into one text, since every level of nesting would copy what is in it.
    private func write(to output: inout String) throws(TemplateError) {
        switch self {
        case .undefined: output += "Undefined"
        case .none: output += "None"
        case .bool(let bool): output += bool ? "True" : "False"
        case .integer(let integer): output += String(integer)
        case .bigInteger(let digits): output += digits
        case .double(let double):
            if double.isNaN {
                output += "nan"
            } else if double.isInfinite {
                output += double < 0 ? "-inf" : "inf"
            } else {
                output += JSON.pythonRepresentation(of: double)
            }
        case .string(let text):
            let quoted = PythonText.representation(of: text.text)
            output += text.isMarkup ? "Markup(\(quoted))" : quoted
        case .sequence(let sequence):
            guard sequence.kind == .list || sequence.kind == .tuple else {
                throw TemplateError(
                    .type, "\(sequence.kind.typeName) is not text; a 'list' or 'join' filter is missing")
            }
            output += sequence.kind == .list ? "[" : "("
            for (index, element) in sequence.elements.enumerated() {
                if index > 0 { output += ", " }
                try element.write(to: &output)
            }
            if sequence.kind == .tuple, sequence.elements.count == 1 { output += "," }
            output += sequence.kind == .list ? "]" : ")"
        case .dictionary(let dictionary):
            output += "{"
            for (index, (key, value)) in dictionary.members.enumerated() {
                if index > 0 { output += ", " }
                try key.write(to: &output)
                output += ": "
                try value.write(to: &output)
            }
            output += "}"
        case .namespace, .macro, .function, .method, .loop:
            throw TemplateError(.type, "\(typeName) is not text")
        }
    }

    // MARK: Comparison

    /// A number of any kind, Booleans among them.
    private enum Number {
        case integer(Int)
        case double(Double)
    }

    private var number: Number? {
        switch self {
        case .bool(let bool): .integer(bool ? 1 : 0)
        case .integer(let integer): .integer(integer)
        case .bigInteger(let digits): .double(Double(digits) ?? .infinity)
        case .double(let double): .double(double)
        default: nil
        }
    }

    /// Python's `==`.
    func equals(_ other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.bigInteger(let a), .bigInteger(let b)): return a == b
        case (.string(let a), .string(let b)): return TemplateText.hasSameCharacters(a.text, b.text)
        case (.sequence(let a), .sequence(let b)):
            return a.kind == b.kind && a.kind.hasIndex && a.elements.count == b.elements.count
                && zip(a.elements, b.elements).allSatisfy { $0.equals($1) }
        case (.dictionary(let a), .dictionary(let b)):
            guard a.keys.count == b.keys.count else { return false }
            return a.members.allSatisfy { key, value in ((try? b.value(at: key)) ?? nil)?.equals(value) ?? false }
        case (.namespace(let a), .namespace(let b)), (.macro(let a), .macro(let b)): return a == b
        case (.function(let a), .function(let b)): return a == b
        default:
            guard let a = number, let b = other.number else { return false }
            switch (a, b) {
            case (.integer(let a), .integer(let b)): return a == b
            case (.double(let a), .double(let b)): return a == b
            case (.integer(let a), .double(let b)), (.double(let b), .integer(let a)): return Int(exactly: b) == a
            }
        }
    }

    /// Python's `<`.
    /// - Throws: `type` where the two have no order.
    func isLess(than other: TemplateValue) throws(TemplateError) -> Bool {
        switch (self, other) {
        case (.undefined(let hint), _), (_, .undefined(let hint)): throw TemplateError(.undefined, hint)
        case (.string(let a), .string(let b)): return a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
        case (.sequence(let a), .sequence(let b)) where a.kind == b.kind && (a.kind == .list || a.kind == .tuple):
            for (a, b) in zip(a.elements, b.elements) where !a.equals(b) { return try a.isLess(than: b) }
            return a.elements.count < b.elements.count
        default:
            guard let a = number, let b = other.number else {
                throw TemplateError(.type, "\(typeName) cannot be compared with \(other.typeName)")
            }
            switch (a, b) {
            case (.integer(let a), .integer(let b)): return a < b
            case (.double(let a), .double(let b)): return a < b
            case (.integer(let a), .double(let b)): return Double(a) < b
            case (.double(let a), .integer(let b)): return a < Double(b)
            }
        }
    }

    /// What a loop over the value walks through: elements, characters, or keys.
    func elements() throws(TemplateError) -> [TemplateValue] {
        switch self {
        case .undefined: return []
        case .sequence(let sequence): return sequence.elements
        case .dictionary(let dictionary): return dictionary.keys
        case .string(let text): return text.characters.map { .string($0) }
        case .loop(let loop): return Array(loop.elements.dropFirst(loop.index))
        default: throw TemplateError(.type, "\(typeName) is not iterable")
        }
    }

    /// Python's `element in self`.
    func contains(_ element: TemplateValue) throws(TemplateError) -> Bool {
        switch self {
        case .string(let text):
            guard case .string(let part) = element else {
                throw TemplateError(.type, "'in' looks for a string in a string, not for \(element.typeName)")
            }
            return part.isEmpty || !PythonText.occurrences(of: part.bytes, in: text.bytes, limit: 1).isEmpty
        case .dictionary(let dictionary):
            // What is missing may be looked for, and is no key.
            guard !element.isUndefined else { return false }
            return try dictionary.value(at: element) != nil
        default: return try elements().contains { $0.equals(element) }
        }
    }
}
