import GygesTokenizer

/// What the tokens do to a place in a rule looked at by itself, whatever waits for the rule.
///
/// Nearly all tokens of a vocabulary stay inside a string or leave it at a quote: which ones do is the same wherever the
/// string stands, and is found out by one walk over all tokens. What remains for a step are the tokens that leave the rule
/// and go on, which are few.
struct RuleMask: Sendable {
    /// A token's tree node at which the rule ends while the tokens below it go on.
    struct Exit: Sendable {
        var node: Int32
        /// The rule's counter there.
        var count: Int32
    }

    /// Tokens that are read to their end in the rule, or end with it.
    private(set) var tokens: TokenMask
    /// The same tokens by the rule's counter after them, for bounded strings.
    private(set) var tokensByCount: [[Int32]] = []
    /// Those that end with the rule, by the rule's counter there, for bounded strings.
    private(set) var endingsByCount: [[Int32]] = []
    /// Where tokens leave the rule.
    private(set) var exits: [Exit] = []
    /// The deepest nesting within the rule that the tokens need.
    private(set) var depth: Int32 = 0

    /// Looks at a place of one rule, or several places of rules for which the same waits.
    ///
    /// - Parameter places: with their stack ``Automaton/outside``.
    /// - Complexity: O(nodes of the tree × places), at most ``TrieWalk/workLimit``.
    init(_ places: [Automaton.Place], grammar: Grammar, vocabulary: TokenVocabulary, groupsByCount: Bool) {
        var automaton = Automaton(grammar)
        var walk = TrieWalk(vocabulary.trie)
        let trie = vocabulary.trie
        var tokens = TokenMask(vocabularyCount: vocabulary.count)
        var groups: [[Int32]] = []
        var endings: [[Int32]] = []
        var exits: [Exit] = []
        let start = automaton.state(of: places)
        if start != Automaton.dead {
            walk.run(&automaton, from: start) { node, state, automaton in
                let exitCount = automaton.exitCount(of: state)
                for token in trie.tokens(at: node) {
                    tokens.insert(token)
                    guard groupsByCount else { continue }
                    let count = Int(exitCount >= 0 ? exitCount : automaton.places(of: state)[0].count)
                    while groups.count <= count {
                        groups.append([])
                        endings.append([])
                    }
                    groups[count].append(token)
                    if exitCount >= 0 { endings[count].append(token) }
                }
                if exitCount >= 0, Int(trie.nodes.base[node].end) > node + 1 {
                    exits.append(Exit(node: Int32(node), count: exitCount))
                }
            }
        }
        self.tokens = tokens
        tokensByCount = groups
        endingsByCount = endings
        self.exits = exits
        depth = automaton.deepest
    }
}
