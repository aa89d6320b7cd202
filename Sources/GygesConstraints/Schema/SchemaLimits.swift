/// What a schema may use, and how much.
enum SchemaLimits {
    /// The largest schema in bytes.
    static let byteCount = 1 << 20
    /// The most schemas read while references and `allOf` are put together.
    static let expansionCount = 5000
    /// The most parts of an `allOf`.
    static let partCount = 100
    /// The longest chain of `$ref` and `allOf` within one another.
    static let chainLength = 32
    /// The most properties of one object: each optional one may come next.
    static let propertyCount = 1000
    /// The maximum length or number of elements.
    static let count = 1 << 30

    /// Keywords that say nothing about a value, or nothing by themselves.
    static let annotations: Set<String> = [
        "title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "$defs", "definitions",
        "deprecated", "readOnly", "writeOnly", "discriminator",
    ]
    /// Annotations about what a text holds (JSON Schema validation §8): a reader may believe that they are enforced, so a note says that they
    /// are not.
    static let contents: Set<String> = ["contentMediaType", "contentEncoding", "contentSchema"]

    /// Whether a keyword says nothing about a value; names that begin with `x-` are everyone's own.
    static func isAnnotation(_ keyword: String) -> Bool {
        annotations.contains(keyword) || isNoted(keyword)
    }

    /// Whether a note is due that a keyword is not enforced.
    static func isNoted(_ keyword: String) -> Bool { contents.contains(keyword) || keyword.hasPrefix("x-") }

    /// Keywords that are enforced.
    static let assertions: Set<String> = [
        "type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "properties", "required", "additionalProperties",
        "items", "prefixItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format", "minimum",
        "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems",
    ]
    /// Bounds of numbers.
    static let bounds = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
    /// The most remainders that `multipleOf` may leave.
    static let remainderCount = 1000
    /// The most different elements of an array without repetitions: each set of them is a place of its own.
    static let uniqueCount = 10
    /// Types, with the keywords that are about them alone.
    static let types: [(name: String, keywords: [String])] = [
        ("object", ["properties", "required", "additionalProperties"]),
        ("array", ["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
        ("string", ["minLength", "maxLength", "pattern", "format"]),
        ("number", bounds + ["multipleOf"]),
        ("integer", []), ("boolean", []), ("null", []),
    ]

    /// What to do without a keyword that is not supported.
    static func remedy(for keyword: String) -> String {
        switch keyword {
        case "nullable": "Write \"type\": [\"…\", \"null\"]"
        case "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "dependencies":
            "List the allowed cases with anyOf"
        case "patternProperties", "propertyNames", "unevaluatedProperties":
            "Name the properties, or use additionalProperties"
        case "minProperties", "maxProperties": "Use properties and required"
        case "contains", "minContains", "maxContains", "unevaluatedItems":
            "Remove it, and check the answer afterwards"
        case "additionalItems": "Use prefixItems for the first elements and items for the others"
        case "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "id": "Use $defs and $ref with a JSON pointer"
        default: "Remove it, or check for a misspelling"
        }
    }
}
