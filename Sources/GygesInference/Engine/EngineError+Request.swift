extension EngineError {
    /// Whether the request is at fault, so that others may go on, and not what the engine finds around it.
    public var isOfRequest: Bool {
        switch self {
        case .overloaded, .cancelled, .shutDown, .threadUnavailable: false
        default: true
        }
    }
}
