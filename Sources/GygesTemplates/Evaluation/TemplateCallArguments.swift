/// The values that a call hands over.
struct TemplateCallArguments {
    var positional: [TemplateValue] = []
    var keywords: [(name: String, value: TemplateValue)] = []

    /// The values of the parameters `names` in their order, `nil` where none was given.
    /// - Throws: `type` if too many or unknown ones were given, or one of the first `required` is missing.
    func bound(
        to names: [String], required: Int = 0, of function: String
    ) throws(TemplateError) -> [TemplateValue?] {
        guard positional.count <= names.count else {
            throw TemplateError(
                .type, "'\(function)' takes at most \(names.count) argument(s), not \(positional.count)")
        }
        var values: [TemplateValue?] = positional + Array(repeating: nil, count: names.count - positional.count)
        for (name, value) in keywords {
            guard let index = names.firstIndex(of: name) else {
                throw TemplateError(.type, "'\(function)' has no argument '\(name)'")
            }
            guard values[index] == nil else {
                throw TemplateError(.type, "'\(function)' was given '\(name)' twice")
            }
            values[index] = value
        }
        for index in 0..<min(required, names.count) where values[index] == nil {
            throw TemplateError(.type, "'\(function)' needs the argument '\(names[index])'")
        }
        return values
    }
}

extension Optional where Wrapped == TemplateValue {
    fileprivate static func == (value: Self, none: _OptionalNilComparisonType) -> Bool {
        if case .some = value { false } else { true }
    }

    /// The argument as a truth value.
    func isTrue(default fallback: Bool) -> Bool { self?.isTrue ?? fallback }

    /// The argument as an integer; `none` counts as not given.
    func integer(default fallback: Int, of function: String) throws(TemplateError) -> Int {
        switch self {
        case nil, .some(.none): return fallback
        case .some(let value):
            guard let integer = value.index else {
                throw TemplateError(.type, "'\(function)' needs an integer, not \(value.typeName)")
            }
            return integer
        }
    }

    /// The argument as a text; `none` counts as not given.
    func string(of function: String) throws(TemplateError) -> TemplateText? {
        switch self {
        case nil, .some(.none): return nil
        case .some(.string(let text)): return text
        case .some(let value): throw TemplateError(.type, "'\(function)' needs a string, not \(value.typeName)")
        }
    }
}
