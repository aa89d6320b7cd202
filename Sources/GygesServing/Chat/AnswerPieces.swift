/// What the text of a chat's answer turns out to be as it comes: text for the reader, or calls of tools.
struct AnswerPieces {
    private let calls: ChatPlan.Calls
    private var reader = ToolCallReader()
    /// An answer that is a call, as far as it has come.
    private var text = ""

    /// Begins an answer.
    ///
    /// - Parameter calls: How calls of tools are found in it.
    init(_ calls: ChatPlan.Calls) { self.calls = calls }

    /// All pieces of a whole answer.
    static func all(of text: String, _ calls: ChatPlan.Calls) -> [ToolCallReader.Piece] {
        var pieces = AnswerPieces(calls)
        return pieces.take(text) + pieces.finish()
    }

    /// Takes in what the answer goes on with.
    mutating func take(_ text: String) -> [ToolCallReader.Piece] {
        switch calls {
        case .none: return text.isEmpty ? [] : [.text(text)]
        case .tagged: return reader.take(text)
        case .whole:
            self.text += text
            return []
        }
    }

    /// What is left at the end of the answer.
    mutating func finish() -> [ToolCallReader.Piece] {
        switch calls {
        case .none: []
        case .tagged: reader.finish()
        case .whole: [ToolCallReader.call(text) ?? .text(text)]
        }
    }
}
