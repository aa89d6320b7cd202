public import GygesTokenizer
import Synchronization

/// A tokenizer's tokens arranged for masks, and what is known about them in the rules of JSON.
///
/// Made once for each tokenizer and shared by all its constraints and threads.
public final class TokenVocabulary: Sendable {
    /// The tokenizer.
    public let tokenizer: Tokenizer
    /// One more than the largest number of a token.
    let count: Int
    let trie: TokenTrie
    /// Masks of the places in the rules of JSON that every grammar has.
    let libraryMasks = RuleMaskCache()

    /// Arranges a tokenizer's tokens.
    ///
    /// - Complexity: O(bytes + tokens × log tokens); about 50 ms for 150,000 tokens.
    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        count = tokenizer.vocabularyCount
        trie = TokenTrie(tokenizer)
    }
}

/// Masks by place, computed when they are first needed; bounded, and safe to share between threads.
final class RuleMaskCache: Sendable {
    private let masks = Mutex<[[Automaton.Place]: RuleMask]>([:])
    /// The most masks kept: 20 MB with 150,000 tokens.
    static let limit = 1024

    /// The mask for `places`.
    func mask(for places: [Automaton.Place], make: () -> RuleMask) -> RuleMask {
        if let known = masks.withLock({ $0[places] }) { return known }
        let made = make()
        masks.withLock { masks in
            if masks.count >= Self.limit { masks.removeAll() }
            masks[places] = made
        }
        return made
    }
}
