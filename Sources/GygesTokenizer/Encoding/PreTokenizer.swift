/// How text is cut into pieces that byte-pair encoding then treats one by one.
struct PreTokenizer: Sendable, Equatable {
    /// The regular expressions in use, each matched by hand-written code; see ``PieceScanner``.
    enum Pattern: Sendable, Equatable, CaseIterable {
        case gpt2, qwen2, llama3

        /// The expression as files write it.
        var expression: String {
            switch self {
            case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
            case .qwen2: Self.caseless(numbers: #"\p{N}"#)
            case .llama3: Self.caseless(numbers: #"\p{N}{1,3}"#)
            }
        }

        private static func caseless(numbers: String) -> String {
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        }

        /// The pattern that `expression` writes, if it is one of these.
        init?(expression: String) {
            guard let pattern = Self.allCases.first(where: { $0.expression.utf8.elementsEqual(expression.utf8) }) else {
                return nil
            }
            self = pattern
        }
    }

    /// How numbers are set apart before the pattern looks at what lies between them.
    enum DigitSplitting: Sendable, Equatable { case individual, runs }

    /// Cuts that come first; what they leave is cut further by what follows.
    var steps: [Step] = []
    /// Setting numbers apart, if the tokenizer does.
    var digits: DigitSplitting?
    /// Cuts by several expressions, one after the other, each what the one before left.
    init(expressions: [String]) {
        steps = expressions.compactMap { PiecePattern(expression: $0).map(Step.pattern) }
    }

    /// Puts cuts in front of what byte-level encoding does, which does the usual ones by itself, and faster.
    mutating func prepend(_ cuts: [Step]) {
        var usual = self
        var rest = cuts[...]
        if case .digits(let splitting)? = rest.first {
            usual.digits = splitting
            rest.removeFirst()
        }
        if pattern == nil, case .pattern(let cut)? = rest.first, let known = Pattern(expression: cut.expression) {
            usual.pattern = known
            rest.removeFirst()
        }
        if rest.isEmpty, cuts.isEmpty || !addsPrefixSpace { self = usual } else { steps = cuts }
    }

    /// Creates a cut by what a file says.
    init(digits: DigitSplitting? = nil, pattern: Pattern? = nil, addsPrefixSpace: Bool = false) {
        (self.digits, self.pattern, self.addsPrefixSpace) = (digits, pattern, addsPrefixSpace)
    }

    /// The pattern; `nil` leaves the text whole.
    var pattern: Pattern?
    /// Whether a space is put before text that does not begin with one.
    var addsPrefixSpace = false

    /// Calls `body` with the bounds of every piece of `text`, well-formed UTF-8, in order.
    ///
    /// The scanners for the patterns are inlined here together with `body`, one loop for each.
    @inline(__always)
    func forEachPiece(_ text: UnsafeBufferPointer<UInt8>, _ body: (_ start: Int, _ end: Int) -> Void) {
        guard let base = text.baseAddress else { return }
        if let digits {
            var scanner = PieceScanner(text: base, end: text.count)
            var start = 0
            while start < text.count {
                let end = scanner.digitSplitEnd(from: start, digits)
                scanner.end = end
                scan(scanner, from: start, body)
                scanner.end = text.count
                start = end
            }
        } else {
            scan(PieceScanner(text: base, end: text.count), from: 0, body)
        }
    }

    @inline(__always)
    private func scan(_ scanner: PieceScanner, from start: Int, _ body: (_ start: Int, _ end: Int) -> Void) {
        var start = start
        switch pattern {
        case .gpt2:
            while start < scanner.end {
                let end = scanner.gpt2PieceEnd(from: start)
                body(start, end)
                start = end
            }
        case .qwen2, .llama3:
            let numberLimit = pattern == .qwen2 ? 1 : 3
            while start < scanner.end {
                let end = scanner.caselessPieceEnd(from: start, numberLimit: numberLimit)
                body(start, end)
                start = end
            }
        case nil:
            if start < scanner.end { body(start, scanner.end) }
        }
    }
}
