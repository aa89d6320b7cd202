extension Grammar {
    /// How often dropping one rule's ends may take those of another with it.
    private static let roundLimit = 32

    /// The texts of the language that are made of the bytes of which `isUsable` says so, at most: at every place that is left, a usable
    /// byte leads on to an end.
    ///
    /// A tokenizer that was trained on bytes alone has a token for each of them. Some lack the bytes that begin characters which nobody
    /// uses: then no string has these characters, and all else stays as it is. Nodes and rules keep their numbers.
    ///
    /// - Returns: `nil` if nothing is left.
    /// - Complexity: O(nodes and edges).
    func restricted(to isUsable: [Bool]) -> Grammar? {
        var builder = GrammarBuilder(self)
        for index in builder.nodes.indices {
            builder.nodes[index].edges = builder.nodes[index].edges.flatMap { $0.parts(where: isUsable) }
        }
        for _ in 0..<Self.roundLimit {
            let grammar = builder.finish(root: root)
            let stuck = grammar.rulesBelowMinimum
            guard stuck.contains(true) else { return grammar.hasText ? grammar : nil }
            // Heights know no counters: an end that asks for a count which is never reached is none.
            for index in builder.nodes.indices where stuck[Int(builder.nodes[index].rule)] {
                builder.nodes[index].edges.removeAll { $0.condition == .fromMinimum }
                builder.nodes[index].calls.removeAll { $0.condition == .fromMinimum }
            }
        }
        return nil
    }

    /// Of each rule, whether it has ends that ask for a count which can never be reached: nothing is counted any more, or only once where
    /// more is asked for.
    private var rulesBelowMinimum: [Bool] {
        var stuck = [Bool](repeating: false, count: rules.count)
        var counted = [[(source: Int32, target: Int32)]](repeating: [], count: rules.count)
        for (index, node) in nodes.enumerated() where rules[Int(node.rule)].minimum > 0 {
            for edge in edges[node.edges] where isAlive(edge.target) {
                if edge.condition == .fromMinimum { stuck[Int(node.rule)] = true }
                if edge.condition == .counts { counted[Int(node.rule)].append((Int32(index), edge.target)) }
            }
            for call in calls[node.calls] where isAlive(call) {
                if call.condition == .fromMinimum { stuck[Int(node.rule)] = true }
                if call.condition == .counts { counted[Int(node.rule)].append((Int32(index), call.target)) }
            }
        }
        for rule in stuck.indices where stuck[rule] {
            stuck[rule] =
                rules[rule].minimum == 1
                ? counted[rule].isEmpty : !counted[rule].contains { leads(from: $0.target, to: $0.source) }
        }
        return stuck
    }

    private func isAlive(_ node: Int32) -> Bool { nodes[Int(node)].height <= Self.depthLimit }

    private func isAlive(_ call: Call) -> Bool {
        isAlive(call.target) && isAlive(rules[Int(call.rule)].start)
    }

    /// Whether a way leads from a node of a rule to another one of it.
    private func leads(from start: Int32, to end: Int32) -> Bool {
        var seen: Set<Int32> = [start]
        var pending = [start]
        while let index = pending.popLast() {
            if index == end { return true }
            let node = nodes[Int(index)]
            let next =
                edges[node.edges].map(\.target) + steps[node.steps]
                + calls[node.calls].filter { isAlive($0) }.map(\.target)
            for target in next where isAlive(target) && seen.insert(target).inserted { pending.append(target) }
        }
        return false
    }
}

extension Grammar.ByteEdge {
    /// The edge for the bytes of its range that can be used: one for each run of them.
    fileprivate func parts(where isUsable: [Bool]) -> [Grammar.ByteEdge] {
        var parts: [Grammar.ByteEdge] = []
        for byte in low...high where isUsable[Int(byte)] {
            if let last = parts.indices.last, parts[last].high + 1 == byte {
                parts[last].high = byte
            } else {
                parts.append(.init(low: byte, high: byte, condition: condition, target: target))
            }
        }
        return parts
    }
}
