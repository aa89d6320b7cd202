/// Builds a grammar node by node within a limit on its size.
struct GrammarBuilder {
    var nodes: [Node] = []
    private(set) var rules: [Grammar.Rule] = []
    /// Whether more nodes were asked for than are allowed; what was built is then of no use.
    private(set) var isTooLarge = false
    /// Ends of UTF-8 sequences that lead to the same node, built once.
    private var sequenceEnds: [SequenceEnd: Int32] = [:]
    private(set) var library: JSONLibrary

    /// A place under construction; see ``Grammar/Node``.
    struct Node {
        var rule: Int32
        var isFinal = false
        var edges: [Grammar.ByteEdge] = []
        var calls: [Grammar.Call] = []
        var steps: [Int32] = []

        var isPureReturn: Bool { isFinal && edges.isEmpty && calls.isEmpty && steps.isEmpty }
    }

    private struct SequenceEnd: Hashable {
        var bytes: ClosedRange<UInt8>
        var target: Int32
    }

    /// The most nodes: about 20 MB while they are built.
    static let nodeLimit = 100_000

    /// Creates a builder that holds the rules of JSON.
    init() {
        library = JSONLibrary.placeholder
        var builder = self
        let library = JSONLibrary(&builder)
        self = GrammarBuilder(builder, library: library)
    }

    /// Opens a finished grammar again; nodes and rules keep their numbers.
    init(_ grammar: Grammar) {
        nodes = grammar.nodes.map { node in
            Node(
                rule: node.rule, isFinal: node.isFinal, edges: Array(grammar.edges[node.edges]),
                calls: Array(grammar.calls[node.calls]), steps: Array(grammar.steps[node.steps]))
        }
        rules = grammar.rules
        library = grammar.library
    }

    private init(_ other: GrammarBuilder, library: JSONLibrary) {
        nodes = other.nodes
        rules = other.rules
        self.library = library
    }

    /// Adds a rule that has only its start yet.
    mutating func addRule(minimum: Int32 = 0, maximum: Int32 = Grammar.unbounded) -> Int32 {
        let rule = Int32(rules.count)
        rules.append(Grammar.Rule(start: 0, minimum: minimum, maximum: maximum))
        rules[Int(rule)].start = addNode(rule)
        return rule
    }

    /// Notes that a rule is laid out as the library's measured string.
    mutating func markBoundedString(_ rule: Int32) { rules[Int(rule)].isBoundedString = true }

    /// The first node of a rule.
    func start(_ rule: Int32) -> Int32 { rules[Int(rule)].start }

    /// Adds a node to a rule.
    mutating func addNode(_ rule: Int32) -> Int32 {
        guard nodes.count < Self.nodeLimit else {
            isTooLarge = true
            return Int32(nodes.count - 1)
        }
        nodes.append(Node(rule: rule))
        return Int32(nodes.count - 1)
    }

    /// Adds a node to the rule of another.
    mutating func addNode(beside node: Int32) -> Int32 { addNode(nodes[Int(node)].rule) }

    /// Lets the rule end at a node.
    mutating func markFinal(_ node: Int32) { nodes[Int(node)].isFinal = true }

    /// Adds an edge that takes one of a range of bytes.
    mutating func addEdge(
        _ source: Int32, _ bytes: ClosedRange<UInt8>, _ target: Int32, _ condition: Grammar.Guard = .always
    ) {
        nodes[Int(source)].edges.append(
            .init(low: bytes.lowerBound, high: bytes.upperBound, condition: condition, target: target))
    }

    /// Adds an edge that takes one character of ASCII.
    mutating func addEdge(
        _ source: Int32, _ character: Unicode.Scalar, _ target: Int32, _ condition: Grammar.Guard = .always
    ) {
        let byte = UInt8(truncatingIfNeeded: character.value)
        addEdge(source, byte...byte, target, condition)
    }

    /// Adds a step that takes nothing.
    mutating func addStep(_ source: Int32, _ target: Int32) { nodes[Int(source)].steps.append(target) }

    /// Adds a call.
    mutating func addCall(_ source: Int32, _ rule: Int32, _ target: Int32, _ condition: Grammar.Guard = .always) {
        nodes[Int(source)].calls.append(.init(rule: rule, target: target, condition: condition))
    }

    /// Adds a call, and gives the new node after it.
    mutating func addCall(_ source: Int32, _ rule: Int32) -> Int32 {
        let target = addNode(beside: source)
        addCall(source, rule, target)
        return target
    }

    /// Adds a chain of edges that takes `text`, and gives its end.
    mutating func addText(_ source: Int32, _ text: some Sequence<UInt8>) -> Int32 {
        var node = source
        for byte in text {
            let next = addNode(beside: node)
            addEdge(node, byte...byte, next)
            node = next
        }
        return node
    }

    /// Adds texts to a tree that shares their beginnings; the rule may end after each of them.
    ///
    /// - Complexity: O(bytes × different bytes at one place).
    mutating func addTexts(_ source: Int32, _ texts: some Sequence<[UInt8]>) {
        for text in texts {
            var node = source
            for byte in text {
                if let edge = nodes[Int(node)].edges.first(where: { $0.low == byte && $0.high == byte }) {
                    node = edge.target
                } else {
                    node = addText(node, CollectionOfOne(byte))
                }
            }
            markFinal(node)
        }
    }

    /// Adds edges that take one character of `ranges` of code points as UTF-8; surrogates are left out.
    mutating func addScalars(_ source: Int32, _ ranges: [ClosedRange<UInt32>], _ target: Int32) {
        for range in ranges {
            for sequence in UTF8Sequences.covering(range) {
                var next = target
                for bytes in sequence.dropFirst().reversed() {
                    let end = SequenceEnd(bytes: bytes, target: next)
                    if let known = sequenceEnds[end] {
                        next = known
                    } else {
                        let node = addNode(beside: source)
                        addEdge(node, bytes, next)
                        sequenceEnds[end] = node
                        next = node
                    }
                }
                addEdge(source, sequence[0], next)
            }
        }
    }

    /// Completes the grammar.
    consuming func finish(root: Int32) -> Grammar {
        let heights = heights()
        var (edges, calls, steps): ([Grammar.ByteEdge], [Grammar.Call], [Int32]) = ([], [], [])
        let laidOut = zip(nodes, heights).map { node, height in
            let counts = (edges.count, calls.count, steps.count)
            edges += node.edges
            calls += node.calls
            steps += node.steps
            return Grammar.Node(
                rule: node.rule, isFinal: node.isFinal, isPureReturn: node.isPureReturn, height: height,
                edges: counts.0..<edges.count, calls: counts.1..<calls.count, steps: counts.2..<steps.count)
        }
        return Grammar(
            nodes: laidOut, edges: edges, calls: calls, steps: steps, rules: rules, root: root, library: library)
    }

    /// For every node the depth of calls that the way to its rule's end takes at least.
    ///
    /// Dijkstra's algorithm as Knuth generalised it to grammars (1977): a node's height is the minimum, over what can be
    /// done there, of the height of what follows and, for a call, one more than the called rule's.
    /// - Complexity: O(nodes and edges).
    private func heights() -> [Int32] {
        // What depends on each node: the node that has the edge, and the call if it is one.
        var dependents = [[(source: Int32, call: Grammar.Call?)]](repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            let source = Int32(index)
            for edge in node.edges { dependents[Int(edge.target)].append((source, nil)) }
            for step in node.steps { dependents[Int(step)].append((source, nil)) }
            for call in node.calls {
                dependents[Int(call.target)].append((source, call))
                dependents[Int(start(call.rule))].append((source, call))
            }
        }
        var heights = [Int32](repeating: Grammar.unreachable, count: nodes.count)
        var pending = [[Int32]](repeating: [], count: Int(Grammar.depthLimit) + 1)
        pending[0] = nodes.indices.filter { nodes[$0].isFinal }.map { Int32($0) }
        for height in pending.indices {
            while let index = pending[height].popLast() {
                guard heights[Int(index)] == Grammar.unreachable else { continue }
                heights[Int(index)] = Int32(height)
                for (source, call) in dependents[Int(index)] where heights[Int(source)] == Grammar.unreachable {
                    var candidate = Int32(height)
                    if let call {
                        let callee = heights[Int(start(call.rule))]
                        let isLast = nodes[Int(call.target)].isPureReturn
                        candidate = max(heights[Int(call.target)], callee + (isLast ? 0 : 1))
                    }
                    if candidate <= Grammar.depthLimit { pending[Int(candidate)].append(source) }
                }
            }
        }
        return heights
    }
}
