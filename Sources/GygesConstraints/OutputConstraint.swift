public import GygesTokenizer

/// What an answer may be: a language of texts, compiled from a schema or a list.
public struct OutputGrammar: Sendable {
    let grammar: Grammar
    /// What the schema says that is not enforced, one sentence each: formats that no automaton checks, annotations about content.
    public let notes: [String]

    /// Any JSON object.
    public static let jsonObject: OutputGrammar = {
        let builder = GrammarBuilder()
        return OutputGrammar(grammar: builder.finish(root: builder.library.object))
    }()

    init(grammar: Grammar, notes: [String] = []) {
        self.grammar = grammar
        self.notes = notes
    }

    /// Exactly one of `answers`. One may be the beginning of another; the answer then ends where the model ends it.
    ///
    /// - Throws: ``ConstraintError`` if there are none, one is empty, or they are more than 1 MB together.
    /// - Complexity: O(bytes).
    public init(answers: [String]) throws(ConstraintError) {
        guard !answers.isEmpty, !answers.contains("") else {
            throw ConstraintError([
                .init(
                    "", "an answer to choose from is empty, or there is none",
                    remedy: "Give texts of at least one character")
            ])
        }
        guard answers.reduce(0, { $0 + $1.utf8.count }) <= SchemaLimits.byteCount else {
            throw ConstraintError([
                .init("", "the answers are longer than \(SchemaLimits.byteCount) bytes together", remedy: "Give fewer")
            ])
        }
        var builder = GrammarBuilder()
        let rule = builder.addRule()
        builder.addTexts(builder.start(rule), answers.map { Array($0.utf8) })
        guard !builder.isTooLarge else {
            throw ConstraintError([.init("", "the answers need too large an automaton", remedy: "Give fewer")])
        }
        self.init(grammar: builder.finish(root: rule))
    }
}

/// A grammar made ready for a tokenizer; reusable by many requests at once, which then share what is found out about it.
public final class OutputConstraint: Sendable {
    /// The tokenizer that it was made ready for.
    public var tokenizer: Tokenizer { vocabulary.tokenizer }
    let grammar: Grammar
    let vocabulary: TokenVocabulary
    private let masks = RuleMaskCache()

    /// Makes a grammar ready for a tokenizer; those who make several constraints make the ``TokenVocabulary`` once and pass it.
    ///
    /// - Throws: as ``init(_:vocabulary:)``.
    public convenience init(_ grammar: OutputGrammar, tokenizer: Tokenizer) throws(ConstraintError) {
        try self.init(grammar, vocabulary: TokenVocabulary(tokenizer))
    }

    /// Makes a grammar ready for a tokenizer's vocabulary.
    ///
    /// Where the tokenizer has no token for a byte by itself, texts with that byte are left out of the language: generation could
    /// otherwise come to a place from which no token leads on. Byte-level tokenizers have nearly all of them.
    ///
    /// - Throws: ``ConstraintError`` if no text is left.
    /// - Complexity: O(nodes of the grammar); for the first one of a vocabulary also O(bytes of its tokens), a
    ///   fraction of a second.
    public init(_ grammar: OutputGrammar, vocabulary: TokenVocabulary) throws(ConstraintError) {
        self.vocabulary = vocabulary
        let isToken = vocabulary.trie.isToken()
        if isToken.contains(false) {
            guard let restricted = grammar.grammar.restricted(to: isToken) else {
                throw ConstraintError([
                    .init(
                        "",
                        """
                        the model's vocabulary has no token for bytes that every answer needs (it lacks \
                        \(isToken.count { !$0 }) of 256)
                        """, remedy: "Use a model with a byte-level tokenizer")
                ])
            }
            self.grammar = restricted
        } else {
            self.grammar = grammar.grammar
        }
        // The only walks over all tokens that most schemas need, so that no step of the engine waits for them.
        let library = self.grammar.library
        for (rule, groupsByCount) in [(library.string, false), (library.measuredString, true)] {
            let start = self.grammar.nodes[Int(self.grammar.rules[Int(rule)].start)]
            for edge in self.grammar.edges[start.edges] {
                _ = ruleMask(
                    [Automaton.Place(node: edge.target, count: 0, stack: Automaton.outside)],
                    groupsByCount: groupsByCount)
            }
        }
    }

    /// What tokens do to places by themselves, from what is known or by a walk over all tokens.
    func ruleMask(_ places: [Automaton.Place], groupsByCount: Bool) -> RuleMask {
        let isShared = places.allSatisfy { $0.node < grammar.library.nodeCount }
        return (isShared ? vocabulary.libraryMasks : masks).mask(for: places) {
            RuleMask(places, grammar: grammar, vocabulary: vocabulary, groupsByCount: groupsByCount)
        }
    }
}
