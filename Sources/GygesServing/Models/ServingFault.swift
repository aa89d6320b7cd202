import GygesConstraints
import GygesFiles
import GygesInference
import GygesServer
import GygesTemplates
import GygesTokenizer
import GygesWire

/// Why a request is not answered, as the client is told.
struct ServingFault: Error {
    /// The status of the answer.
    var status: Int
    /// Its body.
    var reply: ErrorReply
    /// How many seconds later it may be asked again, if that may help.
    var retryAfter: Int?

    init(status: Int = 400, _ reply: ErrorReply, retryAfter: Int? = nil) {
        self.status = status
        self.reply = reply
        self.retryAfter = retryAfter
    }

    /// A request that the model is not made for.
    static func unfit(_ model: ServedModel, _ problem: String) -> ServingFault {
        ServingFault(
            ErrorReply(
                message: "“\(model.name)” \(problem).", type: "invalid_request_error", parameter: "model",
                code: "unsupported_model"))
    }

    /// A member that says what cannot be done.
    static func invalid(_ parameter: String, _ message: String) -> ServingFault {
        ServingFault(
            ErrorReply(message: message, type: "invalid_request_error", parameter: parameter, code: "invalid_value"))
    }

    /// What an error means to the client; what is none of its affair is told without details.
    init(of error: any Error) {
        switch error {
        case let fault as ServingFault: self = fault
        case let reply as ErrorReply: self.init(reply)
        case let refusal as Refusal:
            self.init(
                status: refusal.status, ErrorReply(message: refusal.message, type: "invalid_request_error"))
        case let error as EngineError: self.init(engine: error)
        case let error as EncoderError: self.init(encoder: error)
        case is ConstraintError:
            self.init(
                ErrorReply(
                    message: "\(error)", type: "invalid_request_error", parameter: "response_format",
                    code: "invalid_value"))
        case is TemplateError:
            self.init(
                ErrorReply(
                    message: "\(error)", type: "invalid_request_error", parameter: "messages", code: "invalid_value"))
        case is TokenizerError:
            self.init(ErrorReply(message: "\(error)", type: "invalid_request_error", code: "invalid_value"))
        default:
            self.init(
                status: 500,
                ErrorReply(message: "Something went wrong in the server; its log says what.", type: "server_error"))
        }
    }

    private init(engine error: EngineError) {
        switch error {
        case .contextExceeded:
            self.init(
                ErrorReply(
                    message: error.description, type: "invalid_request_error", code: "context_length_exceeded"))
        case .overloaded: self.init(overloaded: error.description)
        case .shutDown:
            self.init(
                status: 503, ErrorReply(message: error.description, type: "service_unavailable_error"), retryAfter: 1)
        case .cancelled: self.init(status: 499, ErrorReply(message: error.description, type: "cancelled"))
        case .threadUnavailable, .logitsNotFinite:
            self.init(status: 500, ErrorReply(message: error.description, type: "server_error"))
        default:
            self.init(
                ErrorReply(message: error.description, type: "invalid_request_error", code: "invalid_value"))
        }
    }

    private init(encoder error: EncoderError) {
        switch error {
        case .overloaded: self.init(overloaded: error.description)
        case .shutDown:
            self.init(
                status: 503, ErrorReply(message: error.description, type: "service_unavailable_error"), retryAfter: 1)
        case .cancelled: self.init(status: 499, ErrorReply(message: error.description, type: "cancelled"))
        case .threadUnavailable, .notFinite:
            self.init(status: 500, ErrorReply(message: error.description, type: "server_error"))
        case .textTooLong:
            self.init(
                ErrorReply(
                    message: error.description, type: "invalid_request_error", parameter: "input",
                    code: "context_length_exceeded"))
        default:
            self.init(ErrorReply(message: error.description, type: "invalid_request_error", code: "invalid_value"))
        }
    }

    private init(overloaded message: String) {
        self.init(
            status: 429, ErrorReply(message: message, type: "rate_limit_error", code: "overloaded"), retryAfter: 1)
    }

    /// The answer.
    var serverReply: ServerReply {
        var result = ServerReply.json(reply.json, status: status)
        if let retryAfter { result.headers.append(("Retry-After", "\(retryAfter)")) }
        return result
    }
}
