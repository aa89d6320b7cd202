public import GygesCheckpoints

/// Why an encoder refused a request.
public enum EncoderError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The folder's model has another head, or none.
    case lacksHead(wanted: EncoderTask, offered: EncoderTask)
    /// The head was left out when the model was loaded.
    case headNotLoaded
    /// The folder's vectors are of another kind than asked for.
    case wrongVectors(String)
    /// A text has more tokens than may be read, and was not to be cut.
    case textTooLong(index: Int, tokenCount: Int, limit: Int)
    /// A limit that leaves no room for a text's own tokens.
    case limitTooSmall(Int)
    /// Token ids that are empty, or not the model's.
    case badTokens(index: Int)
    /// A place that is not in the text.
    case badPosition(index: Int, position: Int)
    /// A prompt that the model does not name.
    case unknownPrompt(String, known: [String])
    /// More dimensions than vectors have, or none.
    case badDimension(Int, width: Int)
    /// The tokenizer has no token that the request needs.
    case missingToken(String)
    /// The model gave a text a vector with numbers that are not finite.
    case notFinite(id: String)
    /// The tokenizer refused a text.
    case badText(index: Int, String)
    /// As many tokens of texts as may are waiting already.
    case overloaded(limit: Int)
    /// Whoever asked does not want the result any more.
    case cancelled
    /// The encoder's last user let go of it.
    case shutDown
    /// The system gave no thread to compute on, for the reason that `errno` numbers.
    case threadUnavailable(code: Int32)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .lacksHead(let wanted, let offered):
            "the model is \(offered.title), and this needs \(wanted.title) (…\(wanted.rawValue) in config.json): use another "
                + "model"
        case .headNotLoaded: "the model's head was not loaded: load it with its head"
        case .wrongVectors(let reason): reason
        case .textTooLong(let index, let count, let limit):
            "text \(index) has \(count) tokens, more than \(limit): shorten it, or allow cutting its end or start"
        case .limitTooSmall(let limit): "a limit of \(limit) tokens leaves no room for text: allow more"
        case .badTokens(let index): "text \(index) has no tokens, or some that the model does not know"
        case .badPosition(let index, let position): "text \(index) has no token \(position)"
        case .unknownPrompt(let name, let known):
            "the model names no prompt '\(name)'"
                + (known.isEmpty ? "; it names none" : "; it names \(known.joined(separator: ", "))")
        case .badDimension(let dimension, let width):
            "vectors cannot have \(dimension) dimensions: choose 1 to \(width)"
        case .missingToken(let name): "the tokenizer has no \(name) token, which this needs: use another model"
        case .notFinite(let id):
            "the vector of text \(id) has numbers that are not finite: the weights may be damaged; get the model again"
        case .badText(let index, let reason): "text \(index): \(reason)"
        case .overloaded(let limit):
            "texts of \(limit) tokens are waiting already, as many as may: ask again later, or raise the option queueTokenLimit"
        case .cancelled: "the request was cancelled"
        case .shutDown: "the encoder is not used any more"
        case .threadUnavailable(let code):
            "the system gives no thread to compute on (error \(code)): raise the limit of processes (ulimit -u), or end others"
        }
    }
}

extension EncoderError {
    /// Which of the texts that were given is at fault, by its place, and what is wrong with it; `nil` if it is not a text.
    public var textProblem: (index: Int, problem: String)? {
        switch self {
        case .textTooLong(let index, let count, let limit): (index, "has \(count) tokens, more than \(limit)")
        case .badText(let index, let reason): (index, "cannot be read: \(reason)")
        default: nil
        }
    }
}
