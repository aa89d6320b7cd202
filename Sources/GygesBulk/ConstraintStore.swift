import GygesConstraints
import GygesFiles
import GygesTokenizer
import Synchronization

/// Constraints that were compiled for earlier rows: files of requests mostly repeat one schema.
final class ConstraintStore: Sendable {
    private struct State {
        var vocabulary: TokenVocabulary?
        var constraints: [ExactString: Compiled] = [:]
    }

    /// A constraint, and what of its schema it does not enforce.
    struct Compiled: Sendable {
        let constraint: OutputConstraint
        let notes: [String]
    }

    private let tokenizer: Tokenizer
    private let state = Mutex(State())

    /// How many are kept, so that a file with a schema a row does not fill memory.
    private static let limit = 64

    init(tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// The constraint of a form.
    ///
    /// Two threads that meet a new form at once both compile it, which costs less than letting one wait for the other's schema.
    /// - Throws: `ConstraintError` if it cannot be enforced.
    func constraint(_ form: OutputForm) throws(ConstraintError) -> Compiled {
        let key = ExactString(form.json.serialized())
        if let known = state.withLock({ $0.constraints[key] }) { return known }
        let grammar = try OutputGrammar(form)
        let compiled = Compiled(
            constraint: try OutputConstraint(grammar, vocabulary: vocabulary()), notes: grammar.notes)
        state.withLock { state in
            if state.constraints.count >= Self.limit { state.constraints = [:] }
            state.constraints[key] = compiled
        }
        return compiled
    }

    private func vocabulary() -> TokenVocabulary {
        state.withLock { state in
            if let vocabulary = state.vocabulary { return vocabulary }
            let vocabulary = TokenVocabulary(tokenizer)
            state.vocabulary = vocabulary
            return vocabulary
        }
    }
}
