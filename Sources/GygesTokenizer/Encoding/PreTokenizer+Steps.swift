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
        /// At every occurrence of a text (`Split` with a text for its pattern).
        case text([UInt8], Cut)
        /// Around what a pattern matches (`Split` with a regular expression, `Isolated`).
        case pattern(PiecePattern)
        /// Spaces become `replacement`, one is put in front, and a piece begins with each (`Metaspace`).
        case metaspace(replacement: [UInt8], front: Front, cuts: Bool)
    }

    /// What becomes of the text at which others are cut.
    enum Cut: String, Sendable {
        case removed = "Removed", isolated = "Isolated", joinedToPrevious = "MergedWithPrevious"
        case joinedToNext = "MergedWithNext"
    }

    /// Where a replacement for a space is put in front of text that has none there: nowhere, before what begins a text, or
    /// before everything.
    enum Front: String, Sendable { case never, first, always }

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
        case .text(let pattern, let cut): pieces(of: text, at: text.occurrences(of: pattern), cut)
        case .pattern(let pattern):
            text.bytes.withUnsafeBufferPointer { bytes in
                var pieces: [NormalizedText] = []
                pattern.forEachPiece(bytes) { pieces.append(text[$0]) }
                return pieces
            }
        case .metaspace(let replacement, let front, let cuts): spaced(text, replacement, front, cuts: cuts)
        }
    }

    private func spaced(
        _ text: NormalizedText, _ replacement: [UInt8], _ front: PreTokenizer.Front, cuts: Bool
    ) -> [NormalizedText] {
        var text = text
        text.replace(text.occurrences(of: [UInt8(ascii: " ")]), with: replacement)
        if front == .always || front == .first && text.isAtBeginning, !text.bytes.starts(with: replacement) {
            text.prepend(replacement)
        }
        return cuts ? pieces(of: text, at: text.occurrences(of: replacement), .joinedToNext) : [text]
    }

    /// Cuts at `ranges`, which are in order and apart.
    private func pieces(of text: NormalizedText, at ranges: [Range<Int>], _ cut: PreTokenizer.Cut) -> [NormalizedText] {
        var pieces: [NormalizedText] = []
        var start = 0
        func end(at index: Int) {
            if start < index { pieces.append(text[start..<index]) }
            start = index
        }
        for range in ranges {
            switch cut {
            case .removed:
                end(at: range.lowerBound)
                start = range.upperBound
            case .isolated:
                end(at: range.lowerBound)
                end(at: range.upperBound)
            case .joinedToPrevious: end(at: range.upperBound)
            case .joinedToNext: end(at: range.lowerBound)
            }
        }
        end(at: text.bytes.count)
        return pieces
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
