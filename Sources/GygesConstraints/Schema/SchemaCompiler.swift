public import GygesFiles

/// Compiles a JSON schema to a grammar whose texts are valid documents.
///
/// Subschemas wait in a queue instead of being compiled by recursion, and a subschema that is referred to is compiled
/// once, so that time and memory are bounded by the schema's size and the limits, whatever the references.
struct SchemaCompiler {
    let root: JSON
    var builder = GrammarBuilder()
    private(set) var problems: [ConstraintError.Problem] = []
    /// What the schema says that is not enforced, one sentence each with its place.
    private(set) var notes: [String] = []
    private var references: [String: Int32] = [:]
    private var pending: [(rule: Int32, schema: JSON, pointer: String)] = []
    /// Pointers whose keywords were checked.
    private var checked: Set<String> = []
    var expansionCount = 0

    init(_ root: JSON) { self.root = root }

    /// The grammar of the schema's documents.
    mutating func compile() throws(ConstraintError) -> Grammar {
        let start = rule(referredTo: "#")
        var index = 0
        while index < pending.count, !isAtLimit {
            let (rule, schema, pointer) = pending[index]
            index += 1
            fill(rule, schema, pointer)
        }
        if problems.isEmpty, builder.isTooLarge || expansionCount > SchemaLimits.expansionCount {
            report(
                "#", "the schema needs too large an automaton", "Make it smaller: fewer cases, enum values and patterns"
            )
        }
        if !problems.isEmpty { throw ConstraintError(problems) }
        let grammar = builder.finish(root: start)
        guard grammar.hasText else {
            throw ConstraintError([
                .init(
                    "#", "no document is valid, or only one nested deeper than \(Grammar.depthLimit)",
                    remedy:
                        "Look for a required property or element whose $ref comes back to itself, and give it an end, "
                        + "such as anyOf with null")
            ])
        }
        return grammar
    }

    private var isAtLimit: Bool {
        problems.count >= ConstraintError.problemLimit || builder.isTooLarge
            || expansionCount > SchemaLimits.expansionCount || pending.count > GrammarBuilder.nodeLimit
    }

    /// Notes a problem.
    mutating func report(_ pointer: String, _ message: String, _ remedy: String) {
        let problem = ConstraintError.Problem(pointer, message, remedy: remedy)
        guard problems.count < ConstraintError.problemLimit, !problems.contains(problem) else { return }
        problems.append(problem)
    }

    /// Notes that something is not enforced.
    mutating func note(_ pointer: String, _ message: String) {
        let note = "\(pointer): \(message)"
        if notes.count < ConstraintError.problemLimit, !notes.contains(note) { notes.append(note) }
    }

    // MARK: Rules

    /// A rule for a subschema.
    mutating func rule(for schema: JSON, _ pointer: String) -> Int32 {
        if let object = schema.object, let reference = pureReference(object) {
            check(object, pointer)
            return rule(referredTo: reference, from: pointer)
        }
        let rule = builder.addRule()
        pending.append((rule, schema, pointer))
        return rule
    }

    /// The rule for what a reference names, compiled once.
    private mutating func rule(referredTo reference: String, from pointer: String = "#") -> Int32 {
        if let known = references[reference] { return known }
        let rule = builder.addRule()
        references[reference] = rule
        if let schema = resolve(reference, from: pointer) { pending.append((rule, schema, reference)) }
        return rule
    }

    /// What `$ref` names, if nothing else in the schema restricts a value.
    private func pureReference(_ schema: JSONObject) -> String? {
        guard let reference = schema["$ref"]?.string,
            schema.keys.allSatisfy({ $0 == "$ref" || !SchemaLimits.assertions.contains($0) })
        else { return nil }
        return reference
    }

    /// The subschema that a JSON pointer in a fragment names.
    mutating func resolve(_ reference: String, from pointer: String) -> JSON? {
        guard reference == "#" || reference.hasPrefix("#/") else {
            report(
                pointer, "$ref to \"\(reference.prefix(80))\"",
                "Only pointers into the schema itself can be followed: #/$defs/name")
            return nil
        }
        guard reference != "#" else { return root }
        var value = root
        for part in reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            let name = part.withoutPercentEncoding.replacing("~1", with: "/").replacing("~0", with: "~")
            guard let next = value[name] ?? Int(name).flatMap({ value[$0] }) else {
                report(
                    pointer, "$ref to \"\(reference.prefix(80))\", which does not exist",
                    "Add it to $defs, or correct the name")
                return nil
            }
            value = next
        }
        return value
    }

    // MARK: Keywords

    /// Reports keywords that are not supported, once for each place.
    mutating func check(_ schema: JSONObject, _ pointer: String) {
        guard checked.insert(pointer).inserted else { return }
        for keyword in schema.keys
        where !SchemaLimits.assertions.contains(keyword) && !SchemaLimits.annotations.contains(keyword) {
            if SchemaLimits.isNoted(keyword) {
                note(pointer, "\"\(keyword.prefix(60))\" is not enforced")
                continue
            }
            report(pointer, "the keyword \"\(keyword.prefix(60))\" is not supported", SchemaLimits.remedy(for: keyword))
        }
    }

    /// A number of characters or elements.
    mutating func count(_ keyword: String, _ schema: JSONObject, _ pointer: String) -> Int? {
        guard let value = schema[keyword] else { return nil }
        guard let count = value.integer, (0...SchemaLimits.count).contains(count) else {
            report(pointer, "\(keyword) is not a number from 0 to \(SchemaLimits.count)", "Correct it")
            return nil
        }
        return count
    }

    // MARK: Schemas

    private mutating func fill(_ rule: Int32, _ schema: JSON, _ pointer: String) {
        let start = builder.start(rule)
        let end = builder.addNode(rule)
        builder.markFinal(end)
        guard let schema = flattened(schema, pointer, chain: 0) else { return }
        if schema["enum"] != nil || schema["const"] != nil {
            addLiterals(schema, pointer, from: start)
        } else if let (keyword, branches) = alternatives(schema, pointer) {
            for (index, branch) in branches.enumerated() {
                builder.addCall(start, self.rule(for: branch, "\(pointer)/\(keyword)/\(index)"), end)
            }
        } else {
            for type in types(of: schema, pointer) {
                if let callee = self.rule(ofType: type, schema, pointer) { builder.addCall(start, callee, end) }
            }
        }
    }

    /// The types that a value may have; those that its keywords speak about, if it names none.
    mutating func types(of schema: JSONObject, _ pointer: String) -> [String] {
        let names: [String]
        switch schema["type"] {
        case .string(let name)?: names = [name]
        case .array(let list)?: names = list.map { $0.string ?? "" }
        case nil:
            names = SchemaLimits.types.filter { $0.keywords.contains(where: schema.contains) }.map(\.name)
            if names.isEmpty { return ["any"] }
        default: names = []
        }
        let known = names.filter { name in SchemaLimits.types.contains { $0.name == name } }
        if known.isEmpty || known.count < names.count {
            report(
                pointer, "type is not a name of a type, or a list of them",
                "Use object, array, string, number, integer, boolean or null")
        }
        return known
    }

    private mutating func rule(ofType type: String, _ schema: JSONObject, _ pointer: String) -> Int32? {
        switch type {
        case "object": object(schema, pointer)
        case "array": array(schema, pointer)
        case "string": string(schema, pointer)
        case "number", "integer": number(schema, pointer, isInteger: type == "integer")
        case "boolean": builder.library.boolean
        case "null": builder.library.null
        default: builder.library.value
        }
    }

    private mutating func addLiterals(_ schema: JSONObject, _ pointer: String, from start: Int32) {
        let others = schema.keys.filter {
            SchemaLimits.assertions.contains($0) && !["enum", "const", "type"].contains($0)
        }
        if !others.isEmpty {
            report(
                pointer, "\(others.joined(separator: ", ")) beside enum or const",
                "Leave only the values that are allowed")
        }
        guard let values = literals(schema) else {
            return report(pointer, "enum is not a list", "List the allowed values: [\"a\", \"b\"]")
        }
        let types = schema["type"] == nil ? nil : types(of: schema, pointer)
        let allowed = values.filter { value in types.map { matches(value, $0) } ?? true }
        guard !allowed.isEmpty else {
            return report(pointer, "enum or const allows no value", "List at least one, of the type that type names")
        }
        builder.addTexts(start, allowed.map { Array($0.serialized().utf8) })
    }

    /// The values that `enum` and `const` leave; `nil` if neither says which.
    func literals(_ schema: JSONObject) -> [JSON]? {
        switch (schema["enum"]?.array, schema["const"]) {
        case (let values?, let constant?): values.contains(constant) ? [constant] : []
        case (let values?, nil): values
        case (nil, let constant?) where schema["enum"] == nil: [constant]
        default: nil
        }
    }

    func matches(_ value: JSON, _ types: [String]) -> Bool {
        types.contains { type in
            switch value {
            case .null: type == "null"
            case .bool: type == "boolean"
            case .integer, .bigInteger: type == "integer" || type == "number"
            case .double(let double): type == "number" || type == "integer" && double == double.rounded()
            case .string: type == "string"
            case .array: type == "array"
            case .object: type == "object"
            }
        }
    }
}

extension OutputGrammar {
    /// Documents that a JSON schema allows.
    ///
    /// Enforced are `type`, `enum`, `const`, `anyOf`, `oneOf` (of branches that cannot overlap), `allOf` (where its parts can
    /// be put together), `$ref` into the schema, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`,
    /// `minItems`, `maxItems`, `minLength`, `maxLength`, `minimum`, `maximum` and their exclusive forms, `pattern` (what a
    /// finite automaton can read: no look-around, back-references, `\b` or `\p`; anchors only around the whole), the
    /// formats `date`, `time`, `date-time`, `uuid`, `email` and `ipv4`, `multipleOf` (up to 1,000 remainders) and `uniqueItems` (of up to
    /// 10 values that `enum`, `const` or a type names). Pattern, format and bounds on the length may stand together where an automaton of
    /// 20,000 states holds them. Other formats, `contentMediaType` and its kin, and keywords that begin with `x-` are annotations (JSON
    /// Schema validation §7 and §8): ``notes`` says that they are not enforced. Every text of the grammar is valid, but not every valid
    /// document is written:
    /// - properties come in the schema's order, and others only where `additionalProperties` is given or no property is named;
    ///   elements after `prefixItems` only where `items` is given or `minItems` asks for them;
    /// - a schema that names no type allows the types that its keywords are about;
    /// - between tokens there is nothing, one space, or a new line and up to 32 spaces or tabs, and nothing before a comma or colon;
    /// - numbers have up to 18 digits before and after the point, those with bounds or `multipleOf` no exponent; values of `enum` are written compactly.
    ///
    /// - Throws: ``ConstraintError`` with everything that is not supported or cannot be met.
    /// - Complexity: Bounded by limits on the schema's bytes, the references followed and the automaton's size.
    public init(schema: JSON) throws(ConstraintError) {
        guard schema.serialized().utf8.count <= SchemaLimits.byteCount else {
            throw ConstraintError([
                .init("#", "the schema has more than \(SchemaLimits.byteCount) bytes", remedy: "Make it smaller")
            ])
        }
        var compiler = SchemaCompiler(schema)
        self.init(grammar: try compiler.compile(), notes: compiler.notes)
    }
}

extension Substring {
    /// The text with `%HH` as the bytes that they stand for, as a fragment of an address spells what it may not hold.
    fileprivate var withoutPercentEncoding: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
