extension PreTokenizer {
    /// A way of cutting text; names in brackets are the reference's.
    enum Step: Sendable, Equatable {
        /// At white space, which goes, and around punctuation (`BertPreTokenizer`).
        case bert
        /// At white space, which goes (`WhitespaceSplit`).
        case whiteSpace
        /// Words and runs of what is neither word nor white space (`Whitespace`).
        case words
        /// Around punctuation (`Punctuation`, `Isolated`).
        case punctuation
        /// Around digits (`Digits`).
        case digits(DigitSplitting)
    }

    /// The pieces of a text by all ``steps``; none is empty.
    func pieces(of text: NormalizedText) -> [NormalizedText] {
        var pieces = [text]
        for step in steps { pieces = pieces.flatMap { step.pieces(of: $0) } }
        return pieces
    }
}

extension PreTokenizer.Step {
    /// What a character is to a way of cutting.
    private enum Role { case dropped, alone, joined(Int) }

    fileprivate func pieces(of text: NormalizedText) -> [NormalizedText] {
        let classes = UnicodeClasses.shared.view
        let letters = UnicodeClasses.letterView
        return switch self {
        case .bert:
            pieces(of: text) { scalar in
                if classes[scalar].contains(.space) { return .dropped }
                return letters[scalar].contains(.breaking) ? .alone : .joined(0)
            }
        case .whiteSpace: pieces(of: text) { classes[$0].contains(.space) ? .dropped : .joined(0) }
        case .words:
            pieces(of: text) { scalar in
                if classes[scalar].contains(.word) { return .joined(0) }
                return classes[scalar].contains(.space) ? .dropped : .joined(1)
            }
        case .punctuation: pieces(of: text) { letters[$0].contains(.breaking) ? .alone : .joined(0) }
        case .digits(let splitting):
            pieces(of: text) { scalar in
                guard classes[scalar].contains(.digit) else { return .joined(0) }
                return splitting == .individual ? .alone : .joined(1)
            }
        }
    }

    /// Cuts between characters of different roles and around those that stand alone.
    private func pieces(of text: NormalizedText, role: (UInt32) -> Role) -> [NormalizedText] {
        var pieces: [NormalizedText] = []
        var start = 0
        var kind: Int?
        func cut(at end: Int) {
            if start < end { pieces.append(text[start..<end]) }
            start = end
        }
        text.forEachScalar { scalar, range in
            switch role(scalar) {
            case .joined(let number):
                if kind != number { cut(at: range.lowerBound) }
                kind = number
            case .alone:
                cut(at: range.lowerBound)
                cut(at: range.upperBound)
                kind = nil
            case .dropped:
                cut(at: range.lowerBound)
                start = range.upperBound
                kind = nil
            }
        }
        cut(at: text.bytes.count)
        return pieces
    }
}
