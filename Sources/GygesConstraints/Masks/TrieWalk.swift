import GygesTokenizer

/// A walk over the tokens' tree in step with an automaton.
///
/// Subtrees are left as soon as the automaton has nothing for a byte. The work is bounded: a node costs as much as its
/// state has places, and once ``workLimit`` or ``stateLimit`` is spent the remaining tokens count as not allowed, those of one byte
/// excepted, so that there is always a way on.
struct TrieWalk {
    let trie: TokenTrie
    /// Nodes looked at so far.
    private(set) var visitedCount = 0
    private var states: [Automaton.State]

    /// Places looked at in one walk: six times those of a walk over 150,000 tokens in one place.
    static let workLimit = 2 << 20
    /// New states in one walk, about 1 KB each.
    static let stateLimit = 32 << 10

    init(_ trie: TokenTrie) {
        self.trie = trie
        states = [Automaton.State](repeating: Automaton.dead, count: trie.depth + 1)
    }

    /// Walks the tree, or the nodes below `top`, from `state`.
    ///
    /// - Parameter body: called with each node that can be reached, in order, and the state there.
    mutating func run(
        _ automaton: inout Automaton, from state: Automaton.State, below top: Int? = nil,
        _ body: (_ node: Int, _ state: Automaton.State, _ automaton: borrowing Automaton) -> Void
    ) {
        let nodes = trie.nodes.base
        states[top.map { Int(nodes[$0].depth) } ?? 0] = state
        var node = top.map { $0 + 1 } ?? 0
        let end = top.map { Int(nodes[$0].end) } ?? trie.nodeCount
        var work = 0
        let stateLimit = automaton.stateCount + Self.stateLimit
        while node < end {
            let entry = nodes[node]
            let depth = Int(entry.depth)
            visitedCount += 1
            guard work < Self.workLimit && automaton.stateCount < stateLimit || depth == 1 else {
                node = Int(entry.end)
                continue
            }
            let next = automaton.state(after: states[depth - 1], byte: entry.byte)
            guard next != Automaton.dead else {
                node = Int(entry.end)
                continue
            }
            work += automaton.placeCount(of: next)
            states[depth] = next
            body(node, next, automaton)
            node += 1
        }
    }
}
