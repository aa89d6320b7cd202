import GygesFiles
import GygesTensors
public import GygesTokenizer

/// What a pass learns from as people read it: every token's text, whether it is to be predicted, and where documents begin.
public struct BatchPreview: Sendable, Equatable {
    /// A token of a sample.
    public struct Token: Sendable, Equatable {
        /// Its number, as the model is given it.
        public var id: Int32
        /// What it spells, on one line: bytes that are no text as `\xE2`, ends of lines and what cannot be seen as escapes.
        public var text: String
        /// Whether a loss is taken of it.
        public var isPredicted: Bool
        /// What is to be guessed in its place, if that is another token; its label, or that of the text that it begins.
        public var hiddenText: String?
        /// Whether it is special: a frame, a turn's beginning or end.
        public var isSpecial: Bool
        /// Whether it ends a line of the text.
        public var endsLine: Bool

        /// Creates a token.
        public init(
            id: Int32, text: String, isPredicted: Bool, hiddenText: String? = nil, isSpecial: Bool, endsLine: Bool
        ) {
            self.id = id
            self.text = text
            self.isPredicted = isPredicted
            self.hiddenText = hiddenText
            self.isSpecial = isSpecial
            self.endsLine = endsLine
        }
    }

    /// A sequence that sees no other.
    public struct Sample: Sendable, Equatable {
        /// Where it comes from.
        public var reference: SampleReference
        /// Its tokens.
        public var tokens: [Token]

        /// Creates a sample.
        public init(reference: SampleReference, tokens: [Token]) {
            self.reference = reference
            self.tokens = tokens
        }

        /// Whether it is the rest of a document that an earlier sample began.
        public var continuesDocument: Bool { reference.tokens.lowerBound > 0 }
        /// How many of its tokens are to be predicted.
        public var supervisedCount: Int { tokens.count { $0.isPredicted } }
    }

    /// The samples of the pack, in its order.
    public let samples: [Sample]

    /// A preview of samples that are known already.
    public init(samples: [Sample]) { self.samples = samples }

    /// The preview of a pass.
    ///
    /// - Parameter head: What labels mean, where the pass asks for labels.
    /// - Complexity: O(tokens).
    public init(_ batch: TrainingBatch, _ tokenizer: Tokenizer, head: HeadSettings? = nil) {
        var labels: [Int: String] = [:]
        let count = batch.labels.count / max(1, batch.rows.count)
        for (index, row) in batch.rows.enumerated() where count > 0 {
            labels[row] = head?.text(of: batch.labels[(index * count)..<((index + 1) * count)])
        }
        var targets = Array(repeating: Int32?.none, count: batch.batch.rowCount + 1)
        for (row, target) in zip(batch.rows, batch.targets) { targets[row + batch.targetOffset] = target }
        samples = zip(batch.batch.sequences, batch.references).map { sequence, reference in
            let tokens = sequence.rows.map { row in
                let id = batch.batch.tokens[row]
                let bytes = tokenizer.bytes(of: id)
                let target = targets[row]
                return Token(
                    id: id, text: Self.text(of: bytes), isPredicted: target != nil || labels[row] != nil,
                    hiddenText: labels[row]
                        ?? target.flatMap { $0 == id ? nil : Self.text(of: tokenizer.bytes(of: $0)) },
                    isSpecial: tokenizer.isSpecial(id), endsLine: bytes.last == UInt8(ascii: "\n"))
            }
            return Sample(reference: reference, tokens: tokens)
        }
    }

    /// Bytes as text where they are UTF-8, and by their numbers elsewhere: tokens may hold a part of a character.
    static func text(of bytes: [UInt8]) -> String {
        var text = "", rest = bytes[...]
        while !rest.isEmpty {
            // A character has at most four bytes.
            let character = (1...4).lazy.compactMap { length in
                rest.count < length ? nil : String(validating: rest.prefix(length), as: UTF8.self)
            }.first
            if let character {
                text += character
                rest = rest.dropFirst(character.utf8.count)
            } else {
                let digits = String(rest.removeFirst(), radix: 16, uppercase: true)
                text += "\\x" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return text.legible()
    }
}
