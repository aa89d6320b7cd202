import GygesFiles
import GygesStatistics
import Testing

@testable import GygesConstraints

/// Schemas put together at random from parts of others: each is refused with reasons, or its texts are valid.
@Suite struct SchemaMutationTests {
    /// Every value that stands anywhere in a schema.
    private static func parts(_ schema: JSON) -> [JSON] {
        let inner = schema.object?.values ?? schema.array ?? []
        return [schema] + inner.flatMap(parts)
    }

    /// A schema with a value somewhere in it replaced, or a keyword of another put in.
    private static func mutated(_ schema: JSON, _ pool: [JSON], _ random: inout SeededGenerator) -> JSON {
        switch schema {
        case .object(var object) where !object.isEmpty && Int.random(in: 0..<6, using: &random) > 0:
            if Int.random(in: 0..<3, using: &random) == 0,
                let other = pool.filter({ $0.object?.isEmpty == false }).randomElement(using: &random)?.object,
                let (key, value) = Array(other).randomElement(using: &random)
            {
                object[key] = value
            } else if let key = object.keys.randomElement(using: &random), let value = object[key] {
                object[key] = mutated(value, pool, &random)
            }
            return .object(object)
        case .array(var elements) where !elements.isEmpty && Int.random(in: 0..<6, using: &random) > 0:
            let index = elements.indices.randomElement(using: &random) ?? 0
            elements[index] = mutated(elements[index], pool, &random)
            return .array(elements)
        default: return pool.randomElement(using: &random) ?? schema
        }
    }

    /// Draws a text byte by byte, with a liking for what closes; `nil` if cut off.
    private static func draw(_ grammar: OutputGrammar, _ random: inout SeededGenerator) -> String? {
        var automaton = Automaton(grammar.grammar)
        var state = automaton.start()
        var bytes: [UInt8] = []
        while bytes.count < 400 {
            var next: [(byte: UInt8, state: Automaton.State)] = []
            for byte in UInt8.min...UInt8.max {
                let following = automaton.state(after: state, byte: byte)
                if following != Automaton.dead { next.append((byte, following)) }
            }
            #expect(!next.isEmpty || automaton.isAccepting(state), "a dead end")
            if automaton.isAccepting(state), next.isEmpty || Int.random(in: 0..<3, using: &random) == 0 {
                return String(validating: bytes, as: UTF8.self)
            }
            let closing = next.filter { [0x22, 0x5D, 0x7D].contains($0.byte) }
            let isEnding = !closing.isEmpty && Int.random(in: 0..<400, using: &random) < 60 + bytes.count
            guard let step = (isEnding ? closing : next).randomElement(using: &random) else { return nil }
            bytes.append(step.byte)
            state = step.state
        }
        return nil
    }

    @Test("Thousands of random schemas: none hangs, and every text of those that compile is valid")
    func randomSchemas() throws {
        let seeds = try ["cases", "keywords", "refused"].flatMap(schemaFixture).compactMap { $0["schema"] }
        let pool = seeds.flatMap(Self.parts)
        var random = SeededGenerator(seed: 2026)
        var (compiled, texts) = (0, 0)
        for _ in 0..<3000 {
            var schema = try #require(seeds.randomElement(using: &random))
            for _ in 0..<Int.random(in: 1...3, using: &random) { schema = Self.mutated(schema, pool, &random) }
            guard let grammar = try? OutputGrammar(schema: schema) else { continue }
            compiled += 1
            for _ in 0..<2 {
                guard let text = Self.draw(grammar, &random) else { continue }
                texts += 1
                let isValid = try SchemaTwin(root: schema).accepts(try JSON(parsing: text), schema)
                #expect(isValid, "\(text) of \(schema.serialized())")
            }
        }
        #expect(compiled > 300 && texts > 300, "\(compiled) compiled, \(texts) texts")
    }
}
