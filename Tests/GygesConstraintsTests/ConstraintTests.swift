import GygesFiles
import GygesTokenizer
import GygesStatistics
import Testing

@testable import GygesConstraints

/// Masks and the texts that they lead to, on a small real vocabulary.
@Suite struct ConstraintTests {
    static let names = SchemaCases.all.map(\.name)

    static func constraint(_ schema: JSON, _ tokenizer: Tokenizer) throws -> OutputConstraint {
        try OutputConstraint(try OutputGrammar(schema: schema), tokenizer: tokenizer)
    }

    /// Draws tokens at random among those allowed, with a liking for those that bring an end near; `nil` if cut off.
    static func draw(
        _ constraint: OutputConstraint, _ tokenizer: Tokenizer, _ random: inout SeededGenerator, limit: Int = 400,
        check: (inout ConstraintMatcher, TokenMask) throws -> Void = { _, _ in }
    ) throws -> String? {
        var matcher = ConstraintMatcher(constraint)
        var bytes: [UInt8] = []
        for step in 0..<limit {
            let mask = matcher.allowedTokens()
            try check(&matcher, mask)
            var allowed: [Int32] = []
            mask.forEach { allowed.append($0) }
            #expect(
                !allowed.isEmpty || matcher.isComplete, "a dead end after \(String(decoding: bytes, as: UTF8.self))")
            #expect(allowed.isEmpty != matcher.canContinue)
            if matcher.isComplete, allowed.isEmpty || Int.random(in: 0..<3, using: &random) == 0 {
                return String(validating: bytes, as: UTF8.self)
            }
            let closing = allowed.filter { tokenizer.bytes(of: $0).contains { [0x22, 0x7D, 0x5D].contains($0) } }
            let pool = !closing.isEmpty && Int.random(in: 0..<limit, using: &random) < 60 + 2 * step ? closing : allowed
            let token = try #require(pool.randomElement(using: &random))
            let isAllowed = matcher.advance(by: token)
            #expect(isAllowed)
            bytes += tokenizer.bytes(of: token)
        }
        return nil
    }

    /// Tokens spell bytes in one vocabulary, and characters, bytes and a mark for the space in the other.
    @Test("Every finished text parses and is valid", arguments: names, ["qwen2", "sentence-pieces/llama2"])
    func textsAreValid(name: String, vocabulary: String) throws {
        let tokenizer = try fixtureTokenizer(vocabulary)
        let schema = try SchemaCases.json(name)
        let constraint = try Self.constraint(schema, tokenizer)
        let twin = SchemaTwin(root: schema)
        var random = SeededGenerator(seed: 11)
        var finished = 0
        for _ in 0..<40 {
            guard let text = try Self.draw(constraint, tokenizer, &random) else { continue }
            finished += 1
            let value = try JSON(parsing: text)
            #expect(try twin.accepts(value, schema), "\(text)")
        }
        #expect(finished >= 20, "most texts come to an end: \(finished)")
    }

    @Test("Every valid document is allowed token by token, compact, spaced and indented", arguments: names)
    func documentsAreAllowed(name: String) throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let schema = try SchemaCases.json(name)
        let constraint = try Self.constraint(schema, tokenizer)
        var generator = InstanceGenerator(twin: SchemaTwin(root: schema), random: SeededGenerator(seed: 5))
        for index in 0..<60 {
            let value = generator.instance(of: schema)
            try #require(try generator.twin.accepts(value, schema), "\(value)")
            // Values of enums are written compactly, whatever stands around them.
            let styles: [JSON.Style] = name == "enum" ? [.compact] : [.compact, .python, .pretty]
            let text = value.serialized(styles[index % styles.count])
            var matcher = ConstraintMatcher(constraint)
            for token in try tokenizer.encode(text) {
                guard matcher.allowedTokens().contains(token) else {
                    Issue.record("\(tokenizer.bytes(of: token)) of \(text)")
                    break
                }
                matcher.advance(by: token)
            }
            #expect(matcher.isComplete, "\(text)")
        }
    }

    @Test("Masks are those found by trying every token", arguments: names)
    func masksAreExact(name: String) throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let constraint = try Self.constraint(try SchemaCases.json(name), tokenizer)
        var random = SeededGenerator(seed: 23)
        for _ in 0..<4 {
            _ = try Self.draw(constraint, tokenizer, &random, limit: 60) { matcher, mask in
                let here = matcher
                for token in 0..<Int32(tokenizer.vocabularyCount) {
                    var next = here
                    let isAllowed = next.advance(by: token)
                    #expect(mask.contains(token) == isAllowed, "token \(token)")
                }
                let walked = matcher.allowedTokensByWalk()
                #expect(walked == mask)
            }
        }
    }

    @Test("Of a list of answers one comes, and the end only behind one of them")
    func answers() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let answers = ["yes", "yes, always", "no", "\"quoted\"", "日本語", "no "]
        let constraint = try OutputConstraint(try OutputGrammar(answers: answers), tokenizer: tokenizer)
        var random = SeededGenerator(seed: 3)
        var seen: Set<String> = []
        for _ in 0..<300 {
            let text = try #require(try Self.draw(constraint, tokenizer, &random))
            #expect(answers.contains(text))
            seen.insert(text)
        }
        #expect(seen == Set(answers))
        #expect(throws: ConstraintError.self) { try OutputGrammar(answers: []) }
        #expect(throws: ConstraintError.self) { try OutputGrammar(answers: ["a", ""]) }
    }

    @Test("Any object is allowed, and nothing but an object")
    func jsonObject() throws {
        let tokenizer = try fixtureTokenizer("gpt2")
        let constraint = try OutputConstraint(.jsonObject, tokenizer: tokenizer)
        var random = SeededGenerator(seed: 8)
        var finished = 0
        for _ in 0..<60 {
            guard let text = try Self.draw(constraint, tokenizer, &random) else { continue }
            finished += 1
            #expect(try JSON(parsing: text).object != nil)
        }
        #expect(finished > 20)
    }

    @Test("A step costs the tokens that leave a rule, once its places were seen")
    func stepsAreCheap() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let constraint = try Self.constraint(try SchemaCases.json("lengths"), tokenizer)
        let trie = constraint.vocabulary.trie
        // Nodes at or below a quote: all that a step inside a string may visit.
        var quoted = 0
        var node = 0
        while node < trie.nodeCount {
            if trie.nodes.base[node].byte == 0x22 {
                quoted += Int(trie.nodes.base[node].end) - node
                node = Int(trie.nodes.base[node].end)
            } else {
                node += 1
            }
        }
        let letter = try #require(tokenizer.id(of: "a"))
        var random = SeededGenerator(seed: 1)
        var (inStrings, elsewhere) = (0, 0)
        for _ in 0..<40 {
            var before = 0
            _ = try Self.draw(constraint, tokenizer, &random) { matcher, mask in
                let cost = matcher.visitedNodeCount - before
                before = matcher.visitedNodeCount
                if mask.contains(letter) { inStrings = max(inStrings, cost) } else { elsewhere = max(elsewhere, cost) }
            }
        }
        #expect(inStrings > 0)
        #expect(inStrings <= quoted, "of \(trie.nodeCount) nodes")
        #expect(elsewhere * 2 < trie.nodeCount, "of \(trie.nodeCount) nodes")
        #expect(quoted * 4 < trie.nodeCount)
    }

    @Test("A vocabulary without some bytes writes what it can, and never comes to a dead end", arguments: names)
    func missingBytes(name: String) throws {
        // Lacks a third of all bytes, `$` and `>` among them, and most letters that begin a sentence.
        let tokenizer = try fixtureTokenizer("smollm")
        let schema = try SchemaCases.json(name)
        guard let constraint = try? Self.constraint(schema, tokenizer) else { return }
        let twin = SchemaTwin(root: schema)
        var random = SeededGenerator(seed: 31)
        for _ in 0..<20 {
            let text = try Self.draw(constraint, tokenizer, &random, limit: 120) { matcher, mask in
                let walked = matcher.allowedTokensByWalk()
                #expect(walked == mask)
            }
            guard let text else { continue }
            #expect(try twin.accepts(JSON(parsing: text), schema), "\(text)")
        }
    }

    @Test("What needs a byte that is missing is left out, and only what needs it always is refused")
    func refusals() throws {
        let tokenizer = try fixtureTokenizer("smollm")
        // A vote of a judge: free strings and two words.
        let vote: JSON = [
            "type": "object",
            "properties": ["quote": ["type": "string", "maxLength": 300], "answer": ["enum": ["yes", "no"]]],
            "required": ["quote", "answer"], "additionalProperties": false,
        ]
        _ = try Self.constraint(vote, tokenizer)
        var random = SeededGenerator(seed: 9)
        let choice = try Self.constraint(["enum": ["Q", "no", "$5"]], tokenizer)
        for _ in 0..<20 { #expect(try Self.draw(choice, tokenizer, &random) == "\"no\"") }
        #expect(throws: ConstraintError.self) { try Self.constraint(["enum": ["Q", "$5"]], tokenizer) }
        // An array may be empty where its elements cannot be written, unless one is asked for.
        let empty = try Self.constraint(["type": "array", "items": ["const": "Q"]], tokenizer)
        for _ in 0..<20 {
            let text = try #require(try Self.draw(empty, tokenizer, &random))
            #expect(try JSON(parsing: text) == .array([]))
        }
        #expect(throws: ConstraintError.self) {
            try Self.constraint(["type": "array", "items": ["const": "Q"], "minItems": 1], tokenizer)
        }
    }

    @Test("Counters that cannot be filled are no ends")
    func counters() throws {
        let comma = (0..<256).map { $0 != 0x2C }
        func restricted(_ schema: JSON, to usable: [Bool]) throws -> Grammar? {
            try OutputGrammar(schema: schema).grammar.restricted(to: usable)
        }
        func list(_ minimum: Int) -> JSON {
            ["type": "array", "items": ["type": "integer"], "minItems": .integer(minimum)]
        }
        #expect(try restricted(list(0), to: comma) != nil)
        #expect(try restricted(list(1), to: comma) != nil)
        #expect(try restricted(list(2), to: comma) == nil)
        // One list within another falls with it.
        #expect(
            try restricted(["type": "array", "items": list(2), "minItems": 1], to: comma) == nil)
        #expect(try restricted(["type": "string", "minLength": 3], to: (0..<256).map { $0 == 0x22 }) == nil)
        #expect(try restricted(["type": "string"], to: (0..<256).map { $0 == 0x22 }) != nil)
        #expect(try restricted(["type": "string"], to: (0..<256).map { $0 != 0x22 }) == nil)
    }

    @Test("Special tokens are never allowed")
    func vocabularies() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let constraint = try Self.constraint([:], tokenizer)
        var matcher = ConstraintMatcher(constraint)
        #expect(!matcher.isComplete)
        let mask = matcher.allowedTokens()
        #expect(tokenizer.specialTokens.allSatisfy { !mask.contains($0.id) })
        let isAllowed = matcher.advance(by: try #require(tokenizer.specialTokens.first).id)
        #expect(!isAllowed)
        let rest = matcher.allowedTokens()
        #expect(rest.count == 0)
    }
}
