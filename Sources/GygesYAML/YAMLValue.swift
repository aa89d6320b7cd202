import Yams

/// One value of a ``YAMLDocument`` and where it stands.
///
/// A reading method that finds something wrong records it in the document and answers with a harmless value, so that
/// decoding goes on and finds the rest; ``YAMLDocument/finish(remedy:)`` then throws before the harmless value can be
/// used.
public struct YAMLValue {
    let node: Node
    /// The dotted key that it stands at.
    public let path: String
    /// The file.
    public let document: YAMLDocument

    /// Records that something is wrong with the value.
    public func report(_ problem: String) { document.report(problem, at: path, node) }

    /// Reads a mapping; keys outside `keys` are problems, older names of them are noted.
    public func mapping(keys: [String]) -> YAMLMapping {
        guard case .mapping(let mapping) = node else {
            report("expected named values, found \(kind)")
            return YAMLMapping(entries: [:], value: self)
        }
        var entries: [String: YAMLValue] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                document.report("a key must be a plain name", at: path, key)
                continue
            }
            let current = document.newNames[name].flatMap { keys.contains($0) ? $0 : nil }
            guard let name = current ?? (keys.contains(name) ? name : nil) else {
                let known = keys.joined(separator: ", ")
                document.report("unknown key “\(name)”; known here: \(known)", at: path, key)
                continue
            }
            if let current, let old = key.scalar?.string { document.note(old, isNow: current, at: path) }
            guard entries[name] == nil else {
                document.report("“\(name)” is given twice, once by its older name", at: path, key)
                continue
            }
            entries[name] = YAMLValue(node: value, path: path.isEmpty ? name : "\(path).\(name)", document: document)
        }
        return YAMLMapping(entries: entries, value: self)
    }

    /// Reads a mapping whose keys are names that the file chooses.
    public func anyMapping() -> [String: YAMLValue] {
        guard case .mapping(let mapping) = node else {
            report("expected named values, found \(kind)")
            return [:]
        }
        var entries: [String: YAMLValue] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                document.report("a key must be a plain name", at: path, key)
                continue
            }
            entries[name] = YAMLValue(node: value, path: "\(path).\(name)", document: document)
        }
        if entries.isEmpty { report("there are no values") }
        return entries
    }

    /// Reads a list of at most `limit` elements; without `allowsEmpty` there must be one.
    public func list(limit: Int = 10_000, allowsEmpty: Bool = false) -> [YAMLValue] {
        guard case .sequence(let sequence) = node else {
            report("expected a list, found \(kind)")
            return []
        }
        if sequence.isEmpty && !allowsEmpty { report("the list is empty") }
        guard sequence.count <= limit else {
            report("the list has \(sequence.count) elements, and \(limit) are the limit")
            return []
        }
        return sequence.enumerated().map {
            YAMLValue(node: $0.element, path: "\(path)[\($0.offset)]", document: document)
        }
    }

    /// Reads text; a number or `True` written without quotes is the text as written.
    public func text(allowsEmpty: Bool = false) -> String {
        guard let scalar = node.scalar, node.null == nil else {
            report("expected text, found \(kind)")
            return ""
        }
        if !allowsEmpty, scalar.string.allSatisfy(\.isWhitespace) { report("the text is empty") }
        return scalar.string
    }

    /// Reads a name made of letters, digits, hyphens and dots, usable in file names and column names.
    public func identifier() -> String {
        let name = text()
        let allowed = name.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "-")
        }
        if !allowed || name.utf8.count > 64 {
            report("“\(name)” is not a name: use at most 64 lower-case letters, digits and hyphens")
        }
        return name
    }

    /// Reads a whole number within `range`.
    public func integer(in range: ClosedRange<Int>) -> Int {
        guard let scalar = node.scalar, let number = Int(scalar.string) else {
            report("expected a whole number, found \(kind)")
            return range.lowerBound
        }
        guard range.contains(number) else {
            report("\(number) is not between \(range.lowerBound) and \(range.upperBound)")
            return range.lowerBound
        }
        return number
    }

    /// Reads a finite number within `range`.
    public func number(in range: ClosedRange<Double>) -> Double {
        guard let scalar = node.scalar, let number = Double(scalar.string), number.isFinite else {
            report("expected a number, found \(kind)")
            return range.lowerBound
        }
        guard range.contains(number) else {
            report("\(number) is not between \(range.lowerBound) and \(range.upperBound)")
            return range.lowerBound
        }
        return number
    }

    /// Reads `true` or `false`.
    public func truth() -> Bool {
        switch node.scalar?.string {
        case "true": return true
        case "false": return false
        default:
            report("expected true or false, found \(kind)")
            return false
        }
    }

    /// Reads one of a fixed set of words.
    public func choice<Choice: RawRepresentable & CaseIterable>(_: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        let word = text()
        if let choice = Choice(rawValue: word) { return choice }
        report("“\(word)” is not one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    /// Whether the value is a list.
    public var isList: Bool { node.sequence != nil }

    /// Whether the value is made of named values.
    public var isMapping: Bool { node.mapping != nil }

    private var kind: String {
        switch node {
        case .mapping: "named values"
        case .sequence: "a list"
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "“\(scalar.string.prefix(40))”"
        case .alias: "an alias"
        }
    }
}

/// The named values of a mapping.
public struct YAMLMapping {
    let entries: [String: YAMLValue]
    /// The mapping as a value.
    public let value: YAMLValue

    /// The keys that are there, in the order of their texts.
    public var keys: [String] { entries.keys.sorted() }

    /// The value named `key`, which may be absent.
    public subscript(key: String) -> YAMLValue? { entries[key] }

    /// The value named `key`; its absence is a problem.
    public func required(_ key: String) -> YAMLValue? {
        if let value = entries[key] { return value }
        if case .mapping = value.node { value.report("the key “\(key)” is missing") }
        return nil
    }

    /// Checks that the file is of a version that this program reads.
    public func checkVersion(_ supported: Int) {
        guard let version = required("version") else { return }
        guard let scalar = version.node.scalar, let number = Int(scalar.string) else {
            return version.report("expected a whole number")
        }
        if number != supported { version.report("version \(number) is not supported; this program reads \(supported)") }
    }
}

/// Reports values that occur more than once in a list whose elements must differ.
public func reportDuplicates(_ values: [String], what: String, in value: YAMLValue?) {
    var seen: Set<String> = []
    for duplicate in values where !seen.insert(duplicate).inserted {
        value?.report("the \(what) “\(duplicate.prefix(60))” occurs twice")
    }
}
