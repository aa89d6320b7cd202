/// The methods of Python's `str` that templates can call.
enum TemplateStringMethod: String {
    case split, rsplit, splitlines, partition, rpartition, strip, lstrip, rstrip, removeprefix, removesuffix
    case startswith, endswith, find, rfind, index, rindex, count, replace, join
    case upper, lower, casefold, capitalize, title, swapcase
    case isdigit, isdecimal, isnumeric, isalpha, isalnum, isspace, isupper, islower, isascii
    case ljust, rjust, center, zfill, expandtabs
    // Known, so that asking for them is told apart from asking for what Python does not have either.
    case encode, format, maketrans, translate, isidentifier, isprintable, istitle
    case formatMap = "format_map"
}

/// The methods of Python's `dict`. Those that change it are refused, as in the sandbox that templates run in elsewhere.
enum TemplateDictionaryMethod: String {
    case get, items, keys, values, copy, clear, pop, popitem, setdefault, update, fromkeys
}

/// The methods of Python's `list` and `tuple`. Those that change it are refused.
enum TemplateSequenceMethod: String {
    case index, count, copy, append, clear, extend, insert, pop, remove, reverse, sort
}

extension TemplateInterpreter {
    private func refusal(_ name: String, of type: String) -> TemplateError {
        TemplateError(.unsupported, "the method '\(name)' of \(type) is not known here, or would change a value")
    }

    func call(
        _ name: String, on dictionary: TemplateDictionary, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        func hasNone() throws(TemplateError) { _ = try arguments.bound(to: [], of: name) }
        switch TemplateDictionaryMethod(rawValue: name) {
        case .get:
            let values = try arguments.bound(to: ["key", "default"], required: 1, of: name)
            guard let key = values[0] else { return .none }
            try work(on: key.weight, .search)
            return try dictionary.value(at: key) ?? values[1] ?? .none
        case .items:
            try hasNone()
            try budget.step(dictionary.keys.count)
            return .sequence(try TemplateSequence(try dictionary.items(), .view))
        case .keys:
            try hasNone()
            try budget.step(dictionary.keys.count / 16)
            return .sequence(try TemplateSequence(dictionary.keys, .view))
        case .values:
            try hasNone()
            try budget.step(dictionary.keys.count / 16)
            return .sequence(try TemplateSequence(dictionary.values, .view))
        case .copy:
            try hasNone()
            return .dictionary(dictionary)
        default: throw refusal(name, of: "a dictionary")
        }
    }

    func call(
        _ name: String, on sequence: TemplateSequence, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        switch (TemplateSequenceMethod(rawValue: name), sequence.kind.hasIndex) {
        case (.count, true):
            let value = try arguments.bound(to: ["value"], required: 1, of: name)[0] ?? .none
            try spend(walkThrough: .sequence(sequence), value)
            return .integer(sequence.elements.count { $0.equals(value) })
        case (.index, true):
            let value = try arguments.bound(to: ["value"], required: 1, of: name)[0] ?? .none
            try spend(walkThrough: .sequence(sequence), value)
            guard let index = sequence.elements.firstIndex(where: { $0.equals(value) }) else {
                throw TemplateError(.type, "the value is not in the list")
            }
            return .integer(index)
        case (.copy, true):
            _ = try arguments.bound(to: [], of: name)
            return .sequence(sequence)
        default: throw refusal(name, of: sequence.kind.typeName)
        }
    }

    // MARK: Strings

    func call(
        _ name: String, on text: TemplateText, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        // Whatever the method, it looks at all of the text at most a few times.
        try budget.spend(text: text.byteCount)
        try work(on: text.byteCount, .search)
        guard let method = TemplateStringMethod(rawValue: name) else { throw refusal(name, of: "a string") }
        func bound(_ names: [String], required: Int = 0) throws(TemplateError) -> [TemplateValue?] {
            try arguments.bound(to: names, required: required, of: name)
        }
        func mapped(_ rewrite: (String) -> String) throws(TemplateError) -> TemplateValue {
            _ = try bound([])
            try workOnCase(of: text)
            return .string(text.mapped(rewrite))
        }
        func all(_ condition: (Unicode.Scalar) -> Bool) throws(TemplateError) -> TemplateValue {
            _ = try bound([])
            try work(on: text.byteCount, .properties)
            return .bool(!text.isEmpty && text.text.unicodeScalars.allSatisfy(condition))
        }

        switch method {
        case .split, .rsplit: return try split(text, fromRight: method == .rsplit, try bound(["sep", "maxsplit"]))
        case .splitlines:
            let keepsEnds = try bound(["keepends"])[0].isTrue(default: false)
            return .sequence(
                try TemplateSequence(
                    try text.lines(keepsEnds: keepsEnds) { () throws(TemplateError) in try budget.step() }
                        .map { .string($0) }))
        case .partition, .rpartition:
            return try partition(text, fromRight: method == .rpartition, try bound(["sep"], required: 1))
        case .strip, .lstrip, .rstrip:
            let set = try bound(["chars"])[0].string(of: name)
            return .string(try stripped(text, set, left: method != .rstrip, right: method != .lstrip))
        case .removeprefix, .removesuffix:
            guard let part = try bound(["affix"], required: 1)[0].string(of: name) else { return .string(text) }
            guard text.has(part, atEnd: method == .removesuffix) else { return .string(text) }
            let rest = text.byteCount - part.byteCount
            return .string(method == .removeprefix ? text[part.byteCount..<text.byteCount] : text[0..<rest])
        case .startswith, .endswith:
            return .bool(
                try has(
                    text, affixIn: try bound(["affix", "start", "end"], required: 1), atEnd: method == .endswith, name))
        case .find, .rfind, .index, .rindex, .count:
            return try find(text, method, try bound(["sub", "start", "end"], required: 1))
        case .replace:
            let values = try bound(["old", "new", "count"], required: 2)
            return .string(try replaced(text, values, of: name))
        case .join:
            var parts: [TemplateText] = []
            for element in try elements(of: try bound(["iterable"], required: 1)[0] ?? .none) {
                guard case .string(let part) = element else {
                    throw TemplateError(.type, "'join' needs strings, not \(element.typeName)")
                }
                parts.append(part)
            }
            return .string(try joined(parts, separator: text))
        case .upper: return try mapped(PythonText.uppercased)
        case .lower: return try mapped(PythonText.lowercased)
        case .casefold: return try mapped(PythonText.caseFolded)
        case .capitalize: return try mapped(PythonText.capitalized)
        case .title: return try mapped(PythonText.titled)
        case .swapcase: return try mapped(PythonText.caseSwapped)
        case .isdigit: return try all { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
        case .isdecimal: return try all { $0.properties.numericType == .decimal }
        case .isnumeric: return try all { $0.properties.numericType != nil }
        case .isalpha: return try all(\.isPythonLetter)
        case .isalnum: return try all { $0.isPythonLetter || $0.properties.numericType != nil }
        case .isspace: return try all(PythonText.isSpace)
        case .isascii: return .bool(text.text.utf8.allSatisfy { $0 < 0x80 })
        case .isupper, .islower:
            _ = try bound([])
            try work(on: text.byteCount, .properties)
            return .bool(
                method == .isupper ? PythonText.isUppercase(text.text) : PythonText.isLowercase(text.text))
        case .ljust, .rjust, .center: return try justified(text, method, try bound(["width", "fillchar"], required: 1))
        case .zfill:
            let width = try bound(["width"], required: 1)[0].integer(default: 0, of: name)
            let missing = try padding(text, width)
            let sign = text.text.utf8.first.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") } == true ? 1 : 0
            let zeros = TemplateText(String(repeating: "0", count: missing), isTrusted: text.isTrusted)
            return .string(text[0..<sign] + zeros + text[sign..<text.byteCount])
        case .encode, .format, .formatMap, .maketrans, .translate, .isidentifier, .isprintable, .istitle, .expandtabs:
            throw refusal(name, of: "a string")
        }
    }

    func list(_ parts: [TemplateText], _ kind: TemplateSequence.Kind = .list) throws(TemplateError) -> TemplateValue {
        try budget.step(parts.count)
        return .sequence(try TemplateSequence(parts.map { .string($0) }, kind))
    }

    func joined(_ parts: [TemplateText], separator: TemplateText) throws(TemplateError) -> TemplateText {
        var size = try checked(separator.byteCount.multipliedReportingOverflow(by: max(0, parts.count - 1)))
        for part in parts { size = try checked(size.addingReportingOverflow(part.byteCount)) }
        try budget.spend(text: size)
        return TemplateText.joined(parts, separator: separator)
    }

    private func split(
        _ text: TemplateText, fromRight: Bool, _ values: [TemplateValue?]
    ) throws(TemplateError) -> TemplateValue {
        let limit = try values[1].integer(default: -1, of: "split")
        guard let separator = try values[0].string(of: "split") else {
            let limit = limit < 0 ? Int.max : limit
            // Every part takes a step before it is made: a text of spaces must not fill the memory.
            func count() throws(TemplateError) { try budget.step() }
            let parts =
                fromRight
                ? try text.splitAtSpaceFromRight(limit: limit, count) : try text.splitAtSpace(limit: limit, count)
            return .sequence(try TemplateSequence(parts.map { .string($0) }))
        }
        guard !separator.isEmpty else { throw TemplateError(.type, "the separator of 'split' is empty") }
        let occurrences =
            fromRight
            ? occurrencesFromRight(of: separator, in: text, limit: limit < 0 ? .max : limit)
            : PythonText.occurrences(of: separator.bytes, in: text.bytes, limit: limit < 0 ? .max : limit)
        try budget.step(occurrences.count + 1)
        let parts = text.split(at: occurrences, separatorByteCount: separator.byteCount)
        return .sequence(try TemplateSequence(parts.map { .string($0) }))
    }

    private func occurrencesFromRight(of part: TemplateText, in text: TemplateText, limit: Int = .max) -> [Int] {
        let mirrored = PythonText.occurrences(of: part.bytes.reversed(), in: text.bytes.reversed(), limit: limit)
        return mirrored.map { text.byteCount - part.byteCount - $0 }.reversed()
    }

    private func partition(
        _ text: TemplateText, fromRight: Bool, _ values: [TemplateValue?]
    ) throws(TemplateError) -> TemplateValue {
        let separator = try values[0].string(of: "partition") ?? .empty
        guard !separator.isEmpty else { throw TemplateError(.type, "the separator of 'partition' is empty") }
        let found =
            fromRight
            ? occurrencesFromRight(of: separator, in: text, limit: 1)
            : PythonText.occurrences(of: separator.bytes, in: text.bytes, limit: 1)
        guard let position = found.first else {
            return try list(fromRight ? [.empty, .empty, text] : [text, .empty, .empty], .tuple)
        }
        let end = position + separator.byteCount
        return try list([text[0..<position], text[position..<end], text[end..<text.byteCount]], .tuple)
    }

    /// The part of a text that `start` and `end` arguments name, and the number of its first character.
    private func part(
        of text: TemplateText, from start: TemplateValue?, to end: TemplateValue?, of function: String
    ) throws(TemplateError) -> (TemplateText, firstCharacter: Int)? {
        if start == nil, end == nil { return (text, 0) }
        let boundaries = text.scalarBoundaries
        let count = boundaries.count - 1
        func clamped(_ index: Int) -> Int { index < 0 ? max(index &+ count, 0) : index }
        let low = clamped(try start.integer(default: 0, of: function))
        let high = min(clamped(try end.integer(default: count, of: function)), count)
        guard low <= high else { return nil }
        return (text[boundaries[low]..<boundaries[high]], low)
    }

    private func has(
        _ text: TemplateText, affixIn values: [TemplateValue?], atEnd: Bool, _ name: String
    ) throws(TemplateError) -> Bool {
        let candidates: [TemplateValue]
        if case .sequence(let sequence) = values[0], sequence.kind == .tuple {
            candidates = sequence.elements
        } else {
            candidates = values[0].map { [$0] } ?? []
        }
        let part = try part(of: text, from: values[1], to: values[2], of: name)
        for candidate in candidates {
            guard case .string(let affix) = candidate else {
                throw TemplateError(.type, "'\(name)' needs a string, not \(candidate.typeName)")
            }
            try budget.step()
            try work(on: affix.byteCount)
            if part?.0.has(affix, atEnd: atEnd) == true { return true }
        }
        return false
    }

    private func find(
        _ text: TemplateText, _ method: TemplateStringMethod, _ values: [TemplateValue?]
    ) throws(TemplateError) -> TemplateValue {
        guard let needle = try values[0].string(of: method.rawValue) else {
            throw TemplateError(.type, "'\(method.rawValue)' needs a string")
        }
        let isFromRight = method == .rfind || method == .rindex
        var found: Int?
        if let (part, first) = try part(of: text, from: values[1], to: values[2], of: method.rawValue) {
            if method == .count {
                let count =
                    needle.isEmpty
                    ? part.scalarCount + 1 : PythonText.occurrences(of: needle.bytes, in: part.bytes).count
                return .integer(count)
            }
            let position =
                needle.isEmpty
                ? (isFromRight ? part.byteCount : 0)
                : isFromRight
                    ? occurrencesFromRight(of: needle, in: part, limit: 1).last
                    : PythonText.occurrences(of: needle.bytes, in: part.bytes, limit: 1).first
            found = position.map { first + part[0..<$0].scalarCount }
        } else if method == .count {
            return .integer(0)
        }
        if let found { return .integer(found) }
        guard method == .find || method == .rfind else { throw TemplateError(.type, "the part is not in the string") }
        return .integer(-1)
    }

    /// `str.replace(old, new, count)`.
    func replaced(
        _ text: TemplateText, _ values: [TemplateValue?], of name: String
    ) throws(TemplateError) -> TemplateText {
        guard let old = try values[0].string(of: name), let new = try values[1].string(of: name) else {
            throw TemplateError(.type, "'\(name)' needs two strings")
        }
        try work(on: text.byteCount, .search)
        let count = try values[2].integer(default: -1, of: name)
        let limit = count < 0 ? Int.max : count
        // What could come out at most, before it is made.
        let places =
            old.isEmpty
            ? min(text.scalarCount + 1, limit)
            : PythonText.occurrences(of: old.bytes, in: text.bytes, limit: limit).count
        try budget.step(places)
        let growth = try checked(new.byteCount.multipliedReportingOverflow(by: places))
        try budget.spend(text: try checked(growth.addingReportingOverflow(text.byteCount)))
        return text.replacing(old.text, with: new, limit: limit)
    }

    /// A text without white space, or the characters of `set`, at its ends.
    func stripped(
        _ text: TemplateText, _ set: TemplateText?, left: Bool = true, right: Bool = true
    ) throws(TemplateError) -> TemplateText {
        if let set { try work(on: set.byteCount, .properties) }
        let stripped = text.stripped(set?.text, left: left, right: right)
        try work(on: text.byteCount - stripped.byteCount, .properties)
        return stripped
    }

    private func padding(_ text: TemplateText, _ width: Int) throws(TemplateError) -> Int {
        guard width > text.byteCount / 4 else { return 0 }
        let missing = max(0, width - text.scalarCount)
        try budget.spend(text: missing)
        return missing
    }

    /// `str.center`, `str.ljust` and `str.rjust`.
    func justified(
        _ text: TemplateText, _ method: TemplateStringMethod, _ values: [TemplateValue?]
    ) throws(TemplateError) -> TemplateValue {
        let width = try values[0].integer(default: 0, of: method.rawValue)
        let fill = try values[1].string(of: method.rawValue) ?? TemplateText(" ", isTrusted: true)
        guard fill.byteCount <= 4, fill.scalarCount == 1 else {
            throw TemplateError(.type, "the filling must be one character")
        }
        let missing = try padding(text, width)
        // Python's odd space goes left if the width is odd.
        let left = method == .ljust ? 0 : method == .rjust ? missing : missing / 2 + (missing & width & 1)
        return .string(try repeated(fill, left) + text + repeated(fill, missing - left))
    }
}

extension Unicode.Scalar {
    /// Whether the character is in one of the categories of letters.
    fileprivate var isPythonLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}

extension PythonText {
    /// `str.isupper`: some letters have case, and all that do are capitals.
    static func isUppercase(_ text: String) -> Bool {
        let cased = text.unicodeScalars.filter(\.properties.isCased)
        return !cased.isEmpty && cased.allSatisfy(\.properties.isUppercase)
    }

    /// `str.islower`.
    static func isLowercase(_ text: String) -> Bool {
        let cased = text.unicodeScalars.filter(\.properties.isCased)
        return !cased.isEmpty && cased.allSatisfy(\.properties.isLowercase)
    }
}
