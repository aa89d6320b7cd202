import GygesFiles

/// The filters of Jinja that chat templates use.
enum TemplateFilter: String {
    case abs, attr, capitalize, center, dictsort, escape, first, float, indent, int, items, join, last, length, list
    case lower, map, max, min, reject, rejectattr, replace, reverse, round, safe, select, selectattr, sort, string
    case sum, title, tojson, trim, unique, upper
    case `default` = "default"
    case count, d, e

    /// The filter that an abbreviation means.
    fileprivate var canonical: TemplateFilter {
        switch self {
        case .count: .length
        case .d: .default
        case .e: .escape
        default: self
        }
    }
}

extension TemplateInterpreter {
    /// `value | name(arguments)`.
    func filter(
        _ value: TemplateValue, named name: String, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        guard let filter = TemplateFilter(rawValue: name)?.canonical else {
            throw TemplateError(.unsupported, "the filter '\(name)' is not known here")
        }
        func bound(_ names: [String], required: Int = 0) throws(TemplateError) -> [TemplateValue?] {
            try arguments.bound(to: names, required: required, of: name)
        }
        /// The value's text with characters rewritten.
        func rewritten(_ rewrite: (String) -> String) throws(TemplateError) -> TemplateValue {
            _ = try bound([])
            let text = try text(of: value)
            try workOnCase(of: text)
            try budget.spend(text: text.byteCount)
            return .string(text.mapped(rewrite))
        }

        switch filter {
        case .default:
            let values = try bound(["default_value", "boolean"])
            let isReplaced = value.isUndefined || (values[1].isTrue(default: false) && !value.isTrue)
            return isReplaced ? values[0] ?? .string(.empty) : value
        case .attr:
            guard let member = try bound(["name"], required: 1)[0].string(of: name)?.text else {
                return .undefined(hint: name)
            }
            if case .dictionary = value { return .undefined(hint: "a dictionary has no attribute '\(member)'") }
            return try attribute(member, of: value)

        case .trim:
            let text = try text(of: value)
            try budget.spend(text: text.byteCount)
            return .string(try stripped(text, try bound(["chars"])[0].string(of: name)))
        case .upper: return try rewritten(PythonText.uppercased)
        case .lower: return try rewritten(PythonText.lowercased)
        case .capitalize: return try rewritten(PythonText.capitalized)
        case .title: return try rewritten(PythonText.jinjaTitled)
        case .string: return .string(try text(of: value))
        case .safe:
            var text = try text(of: value)
            text.isMarkup = true
            return .string(text)
        case .escape:
            return .string(try escaped(try text(of: value)))
        case .replace:
            return .string(
                try replaced(try text(of: value), try bound(["old", "new", "count"], required: 2), of: name))
        case .center:
            let text = try text(of: value)
            try budget.spend(text: text.byteCount)
            return try justified(text, .center, [try bound(["width"])[0] ?? .integer(80), nil])
        case .indent:
            // Jinja adds a line break to the value, which only text bears.
            guard case .string(let text) = value else {
                if case .undefined(let hint) = value { throw TemplateError(.undefined, hint) }
                throw TemplateError(.type, "'indent' needs a string, not \(value.typeName)")
            }
            return .string(try indented(text, try bound(["width", "first", "blank"])))
        case .tojson: return try written(value, try bound(["ensure_ascii", "indent", "separators", "sort_keys"]))

        case .int, .float, .abs, .round: return try number(value, filter, arguments)

        case .length: return .integer(try length(of: value))
        case .list: return .sequence(try TemplateSequence(try elements(of: value)))
        case .items:
            guard case .dictionary(let dictionary) = value else {
                if value.isUndefined { return .sequence(try TemplateSequence([], .generator)) }
                throw TemplateError(.type, "'items' needs a dictionary, not \(value.typeName)")
            }
            try budget.step(dictionary.keys.count)
            return .sequence(try TemplateSequence(try dictionary.items(), .generator))
        case .first: return try elements(of: value).first ?? .undefined(hint: "nothing has no first element")
        case .last: return try elements(of: value).last ?? .undefined(hint: "nothing has no last element")
        case .reverse:
            if case .string(let text) = value {
                return .string(TemplateText.joined(Array(try characters(of: text).reversed()), separator: .empty))
            }
            return .sequence(try TemplateSequence(try elements(of: value).reversed(), .generator))
        case .join: return .string(try joinedElements(of: value, try bound(["d", "attribute"])))
        case .map, .select, .reject, .selectattr, .rejectattr: return try picked(value, filter, arguments)
        case .sort, .dictsort, .unique, .min, .max, .sum: return try arranged(value, filter, arguments)
        case .count, .d, .e: return value  // Abbreviations were replaced above.
        }
    }

    // MARK: Texts

    private func characters(of text: TemplateText) throws(TemplateError) -> [TemplateText] {
        try budget.spend(text: try checked(text.byteCount.multipliedReportingOverflow(by: 64)))
        return text.characters
    }

    /// Jinja's `indent`: lines after the first get spaces in front, empty ones only if asked.
    private func indented(_ text: TemplateText, _ values: [TemplateValue?]) throws(TemplateError) -> TemplateText {
        let indentation: TemplateText
        if case .string(let given) = values[0] {
            indentation = given
        } else {
            let width = try values[0].integer(default: 4, of: "indent")
            indentation = try repeated(TemplateText(" ", isTrusted: true), width)
        }
        let (indentsFirst, indentsBlank) = (values[1].isTrue(default: false), values[2].isTrue(default: false))
        try work(on: text.byteCount, .search)
        var lines = try text.lines { () throws(TemplateError) in try budget.step() }
        // Jinja adds a newline before it cuts, so that a last empty line counts.
        if lines.isEmpty || text.text.unicodeScalars.last.map(PythonText.isLineBreak) == true { lines.append(.empty) }
        let growth = try checked(lines.count.multipliedReportingOverflow(by: indentation.byteCount + 1))
        try budget.spend(text: try checked(growth.addingReportingOverflow(text.byteCount)))
        var result = TemplateText.empty
        for (index, line) in lines.enumerated() {
            if index > 0 { result.append(TemplateText("\n", isTrusted: true)) }
            let isIndented = index == 0 ? indentsFirst : indentsBlank || !line.isEmpty
            if isIndented { result.append(indentation) }
            result.append(line)
        }
        result.isMarkup = text.isMarkup
        return result
    }

    /// `tojson` as transformers defines it: Python's `json.dumps`, without Jinja's escapes of HTML.
    private func written(_ value: TemplateValue, _ values: [TemplateValue?]) throws(TemplateError) -> TemplateValue {
        if values[0].isTrue(default: false) {
            throw TemplateError(.unsupported, "'tojson' with 'ensure_ascii' is not known here")
        }
        var style = JSON.Style.python
        if case .some(.integer(let width)) = values[1] {
            guard (0...64).contains(width) else { throw TemplateError(.budget, "'tojson' indents by more than 64") }
            style = JSON.Style(indent: width, keySeparator: ": ")
        } else if let given = values[1], !given.isNone {
            throw TemplateError(.type, "the indentation of 'tojson' must be an integer")
        }
        if let separators = values[2], !separators.isNone {
            let parts = try elements(of: separators)
            guard parts.count == 2, case .string(let item) = parts[0], case .string(let key) = parts[1] else {
                throw TemplateError(.type, "the separators of 'tojson' must be two strings")
            }
            (style.itemSeparator, style.keySeparator) = (item.text, key.text)
        }
        style.sortsKeys = values[3].isTrue(default: false)
        // Indentation costs up to its width and depth for every few bytes of the value, which counts 16 for each part of it.
        let depth = max(1, value.depth)
        let allowance = try checked(value.weight.multipliedReportingOverflow(by: 1 + (style.indent ?? 0) * depth / 8))
        let separators = style.itemSeparator.utf8.count + style.keySeparator.utf8.count
        try budget.spend(text: allowance)
        try budget.spend(text: try checked((value.weight / 16).multipliedReportingOverflow(by: separators)))
        try work(on: value.weight, style.sortsKeys ? .rewriting : .search)
        let text = try value.json().serialized(style)
        try budget.spend(text: text.utf8.count)
        return .string(TemplateText(text, isTrusted: value.isTrusted))
    }

    private func joinedElements(of value: TemplateValue, _ values: [TemplateValue?]) throws(TemplateError)
        -> TemplateText
    {
        let separator = try values[0].map { (value) throws(TemplateError) in try text(of: value) } ?? .empty
        let path = try path(values[1], of: "join")
        var parts: [TemplateText] = []
        for element in try elements(of: value) {
            parts.append(try text(of: path.isEmpty ? element : try member(at: path, of: element)))
        }
        return try joined(parts, separator: separator)
    }

    // MARK: Numbers

    private func number(
        _ value: TemplateValue, _ filter: TemplateFilter, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        if case .undefined(let hint) = value { throw TemplateError(.undefined, hint) }
        switch filter {
        case .int:
            let values = try arguments.bound(to: ["default", "base"], of: "int")
            let fallback = values[0] ?? .integer(0)
            switch value {
            case .string(let text):
                try work(on: text.byteCount, .rewriting)
                let base = try values[1].integer(default: 10, of: "int")
                if let integer = PythonArithmetic.integer(text.text, base: base) { return integer }
                return PythonArithmetic.double(text.text).flatMap(PythonArithmetic.integer) ?? fallback
            case .double(let double): return PythonArithmetic.integer(double) ?? fallback
            case .bigInteger: return value
            default: return value.index.map { .integer($0) } ?? fallback
            }
        case .float:
            let fallback = try arguments.bound(to: ["default"], of: "float")[0] ?? .double(0)
            if case .string(let text) = value {
                try work(on: text.byteCount, .rewriting)
                return PythonArithmetic.double(text.text).map { .double($0) } ?? fallback
            }
            return value.floatingPoint.map { .double($0) } ?? fallback
        case .abs:
            _ = try arguments.bound(to: [], of: "abs")
            if let integer = value.index {
                return integer < 0 ? try signed(value, isNegative: true) : .integer(integer)
            }
            guard case .double(let double) = value else {
                throw TemplateError(.type, "'abs' needs a number, not \(value.typeName)")
            }
            return .double(Swift.abs(double))
        default:
            let values = try arguments.bound(to: ["precision", "method"], of: "round")
            guard let double = value.floatingPoint else {
                throw TemplateError(.type, "'round' needs a number, not \(value.typeName)")
            }
            let digits = try values[0].integer(default: 0, of: "round")
            switch try values[1].string(of: "round")?.text ?? "common" {
            case "common":
                // Python rounds an integer to an integer.
                guard let integer = value.index else {
                    return .double(PythonArithmetic.rounded(double, digits: digits))
                }
                guard let rounded = PythonArithmetic.rounded(integer, digits: digits) else {
                    throw TemplateError(.arithmetic, "the number is too large to be rounded")
                }
                return .integer(rounded)
            case let method where method == "ceil" || method == "floor":
                let scale = PythonArithmetic.power(10, Double(digits))
                let whole = (double * scale).rounded(method == "ceil" ? .up : .down)
                guard whole.isFinite, scale > 0 else {
                    throw TemplateError(.arithmetic, "the number cannot be rounded to \(digits) digits")
                }
                // Python's `ceil` gives an integer, which has one zero.
                return .double(whole == 0 ? 0 : whole / scale)
            case let method: throw TemplateError(.type, "'round' knows common, ceil and floor, not '\(method)'")
            }
        }
    }

    func length(of value: TemplateValue) throws(TemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .string(let text):
            try work(on: text.byteCount)
            return text.scalarCount
        case .dictionary(let dictionary): return dictionary.keys.count
        case .sequence(let sequence) where sequence.kind != .generator: return sequence.elements.count
        default: throw TemplateError(.type, "\(value.typeName) has no length")
        }
    }
}

extension TemplateValue {
    /// Whether it is Python's `None`.
    var isNone: Bool { if case .none = self { true } else { false } }
}
