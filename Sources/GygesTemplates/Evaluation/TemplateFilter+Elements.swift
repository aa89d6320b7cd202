/// Filters that pick and arrange elements.
extension TemplateInterpreter {
    /// An `attribute` argument as a path: `"a.b"`, or an index.
    func path(_ value: TemplateValue?, of filter: String) throws(TemplateError) -> [TemplateValue] {
        switch value {
        case nil, .some(.none): return []
        case .integer(let index): return [.integer(index)]
        case .string(let text):
            try work(on: text.byteCount, .rewriting)
            return text.text.split(separator: ".", omittingEmptySubsequences: false).map { part in
                Int(part).map { .integer($0) } ?? .literal(String(part))
            }
        case .some(let value):
            throw TemplateError(.type, "'\(filter)' needs the name of an attribute, not \(value.typeName)")
        }
    }

    func member(at path: [TemplateValue], of value: TemplateValue) throws(TemplateError) -> TemplateValue {
        var value = value
        for part in path {
            try budget.step()
            value = try item(part, of: value)
        }
        return value
    }

    /// `map`, `select`, `reject`, `selectattr`, `rejectattr`.
    func picked(
        _ value: TemplateValue, _ filter: TemplateFilter, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        // What is false has no elements, whatever it is: Jinja looks before it iterates, and before it reads arguments.
        guard value.isTrue else { return .sequence(try TemplateSequence([], .generator)) }
        let elements = try elements(of: value)
        var picked: [TemplateValue] = []
        if filter == .map {
            for element in elements { picked.append(try mapped(element, arguments)) }
            return .sequence(try TemplateSequence(picked, .generator))
        }
        var rest = arguments.positional[...]
        var path: [TemplateValue] = []
        if filter == .selectattr || filter == .rejectattr {
            guard let name = rest.popFirst() else {
                throw TemplateError(.type, "'\(filter.rawValue)' needs an attribute")
            }
            path = try self.path(name, of: filter.rawValue)
        }
        guard arguments.keywords.isEmpty else {
            throw TemplateError(.type, "'\(filter.rawValue)' takes no named arguments")
        }
        let test = try rest.popFirst().string(of: filter.rawValue)?.text
        let keeps = filter == .select || filter == .selectattr
        for element in elements {
            try budget.step()
            let subject = try member(at: path, of: element)
            let holds =
                try test.map { (name) throws(TemplateError) in try self.test(subject, named: name, Array(rest)) }
                ?? subject.isTrue
            if holds == keeps { picked.append(element) }
        }
        return .sequence(try TemplateSequence(picked, .generator))
    }

    private func mapped(
        _ element: TemplateValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        try budget.step()
        if arguments.positional.isEmpty {
            let values = try arguments.bound(to: ["attribute", "default"], required: 1, of: "map")
            let found = try member(at: try path(values[0], of: "map"), of: element)
            return found.isUndefined ? values[1] ?? found : found
        }
        guard case .string(let name) = arguments.positional[0] else {
            throw TemplateError(.type, "'map' needs the name of a filter")
        }
        let rest = TemplateCallArguments(
            positional: Array(arguments.positional.dropFirst()), keywords: arguments.keywords)
        return try deeper { () throws(TemplateError) in try filter(element, named: name.text, rest) }
    }

    /// `sort`, `dictsort`, `unique`, `min`, `max`, `sum`.
    func arranged(
        _ value: TemplateValue, _ filter: TemplateFilter, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        let name = filter.rawValue
        switch filter {
        case .sort:
            let values = try arguments.bound(to: ["reverse", "case_sensitive", "attribute"], of: name)
            let sorted = try sorted(
                try elements(of: value), by: try path(values[2], of: name),
                ignoresCase: !values[1].isTrue(default: false),
                isReversed: values[0].isTrue(default: false), missingIsEqual: true)
            return .sequence(try TemplateSequence(sorted))
        case .dictsort:
            let values = try arguments.bound(to: ["case_sensitive", "by", "reverse"], of: name)
            guard case .dictionary(let dictionary) = value else {
                throw TemplateError(.type, "'dictsort' needs a dictionary, not \(value.typeName)")
            }
            try budget.step(dictionary.keys.count)
            let sorted = try sorted(
                try dictionary.items(), by: [.integer(try values[1].string(of: name)?.text == "value" ? 1 : 0)],
                ignoresCase: !values[0].isTrue(default: false), isReversed: values[2].isTrue(default: false))
            return .sequence(try TemplateSequence(sorted))
        case .unique:
            let values = try arguments.bound(to: ["case_sensitive", "attribute"], of: name)
            let path = try path(values[1], of: name)
            var (seen, kept): ([TemplateValue], [TemplateValue]) = ([], [])
            for element in try elements(of: value) {
                let key = try folded(try member(at: path, of: element), ignoresCase: !values[0].isTrue(default: false))
                // Python's sets hold neither.
                switch key {
                case .dictionary: throw TemplateError(.type, "'unique' cannot tell dictionaries apart")
                case .sequence(let sequence) where sequence.kind == .list:
                    throw TemplateError(.type, "'unique' cannot tell lists apart")
                default: break
                }
                try budget.step(seen.count)
                try work(on: try checked(key.weight.multipliedReportingOverflow(by: seen.count)), .search)
                if seen.contains(where: { $0.equals(key) }) { continue }
                seen.append(key)
                kept.append(element)
            }
            return .sequence(try TemplateSequence(kept, .generator))
        case .min, .max:
            let values = try arguments.bound(to: ["case_sensitive", "attribute"], of: name)
            let sorted = try sorted(
                try elements(of: value), by: try path(values[1], of: name),
                ignoresCase: !values[0].isTrue(default: false), isReversed: filter == .max)
            return sorted.first ?? .undefined(hint: "nothing has no \(name)imum")
        default:
            let values = try arguments.bound(to: ["attribute", "start"], of: name)
            let path = try path(values[0], of: name)
            var sum = values[1] ?? .integer(0)
            for element in try elements(of: value) { sum = try calculate(sum, .add, try member(at: path, of: element)) }
            return sum
        }
    }

    private func folded(_ value: TemplateValue, ignoresCase: Bool) throws(TemplateError) -> TemplateValue {
        guard ignoresCase, case .string(let text) = value else { return value }
        try workOnCase(of: text)
        try budget.spend(text: text.byteCount)
        return .string(text.mapped(PythonText.lowercased))
    }

    /// A stable merge sort, since comparing may throw. Reversed, equal elements keep their order, as in Python.
    private func sorted(
        _ elements: [TemplateValue], by path: [TemplateValue], ignoresCase: Bool, isReversed: Bool,
        missingIsEqual: Bool = false
    ) throws(TemplateError) -> [TemplateValue] {
        var keyed: [(key: TemplateValue, element: TemplateValue)] = []
        for element in elements {
            keyed.append((try folded(try member(at: path, of: element), ignoresCase: ignoresCase), element))
        }
        var width = 1
        while width < keyed.count {
            var merged: [(key: TemplateValue, element: TemplateValue)] = []
            merged.reserveCapacity(keyed.count)
            for start in stride(from: 0, to: keyed.count, by: 2 * width) {
                let middle = Swift.min(start + width, keyed.count), end = Swift.min(start + 2 * width, keyed.count)
                var (left, right) = (start, middle)
                while left < middle, right < end {
                    try spend(walkThrough: keyed[left].key, keyed[right].key)
                    // Jinja sorts by lists of attributes, and two lists of what is missing are equal.
                    if missingIsEqual, !path.isEmpty, keyed[left].key.isUndefined, keyed[right].key.isUndefined {
                        merged.append(keyed[left])
                        left += 1
                        continue
                    }
                    let takesRight =
                        isReversed
                        ? try keyed[left].key.isLess(than: keyed[right].key)
                        : try keyed[right].key.isLess(than: keyed[left].key)
                    merged.append(takesRight ? keyed[right] : keyed[left])
                    if takesRight { right += 1 } else { left += 1 }
                }
                merged += keyed[left..<middle] + keyed[right..<end]
            }
            keyed = merged
            width *= 2
        }
        return keyed.map(\.element)
    }
}
