import GygesTokenizer

/// Follows one text through a constraint: which tokens may come next, and what they lead to.
///
/// A step costs what the tokens cost that leave a rule and go on (``RuleMask``): in a string, those that contain a quote. Places
/// seen for the first time with a vocabulary cost one walk over all tokens.
public struct ConstraintMatcher: Sendable {
    private let constraint: OutputConstraint
    private var automaton: Automaton
    private var state: Automaton.State
    private var walk: TrieWalk

    /// The most states kept from one step to the next, about 1 KB each.
    private static let stateLimit = 4096

    /// Begins a text.
    public init(_ constraint: OutputConstraint) {
        self.constraint = constraint
        automaton = Automaton(constraint.grammar)
        state = automaton.start()
        walk = TrieWalk(constraint.vocabulary.trie)
    }

    /// Whether the text is one of the language as it stands.
    public var isComplete: Bool { state != Automaton.dead && automaton.isAccepting(state) }
    /// Whether anything may follow.
    public var canContinue: Bool { state != Automaton.dead && automaton.placeCount(of: state) > 0 }
    /// How many nodes of the tokens' tree were visited so far, the measure of a step's work; without the walks over all
    /// tokens that find out about a place for the first time.
    public private(set) var visitedNodeCount = 0

    /// Goes on by a token's bytes; returns whether the token was allowed. After one that was not, nothing is.
    @discardableResult
    public mutating func advance(by token: Int32) -> Bool {
        let tokenizer = constraint.tokenizer
        return advance(by: tokenizer.isSpecial(token) ? [] : tokenizer.bytes(of: token))
    }

    /// Goes on by bytes; none at all are not allowed.
    @discardableResult
    mutating func advance(by bytes: [UInt8]) -> Bool {
        if bytes.isEmpty { state = Automaton.dead }
        for byte in bytes where state != Automaton.dead { state = automaton.state(after: state, byte: byte) }
        if automaton.stateCount > Self.stateLimit, state != Automaton.dead { state = automaton.forgetAll(but: state) }
        return state != Automaton.dead
    }

    /// The tokens that may come next. Special tokens are not among them: whether the text may end is ``isComplete``.
    ///
    /// - Complexity: O(vocabulary / 64 + visited nodes); see ``visitedNodeCount``.
    public mutating func allowedTokens() -> TokenMask {
        var mask = TokenMask(vocabularyCount: constraint.vocabulary.count)
        guard state != Automaton.dead else { return mask }
        var places = automaton.places(of: state)[...]
        while let stack = places.first?.stack {
            let group = places.prefix { $0.stack == stack }
            places = places.dropFirst(group.count)
            add(Array(group), stack, to: &mask)
        }
        return mask
    }

    /// The mask by its definition: a walk over all tokens. For tests.
    mutating func allowedTokensByWalk() -> TokenMask {
        var mask = TokenMask(vocabularyCount: constraint.vocabulary.count)
        if state != Automaton.dead { addByWalk(from: state, below: nil, to: &mask) }
        return mask
    }

    /// Adds what the places above one stack allow.
    private mutating func add(_ group: [Automaton.Place], _ stack: Int32, to mask: inout TokenMask) {
        let grammar = constraint.grammar
        let first = group[0]
        let rule = grammar.rules[Int(grammar.nodes[Int(first.node)].rule)]
        let isBounded = group.count == 1 && rule.isBoundedString
        let local =
            isBounded
            ? [Automaton.Place(node: grammar.measuredTwin(of: first.node), count: 0, stack: Automaton.outside)]
            : group.map { Automaton.Place(node: $0.node, count: $0.count, stack: Automaton.outside) }
        let found = constraint.ruleMask(local, groupsByCount: isBounded)
        guard automaton.depth(of: stack) + found.depth <= Grammar.depthLimit else {
            // Near the limit it matters how deep the rule stands.
            addByWalk(from: automaton.state(of: group), below: nil, to: &mask)
            return
        }
        var exits = found.exits
        if isBounded, rule.maximum != Grammar.unbounded || first.count < rule.minimum {
            let room = Int(rule.maximum == Grammar.unbounded ? Int32.max : rule.maximum - first.count)
            let missing = Int(rule.minimum - first.count)
            var tokens = found.tokens
            for group in found.tokensByCount.dropFirst(room + 1) {
                for token in group { tokens.set(token, false) }
            }
            for group in found.endingsByCount.prefix(max(missing, 0)) {
                for token in group { tokens.set(token, false) }
            }
            mask.formUnion(tokens)
            exits.removeAll { $0.count < missing || $0.count > room }
        } else {
            mask.formUnion(found.tokens)
        }
        guard stack != Automaton.whole, !exits.isEmpty else { return }
        let frame = automaton.frames[Int(stack)]
        let after = automaton.state(of: [
            Automaton.Place(node: frame.node, count: frame.count, stack: frame.parent)
        ])
        guard after != Automaton.dead else { return }
        for exit in exits { addByWalk(from: after, below: Int(exit.node), to: &mask) }
    }

    private mutating func addByWalk(from state: Automaton.State, below top: Int?, to mask: inout TokenMask) {
        guard state != Automaton.dead else { return }
        let before = walk.visitedCount
        let trie = walk.trie
        walk.run(&automaton, from: state, below: top) { node, _, _ in
            for token in trie.tokens(at: node) { mask.insert(token) }
        }
        visitedNodeCount += walk.visitedCount - before
    }
}

extension Grammar {
    /// The library's node that stands for a node of a bounded string.
    fileprivate func measuredTwin(of node: Int32) -> Int32 {
        let rule = rules[Int(nodes[Int(node)].rule)]
        return node - rule.start + rules[Int(library.measuredString)].start
    }
}
