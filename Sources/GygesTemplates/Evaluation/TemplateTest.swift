/// The tests of Jinja (`value is name`) that chat templates use.
enum TemplateTest: String {
    case boolean, callable, defined, divisibleby, escaped, even, float, integer, iterable, lower, mapping, none, number
    case odd, sameas, sequence, string, undefined, upper
    case isTrue = "true"
    case isFalse = "false"
    case within = "in"
    case equal = "eq"
    case notEqual = "ne"
    case less = "lt"
    case lessOrEqual = "le"
    case greater = "gt"
    case greaterOrEqual = "ge"

    /// The test of a name or one of its other spellings.
    init?(name: String) {
        let other = [
            "==": "eq", "equalto": "eq", "!=": "ne", "<": "lt", "lessthan": "lt", "<=": "le", ">": "gt",
            "greaterthan": "gt", ">=": "ge",
        ]
        guard let test = TemplateTest(rawValue: other[name] ?? name) else { return nil }
        self = test
    }

    /// The comparison that the test spells, if it is one.
    fileprivate var comparison: TemplateExpression.ComparisonOperator? {
        switch self {
        case .within: .within
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        default: nil
        }
    }
}

extension TemplateInterpreter {
    /// `value is name(arguments)`.
    func test(
        _ value: TemplateValue, named name: String, _ arguments: [TemplateValue]
    ) throws(TemplateError) -> Bool {
        guard let test = TemplateTest(name: name) else {
            throw TemplateError(.unsupported, "the test '\(name)' is not known here")
        }
        let comparison = test.comparison
        let expected = comparison != nil || test == .divisibleby || test == .sameas ? 1 : 0
        guard arguments.count == expected else {
            throw TemplateError(.type, "the test '\(name)' takes \(expected) argument(s), not \(arguments.count)")
        }
        if let comparison { return try compare(value, comparison, arguments[0]) }

        switch test {
        case .defined: return !value.isUndefined
        case .undefined: return value.isUndefined
        case .none: return value.isNone
        case .isTrue: if case .bool(true) = value { return true }
        case .isFalse: if case .bool(false) = value { return true }
        case .boolean: if case .bool = value { return true }
        case .integer:
            switch value {
            case .integer, .bigInteger: return true
            default: return false
            }
        case .float: if case .double = value { return true }
        case .number:
            if case .bigInteger = value { return true }
            return value.floatingPoint != nil
        case .string: if case .string = value { return true }
        case .escaped: if case .string(let text) = value { return text.isMarkup }
        case .mapping: if case .dictionary = value { return true }
        case .sequence:
            switch value {
            case .undefined, .string, .dictionary: return true
            case .sequence(let sequence): return sequence.kind.hasIndex
            default: return false
            }
        case .iterable:
            switch value {
            case .undefined, .string, .dictionary, .sequence, .loop: return true
            default: return false
            }
        case .callable:
            switch value {
            // What is missing can be called, as far as Python can tell, and then fails.
            case .macro, .function, .method, .undefined: return true
            default: return false
            }
        case .lower, .upper:
            let text = try text(of: value)
            try work(on: text.byteCount, .properties)
            return test == .lower ? PythonText.isLowercase(text.text) : PythonText.isUppercase(text.text)
        case .odd, .even:
            if case .double = value {
                return try calculate(value, .modulo, .integer(2)).equals(.integer(test == .even ? 0 : 1))
            }
            guard let integer = value.index else {
                throw TemplateError(.type, "the test '\(name)' needs an integer, not \(value.typeName)")
            }
            return (integer % 2 == 0) == (test == .even)
        case .divisibleby: return try calculate(value, .modulo, arguments[0]).equals(.integer(0))
        case .sameas:
            // Python's identity, as far as it means something here: `none` and the truth values.
            switch (value, arguments[0]) {
            case (.none, .none): return true
            case (.bool(let a), .bool(let b)): return a == b
            default: throw TemplateError(.unsupported, "the test 'sameas' is known for none, true and false only")
            }
        case .within, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: break  // Compared above.
        }
        return false
    }
}
