import GygesFiles

/// `$ref`, `allOf`, `anyOf` and `oneOf`.
extension SchemaCompiler {
    /// A schema as one object, with what `$ref` and `allOf` name put into it; `nil` if it allows nothing or has a problem.
    mutating func flattened(_ schema: JSON, _ pointer: String, chain: Int) -> JSONObject? {
        if chain > 0 { expansionCount += 1 }
        if schema == true { return JSONObject() }
        if schema == false { return nil }
        guard var object = schema.object else {
            report(pointer, "a schema is neither an object nor a truth value", "Write {…}, true or false")
            return nil
        }
        guard expansionCount <= SchemaLimits.expansionCount, chain <= SchemaLimits.chainLength else {
            report(
                pointer, "$ref and allOf lead too far, or back to where they began",
                "Let each definition stand for itself")
            return nil
        }
        check(object, pointer)
        for keyword in object.keys where SchemaLimits.isAnnotation(keyword) { object[keyword] = nil }
        var parts: [(JSON, String)] = []
        if let reference = object["$ref"] {
            guard let name = reference.string, let target = resolve(name, from: pointer) else { return nil }
            parts.append((target, name))
            object["$ref"] = nil
        }
        if let all = object["allOf"] {
            guard let list = all.array, (1...SchemaLimits.partCount).contains(list.count) else {
                report(pointer, "allOf is not a list of 1 to \(SchemaLimits.partCount) schemas", "Correct it")
                return nil
            }
            for (index, part) in list.enumerated() { parts.append((part, "\(pointer)/allOf/\(index)")) }
            object["allOf"] = nil
        }
        for (part, place) in parts {
            guard let other = flattened(part, place, chain: chain + 1) else { return nil }
            guard let merged = merge(object, other, pointer) else { return nil }
            object = merged
        }
        return object
    }

    /// What both schemas allow.
    private mutating func merge(_ first: JSONObject, _ second: JSONObject, _ pointer: String) -> JSONObject? {
        for (a, b) in [(first, second), (second, first)] {
            guard let others = a["additionalProperties"], others != true else { continue }
            let names = a["properties"]?.object ?? JSONObject()
            if let foreign = (b["properties"]?.object ?? JSONObject()).keys.first(where: { !names.contains($0) }) {
                report(
                    pointer, "additionalProperties in one part of allOf forbids \"\(foreign.prefix(60))\" of another",
                    "List all properties in one schema")
                return nil
            }
        }
        var merged = first
        for (keyword, value) in second {
            guard let known = merged[keyword], known != value else {
                merged[keyword] = value
                continue
            }
            guard let both = combined(keyword, known, value) else {
                report(
                    pointer, "\(keyword) stands in several parts of allOf (or beside $ref) that cannot be put together",
                    "Write one schema that says what all of them say")
                return nil
            }
            merged[keyword] = both
        }
        guard merged["properties"]?.object?.count ?? 0 <= SchemaLimits.propertyCount else {
            report(pointer, "more than \(SchemaLimits.propertyCount) properties", "Use several objects")
            return nil
        }
        return merged
    }

    /// The value of a keyword that asks for what two values ask for.
    private func combined(_ keyword: String, _ a: JSON, _ b: JSON) -> JSON? {
        switch keyword {
        case "required":
            guard let first = a.array, let second = b.array else { return nil }
            let known = Self.texts(of: first)
            return .array(first + second.filter { !known.contains(Self.text(of: $0)) })
        case "properties":
            guard var properties = a.object, let others = b.object else { return nil }
            for (name, schema) in others {
                properties[name] = properties[name].map { ["allOf": [$0, schema]] } ?? schema
            }
            return .object(properties)
        case "items": return ["allOf": [a, b]]
        case "minimum", "exclusiveMinimum", "minLength", "minItems":
            guard let first = a.double, let second = b.double else { return nil }
            return first >= second ? a : b
        case "maximum", "exclusiveMaximum", "maxLength", "maxItems":
            guard let first = a.double, let second = b.double else { return nil }
            return first <= second ? a : b
        case "uniqueItems": return a.bool == nil || b.bool == nil ? nil : .bool(true)
        case "enum":
            guard let first = a.array, let second = b.array else { return nil }
            let others = Self.texts(of: second)
            return .array(first.filter { others.contains(Self.text(of: $0)) })
        case "type":
            let (first, second) = (a.array ?? [a], b.array ?? [b])
            var both = first.filter { second.contains($0) || $0 == "integer" && second.contains("number") }
            if first.contains("number"), second.contains("integer"), !both.contains("integer") {
                both.append("integer")
            }
            return .array(both)
        case "additionalProperties":
            if a == true { return b }
            if b == true { return a }
            return a == false || b == false ? false : ["allOf": [a, b]]
        default: return nil
        }
    }

    /// The branches of `anyOf` or `oneOf`, each with what stands beside it; `nil` if there is neither.
    mutating func alternatives(_ schema: JSONObject, _ pointer: String) -> (keyword: String, branches: [JSON])? {
        let keywords = ["anyOf", "oneOf"].filter(schema.contains)
        guard let keyword = keywords.first else { return nil }
        guard keywords.count == 1 else {
            report(pointer, "anyOf beside oneOf", "Write the cases out in one anyOf")
            return (keyword, [])
        }
        guard let branches = schema[keyword]?.array, !branches.isEmpty else {
            report(pointer, "\(keyword) is not a list of schemas", "List at least one")
            return (keyword, [])
        }
        if keyword == "oneOf" { checkDisjoint(branches, pointer) }
        var rest = schema
        rest[keyword] = nil
        return (keyword, rest.isEmpty ? branches : branches.map { ["allOf": [.object(rest), $0]] })
    }

    // MARK: oneOf

    /// What tells a branch of `oneOf` from another.
    private struct Branch {
        var literals: Set<String>?
        var kinds: Set<String>?
        /// The values that required properties may have.
        var tags: [String: Set<String>] = [:]
    }

    /// `oneOf` asks that no other branch fits, which an automaton of branches does not see: they must not overlap at all.
    private mutating func checkDisjoint(_ schemas: [JSON], _ pointer: String) {
        guard schemas.count <= 200 else { return report(pointer, "oneOf has more than 200 branches", "Use anyOf") }
        var branches: [Branch] = []
        for (index, schema) in schemas.enumerated() {
            guard let object = flattened(schema, "\(pointer)/oneOf/\(index)", chain: 1) else { continue }
            var branch = Branch(literals: literals(object).map(Self.texts), kinds: kinds(object))
            for name in (object["required"]?.array ?? []).compactMap(\.string) {
                guard let property = object["properties"]?[name] else { continue }
                let place = "\(pointer)/oneOf/\(index)/properties/\(name.asPointerPart)"
                branch.tags[name] = flattened(property, place, chain: 1).flatMap(literals).map(Self.texts)
            }
            branches.append(branch)
        }
        for (index, a) in branches.enumerated() {
            for b in branches[..<index] where mayOverlap(a, b) {
                return report(
                    pointer, "branches of oneOf may overlap, and a document must fit only one",
                    "Use anyOf, or give each branch a required property with a const of its own")
            }
        }
    }

    private func mayOverlap(_ a: Branch, _ b: Branch) -> Bool {
        if areDisjoint(a.literals, b.literals) { return false }
        guard let first = a.kinds, let second = b.kinds else { return true }
        if first.isDisjoint(with: second) { return false }
        guard first == ["object"], second == ["object"] else { return true }
        return !a.tags.contains { name, values in areDisjoint(values, b.tags[name]) }
    }

    private func areDisjoint(_ a: Set<String>?, _ b: Set<String>?) -> Bool {
        guard let a, let b else { return false }
        return a.isDisjoint(with: b)
    }

    /// Texts of values that are the same for equal values, such as 1 and 1.0.
    static func texts(of values: [JSON]) -> Set<String> { Set(values.map(text(of:))) }

    private static func text(of value: JSON) -> String {
        if case .double(let double) = value, let integer = Int(exactly: double) { return "\(integer)" }
        return value.serialized()
    }

    /// The types of values, numbers of all kinds as one; `nil` for any.
    private func kinds(_ schema: JSONObject) -> Set<String>? {
        let types: [String]
        if let values = literals(schema) {
            types = values.map { value in
                switch value {
                case .null: "null"
                case .bool: "boolean"
                case .integer, .bigInteger, .double: "number"
                case .string: "string"
                case .array: "array"
                case .object: "object"
                }
            }
        } else if let type = schema["type"] {
            types = (type.array ?? [type]).compactMap(\.string).map { $0 == "integer" ? "number" : $0 }
        } else {
            return nil
        }
        return Set(types)
    }
}
