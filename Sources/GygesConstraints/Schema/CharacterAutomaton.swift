/// A finite automaton over characters without counters or empty steps: the form in which a pattern, a format and bounds on the length
/// are put together.
///
/// Glushkov's construction (1961): a state for each place of an expression at which a character stands, and the start, state 0.
struct CharacterAutomaton {
    /// The characters on which a state is entered; none for the start.
    private(set) var characters: [[ClosedRange<UInt32>]] = [[]]
    /// The states that may follow each.
    private(set) var successors: [[Int]] = [[]]
    /// Where a string may end.
    private(set) var isFinal: [Bool] = [false]
    private var edgeCount = 0

    /// The most edges of an automaton, and of what several make together.
    static let edgeLimit = 100_000
    /// The most states of what several make together.
    static let stateLimit = 20_000

    /// The automaton of the strings in which a pattern matches.
    ///
    /// - Throws: ``RegularExpression/Fault`` for a pattern that is too large, or an anchor within one.
    /// - Complexity: O(places²) for patterns that may leave out everything, bounded by ``edgeLimit``.
    init(_ expression: RegularExpression) throws(RegularExpression.Fault) {
        for parts in expression.wholeStrings {
            let whole = try add(.sequence(parts))
            try connect([0], to: whole.first)
            for state in whole.last { isFinal[state] = true }
            if whole.isEmpty { isFinal[0] = true }
        }
    }

    /// Where a part of an expression begins and ends, and whether it may be nothing.
    private struct Part {
        var first: [Int] = []
        var last: [Int] = []
        var isEmpty = true
    }

    private mutating func add(_ expression: RegularExpression) throws(RegularExpression.Fault) -> Part {
        switch expression {
        case .characters(let ranges):
            guard characters.count <= RegularExpression.sizeLimit else { throw .tooLarge }
            characters.append(ranges)
            successors.append([])
            isFinal.append(false)
            let state = characters.count - 1
            return Part(first: [state], last: [state], isEmpty: false)
        case .sequence(let parts):
            var whole = Part()
            for part in parts { whole = try joined(whole, try add(part)) }
            return whole
        case .alternatives(let branches):
            var whole = Part(isEmpty: false)
            for branch in branches {
                let part = try add(branch)
                whole.first += part.first
                whole.last += part.last
                whole.isEmpty = whole.isEmpty || part.isEmpty
            }
            return whole
        case .repeated(let part, let minimum, let maximum):
            var whole = Part()
            for _ in 0..<minimum { whole = try joined(whole, try add(part)) }
            if let maximum {
                for _ in minimum..<maximum {
                    var next = try add(part)
                    next.isEmpty = true
                    whole = try joined(whole, next)
                }
            } else {
                var loop = try add(part)
                try connect(loop.last, to: loop.first)
                loop.isEmpty = true
                whole = try joined(whole, loop)
            }
            return whole
        case .start, .end: throw .innerAnchor
        }
    }

    private mutating func joined(_ a: Part, _ b: Part) throws(RegularExpression.Fault) -> Part {
        try connect(a.last, to: b.first)
        return Part(
            first: a.isEmpty ? a.first + b.first : a.first, last: b.isEmpty ? a.last + b.last : b.last,
            isEmpty: a.isEmpty && b.isEmpty)
    }

    private mutating func connect(_ sources: [Int], to targets: [Int]) throws(RegularExpression.Fault) {
        edgeCount += sources.count * targets.count
        guard edgeCount <= Self.edgeLimit else { throw .tooLargeTogether }
        for source in sources { successors[source] += targets }
    }
}

/// The strings that several automata have in common, within bounds on the number of characters.
///
/// The product of the automata and a counter, of which only what leads from the start to an end is kept, so that nothing that is
/// written so far is ever a dead end.
struct CommonStrings {
    /// Where each automaton is, and how many characters have been read; without a maximum no further than the minimum.
    private struct State: Hashable {
        var places: [Int]
        var length: Int
    }

    private struct Edge {
        var characters: [ClosedRange<UInt32>]
        var target: Int
    }

    private var edges: [[Edge]] = []
    private var isFinal: [Bool] = []
    private var leadsOn: [Bool] = []

    /// Whether there is no such string.
    var isEmpty: Bool { !leadsOn[0] }

    /// Puts automata together.
    ///
    /// - Throws: ``RegularExpression/Fault`` if more than ``CharacterAutomaton/stateLimit`` states or
    ///   ``CharacterAutomaton/edgeLimit`` edges are needed.
    /// - Complexity: O(edges), within those limits.
    init(_ automata: [CharacterAutomaton], minimum: Int, maximum: Int?) throws(RegularExpression.Fault) {
        let start = State(places: automata.map { _ in 0 }, length: 0)
        var states = [start]
        var numbers = [start: 0]
        var edgeCount = 0
        while edges.count < states.count {
            let state = states[edges.count]
            isFinal.append(
                state.length >= minimum && zip(automata, state.places).allSatisfy { $0.isFinal[$1] })
            var found: [Edge] = []
            if maximum.map({ state.length < $0 }) ?? true {
                let length = maximum == nil ? min(state.length + 1, minimum) : state.length + 1
                for (places, characters) in Self.steps(automata, from: state.places) {
                    let next = State(places: places, length: length)
                    let number = numbers[next] ?? states.count
                    if number == states.count {
                        numbers[next] = number
                        states.append(next)
                    }
                    found.append(Edge(characters: characters, target: number))
                }
            }
            edgeCount += found.count
            guard states.count <= CharacterAutomaton.stateLimit, edgeCount <= CharacterAutomaton.edgeLimit else {
                throw .tooLargeTogether
            }
            edges.append(found)
        }
        var sources = [[Int]](repeating: [], count: states.count)
        for (source, list) in edges.enumerated() { for edge in list { sources[edge.target].append(source) } }
        leadsOn = isFinal
        var pending = isFinal.indices.filter { isFinal[$0] }
        while let state = pending.popLast() {
            for source in sources[state] where !leadsOn[source] {
                leadsOn[source] = true
                pending.append(source)
            }
        }
    }

    /// Where all automata may be after one more character, and on which characters.
    private static func steps(
        _ automata: [CharacterAutomaton], from places: [Int]
    ) -> [(places: [Int], characters: [ClosedRange<UInt32>])] {
        var steps: [(places: [Int], characters: [ClosedRange<UInt32>])] = [([], ScalarRanges.all)]
        for (automaton, place) in zip(automata, places) {
            steps = steps.flatMap { step in
                automaton.successors[place].compactMap { next in
                    let common = ScalarRanges.intersecting(step.characters, automaton.characters[next])
                    return common.isEmpty ? nil : (step.places + [next], common)
                }
            }
        }
        return steps
    }

    /// Fills a rule with the strings as JSON writes them, in quotes.
    func addString(_ rule: Int32, to builder: inout GrammarBuilder) {
        let open = builder.addText(builder.start(rule), Array("\"".utf8))
        let end = builder.addNode(rule)
        builder.markFinal(end)
        let nodes = leadsOn.enumerated().map { $0 == 0 ? open : $1 ? builder.addNode(rule) : open }
        for (source, list) in edges.enumerated() where leadsOn[source] && !builder.isTooLarge {
            if isFinal[source] { builder.addEdge(nodes[source], "\"", end) }
            for edge in list where leadsOn[edge.target] {
                builder.addEscapedScalars(nodes[source], edge.characters, nodes[edge.target])
            }
        }
    }
}
