import Foundation
import GygesFiles
import GygesStatistics
import GygesTestSupport
import GygesTokenizer
import Testing

/// JSON Schema read the simple way, on whole documents: the twin of the compiled grammar.
struct SchemaTwin {
    let root: JSON

    /// Whether a document is valid, by the definition of each keyword.
    func accepts(_ value: JSON, _ schema: JSON) throws -> Bool {
        guard let object = schema.object else { return schema == true }
        for (keyword, argument) in object where try !accepts(value, keyword, argument, object) { return false }
        return true
    }

    private func accepts(_ value: JSON, _ keyword: String, _ argument: JSON, _ schema: JSONObject) throws -> Bool {
        switch keyword {
        case "$ref": return try accepts(value, resolve((argument.string ?? "")))
        case "type": return (argument.array ?? [argument]).contains { hasType(value, $0.string ?? "") }
        case "enum": return (argument.array ?? []).contains(value)
        case "const": return argument == value
        case "anyOf": return try (argument.array ?? []).contains { try accepts(value, $0) }
        case "allOf": return try (argument.array ?? []).allSatisfy { try accepts(value, $0) }
        case "oneOf": return try (argument.array ?? []).filter { try accepts(value, $0) }.count == 1
        default: break
        }
        switch value {
        case .object(let members):
            switch keyword {
            case "required": return (argument.array ?? []).allSatisfy { members.contains($0.string ?? "") }
            case "properties":
                return try members.allSatisfy { name, member in
                    try argument[name].map { try accepts(member, $0) } ?? true
                }
            case "additionalProperties":
                return try members.allSatisfy { name, member in
                    try schema["properties"]?[name] != nil || accepts(member, argument)
                }
            default: return true
            }
        case .array(let elements):
            let prefix = schema["prefixItems"]?.array ?? []
            switch keyword {
            case "prefixItems": return try zip(elements, prefix).allSatisfy { try accepts($0, $1) }
            case "items": return try elements.dropFirst(prefix.count).allSatisfy { try accepts($0, argument) }
            case "minItems": return elements.count >= (argument.integer ?? -1)
            case "maxItems": return elements.count <= (argument.integer ?? -1)
            case "uniqueItems":
                return argument != true
                    || elements.indices.allSatisfy { index in
                        !elements[..<index].contains {
                            $0 == elements[index] || $0.double != nil && $0.double == elements[index].double
                        }
                    }
            default: return true
            }
        case .string(let text):
            switch keyword {
            case "minLength": return text.unicodeScalars.count >= (argument.integer ?? -1)
            case "maxLength": return text.unicodeScalars.count <= (argument.integer ?? -1)
            case "pattern": return try text.firstMatch(of: Regex((argument.string ?? ""))) != nil
            default: return true
            }
        case .integer, .double, .bigInteger:
            let number = value.double ?? .nan
            switch keyword {
            case "minimum": return number >= (argument.double ?? .nan)
            case "maximum": return number <= (argument.double ?? .nan)
            case "exclusiveMinimum": return number > (argument.double ?? .nan)
            case "exclusiveMaximum": return number < (argument.double ?? .nan)
            case "multipleOf":
                guard let value = Decimal(string: value.serialized()), let step = Decimal(string: argument.serialized())
                else { return false }
                var (quotient, whole) = (value / step, Decimal())
                NSDecimalRound(&whole, &quotient, 0, .plain)
                return whole * step == value
            default: return true
            }
        default: return true
        }
    }

    func resolve(_ reference: String) -> JSON {
        var value = root
        for part in reference.dropFirst(2).split(separator: "/") {
            let name = part.replacing("%20", with: " ").replacing("~1", with: "/").replacing("~0", with: "~")
            value = value[String(name)] ?? Int(name).flatMap { value[$0] } ?? nil
        }
        return value
    }

    private func hasType(_ value: JSON, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"), (.object, "object"): true
        case (.integer, "integer"), (.integer, "number"), (.bigInteger, "number"), (.double, "number"): true
        case (.double(let double), "integer"): double == double.rounded()
        default: false
        }
    }
}

/// Random documents of a schema, for the keywords that ``SchemaCases`` use; properties in the schema's order.
struct InstanceGenerator {
    let twin: SchemaTwin
    var random: SeededGenerator
    var depth = 0

    mutating func instance(of schema: JSON) -> JSON {
        depth += 1
        defer { depth -= 1 }
        guard let object = schema.object, !object.isEmpty else { return anything() }
        if let reference = object["$ref"]?.string { return instance(of: twin.resolve(reference)) }
        if let values = object["enum"]?.array { return values.randomElement(using: &random)! }
        if let value = object["const"] { return value }
        if let branches = (object["anyOf"] ?? object["oneOf"])?.array {
            return instance(of: depth > 12 ? branches.last! : branches.randomElement(using: &random)!)
        }
        if let parts = object["allOf"]?.array {
            var merged = JSONObject()
            for part in parts { for (name, value) in instance(of: part).object! { merged[name] = value } }
            return .object(merged)
        }
        let types = (object["type"]?.array ?? [object["type"] ?? "object"]).compactMap(\.string)
        switch types.randomElement(using: &random)! {
        case "object": return self.object(object)
        case "array": return array(object)
        case "string": return string(object)
        case "integer":
            let minimum = object["minimum"]?.integer ?? object["exclusiveMinimum"]?.integer.map { $0 + 1 } ?? -1000
            let most = object["maximum"]?.integer ?? object["exclusiveMaximum"]?.integer.map { $0 - 1 } ?? 1000
            return .integer(Int.random(in: minimum...max(minimum, most), using: &random))
        case "number":
            let minimum = object["minimum"]?.double ?? -50
            return .double(
                (Double.random(in: minimum...(object["maximum"]?.double ?? 50), using: &random) * 64).rounded(.down)
                    / 64)
        case "boolean": return .bool(.random(using: &random))
        default: return .null
        }
    }

    private mutating func object(_ schema: JSONObject) -> JSON {
        var members = JSONObject()
        let required = (schema["required"]?.array ?? []).compactMap(\.string)
        for (name, value) in schema["properties"]?.object ?? JSONObject()
        where required.contains(name) || depth < 6 && .random(using: &random) { members[name] = instance(of: value) }
        if let others = schema["additionalProperties"], others != false {
            for index in 0..<Int.random(in: 0...2, using: &random) { members["other \(index)"] = instance(of: others) }
        }
        return .object(members)
    }

    private mutating func array(_ schema: JSONObject) -> JSON {
        var elements = (schema["prefixItems"]?.array ?? []).map { instance(of: $0) }
        let minimum = max(schema["minItems"]?.integer ?? 0, elements.count)
        let most = min(schema["maxItems"]?.integer ?? minimum + 3, minimum + 3)
        if let items = schema["items"], items != false, depth < 8 || minimum > 0 {
            for _ in elements.count..<max(elements.count, Int.random(in: minimum...max(minimum, most), using: &random))
            {
                elements.append(instance(of: items))
            }
        }
        return .array(elements)
    }

    private mutating func string(_ schema: JSONObject) -> JSON {
        let minimum = schema["minLength"]?.integer ?? 0
        let count = Int.random(in: minimum...(schema["maxLength"]?.integer ?? minimum + 12), using: &random)
        let alphabet: [Unicode.Scalar] = [
            "a", "b", " ", "\"", "\\", "\n", "é", "語", "😀", "\u{7F}", "\u{1}", "}", ",", "1",
        ]
        return .string(
            String(String.UnicodeScalarView((0..<count).map { _ in alphabet.randomElement(using: &random)! })))
    }

    private mutating func anything() -> JSON {
        let values: [JSON] = [nil, true, -3, 2.5, "text", [1, [2]], ["a": ["b": nil]], [:], []]
        return values.randomElement(using: &random)!
    }
}

/// Schemas that use every keyword that is enforced: `Fixtures/cases.jsonl`.
enum SchemaCases {
    static let all: [(name: String, schema: JSON)] = {
        let cases = try? schemaFixture("cases")
        return (cases ?? []).compactMap { line in line["name"]?.string.map { ($0, line["schema"] ?? nil) } }
    }()

    static func json(_ name: String) throws -> JSON { try #require(all.first { $0.name == name }).schema }
}

/// The lines of a file of `Fixtures`.
func schemaFixture(_ name: String) throws -> [JSON] {
    let path = try #require(Bundle.module.path(forResource: "Fixtures/\(name).jsonl", ofType: nil))
    return try MappedFile.read(path: path).split(separator: 0x0A).map { try JSON.parse(Array($0), path: path) }
}

/// The tokenizer of `GygesTokenizerTests/Fixtures` for a kind.
func fixtureTokenizer(_ kind: String) throws -> Tokenizer {
    let path = fixturePath("\(kind).tokenizer.json", of: "GygesTokenizer")
    return try Tokenizer(json: JSON.read(path: path), path: path)
}
