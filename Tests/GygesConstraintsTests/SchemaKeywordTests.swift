import GygesFiles
import GygesStatistics
import GygesTokenizer
import Testing

@testable import GygesConstraints

/// What each keyword allows and forbids, and what is refused, on texts without a vocabulary.
@Suite struct SchemaKeywordTests {
    /// Whether a grammar has a text.
    static func accepts(_ grammar: OutputGrammar, _ text: String) -> Bool {
        var automaton = Automaton(grammar.grammar)
        var state = automaton.start()
        for byte in text.utf8 where state != Automaton.dead { state = automaton.state(after: state, byte: byte) }
        return state != Automaton.dead && automaton.isAccepting(state)
    }

    static func grammar(_ schema: String) throws -> OutputGrammar {
        try OutputGrammar(schema: try JSON(parsing: schema))
    }

    @Test("Each keyword allows what it should and nothing else")
    func keywords() throws {
        for line in try schemaFixture("keywords") {
            let schema = try #require(line["schema"])
            let grammar = try OutputGrammar(schema: schema)
            for text in try #require(line["valid"]?.array).compactMap(\.string) {
                #expect(Self.accepts(grammar, text), "\(text) should be allowed by \(schema.serialized())")
            }
            for text in try #require(line["invalid"]?.array).compactMap(\.string) {
                #expect(!Self.accepts(grammar, text), "\(text) should not be allowed by \(schema.serialized())")
            }
        }
    }

    @Test("Bounds of integers and decimals are exact")
    func bounds() throws {
        var random = SeededGenerator(seed: 77)
        for _ in 0..<60 {
            let a = Int.random(in: -1200...1200, using: &random)
            let b = Int.random(in: a...1300, using: &random)
            let grammar = try Self.grammar(#"{"type":"integer","minimum":\#(a),"maximum":\#(b)}"#)
            for value in -1500...1500 {
                #expect(Self.accepts(grammar, "\(value)") == (a...b).contains(value), "\(value) in \(a)...\(b)")
            }
        }
        for _ in 0..<60 {
            let a = Int.random(in: -300...300, using: &random)
            let b = Int.random(in: a...400, using: &random)
            let isExclusive = Bool.random(using: &random)
            let (low, high) = isExclusive && b > a ? ("exclusiveMinimum", "exclusiveMaximum") : ("minimum", "maximum")
            let grammar = try Self.grammar(
                #"{"type":"number","\#(low)":\#(Double(a) / 20),"\#(high)":\#(Double(b) / 20)}"#)
            for value in -2100...2100 {
                // Hundredths written by hand, so that they are exact; bounds are twentieths.
                let magnitude = value.magnitude
                let text =
                    (value < 0 ? "-" : "") + "\(magnitude / 100)." + (magnitude % 100 < 10 ? "0" : "")
                    + "\(magnitude % 100)"
                let isInside = low == "minimum" ? value >= 5 * a && value <= 5 * b : value > 5 * a && value < 5 * b
                #expect(Self.accepts(grammar, text) == isInside, "\(text) in \(a) / 20 ... \(b) / 20, \(low)")
            }
        }
    }

    @Test(
        "Patterns agree with the standard library's regular expressions",
        arguments: [
            "^a*b+$", "ab|cd", "^(a|b){2,3}$", "^[a-c]?d$", "^(?:ab)*$", "a.c", "^[^ab]+$", #"^\d{2}$"#, #"\w\s"#,
            "^(a+)+$",
            "^(a|aa)+$", "^(?<x>ab?)c*?$", "", "^$", "c$|^d", "^a{2,}$", #"^[\d\-a]+$"#, "^((a*)*b)*$", "^(|a)b$",
        ])
    func patterns(pattern: String) throws {
        let schema: JSON = ["type": "string", "pattern": .string(pattern)]
        let grammar = try OutputGrammar(schema: schema)
        let twin = try Regex(pattern)
        var random = SeededGenerator(seed: 4)
        for _ in 0..<400 {
            let count = Int.random(in: 0...6, using: &random)
            let text = String((0..<count).map { _ in "aabbcd1 -".randomElement(using: &random)! })
            let matches = text.firstMatch(of: twin) != nil
            #expect(Self.accepts(grammar, "\"\(text)\"") == matches, "\(text)")
        }
    }

    @Test(
        "Patterns with bounds on the length agree with the standard library's, and lead nowhere else",
        arguments: [
            "^a*b+$", "ab|cd", "^(a|b){2,3}$", "a.c", "^(?:ab)*$", "^[^ab]+$", "c$|^d", "^((a*)*b)*$", "^(|a)b$", "^$",
            "b",
        ])
    func patternsWithLengths(pattern: String) throws {
        let twin = try Regex(pattern)
        let letters: [Character] = ["a", "b", "c", "é"]
        // Every string of up to five letters.
        var texts = [""]
        var longest = texts
        for _ in 1...5 {
            longest = longest.flatMap { text in letters.map { text + String($0) } }
            texts += longest
        }
        for (minimum, maximum) in [(0, 2), (1, 3), (2, nil), (3, 4), (4, 4)] {
            var schema = JSONObject([
                ("type", "string"), ("pattern", .string(pattern)), ("minLength", .integer(minimum)),
            ])
            if let maximum { schema["maxLength"] = .integer(maximum) }
            let expected = texts.filter {
                $0.count >= minimum && $0.count <= maximum ?? 5 && $0.firstMatch(of: twin) != nil
            }
            guard let grammar = try? OutputGrammar(schema: .object(schema)) else {
                #expect(expected.isEmpty, "\(pattern) of \(minimum) to \(maximum ?? 5) is refused")
                continue
            }
            for text in texts {
                let isExpected = text.count >= minimum && text.count <= maximum ?? 5 && text.firstMatch(of: twin) != nil
                #expect(
                    Self.accepts(grammar, "\"\(text)\"") == isExpected, "\(text) with \(minimum) to \(maximum ?? 5)")
            }
        }
    }

    @Test("Multiples are exact, with bounds and without")
    func multiples() throws {
        var random = SeededGenerator(seed: 12)
        for step in [1, 2, 3, 7, 8, 10, 12, 25, 60, 100, 125, 700] {
            let plain = try Self.grammar(#"{"type":"integer","multipleOf":\#(step)}"#)
            let a = Int.random(in: -400...0, using: &random)
            let b = Int.random(in: 0...2000, using: &random)
            let bounded = try Self.grammar(#"{"type":"integer","multipleOf":\#(step),"minimum":\#(a),"maximum":\#(b)}"#)
            for value in -2100...2100 {
                #expect(Self.accepts(plain, "\(value)") == value.isMultiple(of: step), "\(value) by \(step)")
                let isExpected = value.isMultiple(of: step) && (a...b).contains(value)
                #expect(Self.accepts(bounded, "\(value)") == isExpected, "\(value) by \(step) in \(a)...\(b)")
            }
        }
        // Decimals, written by hand so that they are exact.
        for (step, decimals) in [(1, 3), (5, 3), (2, 2), (125, 3), (137, 3), (25, 2), (25, 1)] {
            let unit = [10, 100, 1000][decimals - 1]
            let grammar = try Self.grammar(#"{"type":"number","multipleOf":\#(Double(step) / Double(unit))}"#)
            for value in 0...6000 {
                let text = "\(value / unit).\(String(value % unit + unit).dropFirst())"
                #expect(Self.accepts(grammar, text) == value.isMultiple(of: step), "\(text) by \(step) / \(unit)")
            }
        }
    }

    @Test("What is not enforced is noted, once, with its place")
    func notes() throws {
        let grammar = try Self.grammar(
            ##"""
            {"properties": {"a": {"type": "string", "format": "color", "contentMediaType": "text/html"}, "b": {"$ref": "#/$defs/c"}, "d": {"$ref": "#/$defs/c"}},
             "$defs": {"c": {"type": "string", "format": "uri", "x-hint": 1}}, "title": "t"}
            """##)
        #expect(grammar.notes.count == 4)
        #expect(grammar.notes.contains { $0.hasPrefix("#/properties/a: the format \"color\"") })
        #expect(grammar.notes.contains { $0.hasPrefix("#/properties/a: \"contentMediaType\"") })
        #expect(grammar.notes.contains { $0.hasPrefix("#/$defs/c: the format \"uri\"") })
        #expect(grammar.notes.contains { $0.hasPrefix("#/$defs/c: \"x-hint\"") })
        #expect(try Self.grammar(#"{"type": "string", "format": "date"}"#).notes.isEmpty)
    }

    @Test("What is not supported or cannot be met is refused with its place")
    func refuses() throws {
        for line in try schemaFixture("refused") {
            let schema = try #require(line["schema"])
            let error = #expect(throws: ConstraintError.self, "\(schema.serialized())") {
                try OutputGrammar(schema: schema)
            }
            #expect(error?.problems.first?.pointer == line["pointer"]?.string, "\(error?.description ?? "")")
            #expect(error?.problems.allSatisfy { !$0.message.isEmpty && !$0.remedy.isEmpty } ?? false)
        }
    }

    @Test("All problems are told at once")
    func tellsAll() throws {
        let error = #expect(throws: ConstraintError.self) {
            try Self.grammar(#"{"properties":{"a":{"minContains":2},"b":{"not":{},"type":"x"}},"minProperties":1}"#)
        }
        #expect(error?.problems.map(\.pointer) == ["#", "#/properties/a", "#/properties/b", "#/properties/b"])
    }

    @Test("Hostile schemas are refused, or bounded")
    func hostile() throws {
        // Recursion without an end.
        for schema in [
            ##"{"$ref":"#"}"##, ##"{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}"##,
            ##"{"allOf":[{"$ref":"#"}]}"##, ##"{"anyOf":[{"$ref":"#"}]}"##,
            ##"{"type":"array","items":{"$ref":"#"},"minItems":1}"##,
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##,
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b","maxLength":1},"b":{"$ref":"#/$defs/a","minLength":1}}}"##,
        ] { #expect(throws: ConstraintError.self, "\(schema)") { try Self.grammar(schema) } }
        // Depth: more than the limit is no text; far more is not even read.
        let deep = (0..<100).reduce(["type": "null"] as JSON) { inner, _ in
            ["type": "array", "items": inner, "minItems": 1]
        }
        #expect(throws: ConstraintError.self) { try OutputGrammar(schema: deep) }
        // Doubling by allOf, and by references within it.
        var definitions = JSONObject([("d0", ["type": "object"] as JSON)])
        for index in 1...40 {
            let below: JSON = ["$ref": .string("#/$defs/d\(index - 1)")]
            definitions["d\(index)"] = ["allOf": [below, below]]
        }
        #expect(throws: ConstraintError.self) {
            try OutputGrammar(schema: ["$defs": .object(definitions), "$ref": "#/$defs/d40"])
        }
        // References with something beside them, unrolled without end.
        #expect(throws: ConstraintError.self) {
            try Self.grammar(
                ##"{"type":"object","properties":{"a":{"$ref":"#","required":["a"]},"b":{"$ref":"#","required":["b"]}}}"##
            )
        }
        // Size.
        let names = (0..<60_000).map { JSON.string("\($0 * 7919)") }
        #expect(throws: ConstraintError.self) { try OutputGrammar(schema: ["enum": .array(names)]) }
        #expect(throws: ConstraintError.self) {
            try OutputGrammar(schema: ["const": .string(String(repeating: "x", count: 2 << 20))])
        }
        let wide = JSONObject((0..<1001).map { ("p\($0)", [:] as JSON) })
        #expect(throws: ConstraintError.self) { try OutputGrammar(schema: ["properties": .object(wide)]) }
        // Patterns that grow, or nest.
        for pattern in [
            "((a{1000}){1000}){1000}", "(){1000}((){1000}){1000}", String(repeating: "(", count: 60_000),
            String(repeating: "(", count: 1000) + String(repeating: ")", count: 1000), "a{99999999999999999999}",
            String(repeating: "(?:a|b){0,500}", count: 20), String(repeating: "[", count: 100),
        ] {
            let schema: JSON = ["pattern": .string(pattern)]
            #expect(throws: ConstraintError.self, "\(pattern.prefix(30))") { try OutputGrammar(schema: schema) }
        }
    }

    @Test("Large numbers cost nothing, ambiguous patterns are read in one pass")
    func bounded() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        for schema in [
            #"{"type":"string","maxLength":1000000000}"#,
            #"{"type":"array","items":{"type":"null"},"minItems":1000000}"#,
            #"{"pattern":"^(a+)+$"}"#, #"{"pattern":"^(a|aa|aaa){1,300}$"}"#, #"{"pattern":".*a.{40}$"}"#,
            ##"{"type":"object","properties":{"x":{}},"additionalProperties":{"$ref":"#"}}"##,
            #"{"pattern":"^(a|aa|aaa){1,10}$","minLength":5,"maxLength":20}"#, #"{"pattern":"b.*é","maxLength":90}"#,
            #"{"type":"integer","multipleOf":997}"#, #"{"type":"number","multipleOf":0.125,"minimum":-3}"#,
            #"{"type":"array","uniqueItems":true,"items":{"enum":[0,1,2,3,4,5,6,7,8,9]},"minItems":4}"#,
        ] {
            let constraint = try ConstraintTests.constraint(try JSON(parsing: schema), tokenizer)
            var matcher = ConstraintMatcher(constraint)
            var random = SeededGenerator(seed: 2)
            for _ in 0..<60 {
                var allowed: [Int32] = []
                matcher.allowedTokens().forEach { allowed.append($0) }
                guard let token = allowed.randomElement(using: &random) else { break }
                matcher.advance(by: token)
            }
            #expect(matcher.isComplete || matcher.canContinue)
        }
    }

    @Test("Nesting ends at the limit, with a way out")
    func depth() throws {
        let grammar = try Self.grammar(##"{"type":"array","items":{"$ref":"#"}}"##)
        let limit = Int(Grammar.depthLimit)
        let nested = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
        #expect(Self.accepts(grammar, nested(limit)))
        #expect(!Self.accepts(grammar, nested(limit + 2)))
        // Near the limit masks must know how deep they are.
        let tokenizer = try fixtureTokenizer("qwen2")
        let constraint = try OutputConstraint(grammar, tokenizer: tokenizer)
        var matcher = ConstraintMatcher(constraint)
        for _ in 0..<(limit + 4) {
            let mask = matcher.allowedTokens()
            let walked = matcher.allowedTokensByWalk()
            #expect(mask == walked)
            let open = try #require(tokenizer.id(of: "["))
            guard mask.contains(open) else { break }
            matcher.advance(by: open)
        }
        #expect(matcher.canContinue)
    }
}
